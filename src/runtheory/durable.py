"""Writing a file so that a reader sees the old content or the new one, never a part of either."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` at once: temporary name, fsync, rename, fsync of the folder.

    A process killed at any moment leaves the previous file (or none) under ``path`` and perhaps a
    file named ``<path>.partial``, which nothing reads and the next write replaces. One writer at a
    time is assumed. The folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Flush the folder entry itself; a file system that cannot (Windows) keeps the rename alone."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
