"""A browser to look at the built site with: the one that is there, or one that is fetched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Error, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoBrowserError(RuntimeError):
    """No browser was found and none could be installed."""


def start(playwright: Playwright) -> Browser:
    """Return a running headless browser.

    Tried in turn: the one that Playwright brings, Chromium or Chrome on the path, Playwright's
    download, and the system's package where that may be installed.

    Raises
    ------
    NoBrowserError
        If none of these starts; it says what to install.
    """
    reasons: list[str] = []
    for prepare in (_nothing, _playwright_download, _system_package):
        if not prepare():
            continue
        for executable in (None, *filter(None, map(shutil.which, NAMES))):
            try:
                return playwright.chromium.launch(executable_path=executable, args=flags())
            except Error as error:
                reasons.append(str(error).splitlines()[0])
    raise NoBrowserError(
        "no browser starts; install Debian's package chromium, or run "
        f"'python -m playwright install --with-deps chromium'. Tried: {'; '.join(reasons)}"
    )


def flags() -> list[str]:
    """Return the command line flags; root has no sandbox to offer."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, "--no-sandbox"] if root else FLAGS


def _nothing() -> bool:
    return True


def _playwright_download() -> bool:
    return _runs([sys.executable, "-m", "playwright", "install", "chromium"])


def _system_package() -> bool:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not root or shutil.which("apt-get") is None:
        return False
    # A new machine has no list of packages yet.
    return _runs(["apt-get", "update"]) and _runs(["apt-get", "install", "-y", "chromium"])


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=600).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
