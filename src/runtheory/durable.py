"""Replace a file at once: a reader sees the old content or the new one, never a part of either."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import time
from pathlib import Path

TEMPORARY = ".part"
ABANDONED_SECONDS = 24 * 3600  # a temporary file this old belongs to no running process


def write(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: temporary name, fsync, rename, fsync of the folder.

    An ``OSError`` names the file, also where the system's own does not (a full disk).

    A write that fails removes its temporary file; one that is killed leaves it, named
    ``.<name>.<random>.part``, for a later write of the same file to remove after a day. Nothing
    reads it. Each writer has a name of its own, so several may write the same file: the last
    rename stands, and it is whole. The folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent, path.name)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(FileNotFoundError):  # renamed: the good case
            os.unlink(temporary)
    _flush_folder(path.parent)


def remove_abandoned(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes left in ``folder`` a day or longer ago, of every file or one."""
    before = time.time() - ABANDONED_SECONDS
    files = "" if name is None else f"{glob.escape(name)}."
    for path in folder.glob(f".{files}*{TEMPORARY}"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _flush_folder(folder: Path) -> None:
    """Flush the folder entry itself; a file system that cannot (Windows) keeps the rename alone."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
