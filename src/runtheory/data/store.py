"""The cache folder: files are read verified or not at all, and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtheory.data.catalogue import CanonicalFile, Holding
from runtheory.data.errors import DataError

_TEMPORARY = ".part"
# A temporary file this old belongs to no running fetch; a younger one may.
_ABANDONED_SECONDS = 24 * 3600
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Inspected:
    """The verified bytes of one file, or None and the reason."""

    content: bytes | None
    outcome: str


def cache_folder(cache: Path | str | None = None) -> Path:
    """Return ``cache``, else the folder named by RUNTHEORY_DATA, else the user's cache folder.

    RUNTHEORY_DATA is the only environment variable that the library reads itself.
    """
    named = cache or os.environ.get("RUNTHEORY_DATA")
    if named:
        return Path(named).expanduser()
    import pooch  # imported where it is used: it brings an HTTP library along

    return Path(pooch.os_cache("runtheory"))


def inspect(file: CanonicalFile, path: Path, known: Sequence[Holding]) -> Inspected:
    """Read ``path`` and return its bytes if they are ``file``; otherwise say what is wrong.

    The bytes returned are the bytes that were hashed: nothing is read a second time. ``known``
    lists sets whose files are recognised, so that an exchange of two files is called one.
    """
    try:
        size = path.stat().st_size
        if size not in {other.size for other in (file, *_files(known))}:
            return Inspected(None, _wrong_size(size, file))
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Inspected(None, "not there")
    except OSError as error:
        return Inspected(None, f"refused: unreadable ({describe(error)})")
    return verify(file, content, known)


def verify(file: CanonicalFile, content: bytes, known: Sequence[Holding]) -> Inspected:
    """Return ``content`` if its SHA-256 is that of ``file``; otherwise say what it is instead."""
    digest = hashlib.sha256(content).hexdigest()
    if digest == file.sha256:
        return Inspected(content, "verified")
    for holding in known:
        for other in holding.files:
            if other.sha256 == digest:
                owner = f"{holding.name}'s {other.name}"
                return Inspected(None, f"refused: exchanged, it holds the bytes of {owner}")
    if len(content) != file.size:
        return Inspected(None, _wrong_size(len(content), file))
    return Inspected(None, f"refused: altered, its SHA-256 is {digest[:12]}...")


def _files(known: Iterable[Holding]) -> Iterator[CanonicalFile]:
    return (file for holding in known for file in holding.files)


def _wrong_size(size: int, file: CanonicalFile) -> str:
    kind = "truncated" if size < file.size else "too long"
    return f"refused: {kind}, {size} bytes instead of {file.size}"


def write(folder: Path, name: str, content: bytes) -> None:
    """Write ``folder/name`` whole or not at all: a temporary name, then one rename.

    Two processes that write the same file use two temporary names, and either rename leaves the
    whole file. A failed write removes its temporary file.

    Raises
    ------
    DataError
        If the disk is full or the folder cannot be written.
    """
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=_TEMPORARY, dir=folder)
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, folder / name)
    except OSError as error:
        raise refusal(folder, f"{folder / name} could not be written", error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):  # renamed: the good case
                os.unlink(temporary)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make ``folder`` if need be and lend a temporary folder in it, on the same disk.

    Fails before anything is downloaded if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lent = tempfile.mkdtemp(prefix=".fetch.", suffix=_TEMPORARY, dir=folder)
    except OSError as error:
        raise refusal(folder, f"the cache folder {folder} cannot be used", error) from error
    try:
        yield Path(lent)
    finally:
        shutil.rmtree(lent, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what killed runs left a day or longer ago: never used, it only fills the disk."""
    before = time.time() - _ABANDONED_SECONDS
    for path in folder.glob(f".*{_TEMPORARY}"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_full(error: BaseException) -> bool:
    """Say whether ``error`` reports a full disk or an exhausted quota."""
    return isinstance(error, OSError) and error.errno in _FULL


def refusal(folder: Path, what: str, error: BaseException) -> DataError:
    """Return the error for a cache folder that cannot be written, with the way out."""
    remedy = "free some space" if is_full(error) else "make that folder writable"
    return DataError(
        f"{what}: {describe(error)}; no half-written file was left; "
        f"{remedy}, or name another folder in RUNTHEORY_DATA or cache="
    )


def describe(error: BaseException) -> str:
    """Return the kind and the text of an error on one line of bounded length."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = " ".join(f"{type(error).__name__}: {reason}".split())
    return text if len(text) <= 120 else f"{text[:117]}..."
