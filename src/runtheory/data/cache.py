"""The cache folder: files are read verified or not at all, and written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runtheory import durable, lazy
from runtheory.boundary import checked
from runtheory.data.datasets import CanonicalFile, DatasetSpec
from runtheory.data.errors import DataError

VARIABLE = "RUNTHEORY_DATA"  # the only environment variable that the library reads itself
# No file of any set or known mirror is larger than 48 MB; none is trusted further.
LARGEST = 64 * 2**20
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # where there are such
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Inspected:
    """The verified bytes of one file, or None and the reason."""

    content: bytes | None
    outcome: str


@checked
def cache_folder(cache: Path | str | None = None) -> Path:
    """Return ``cache``, else the folder named by RUNTHEORY_DATA, else the user's cache folder.

    ``DataError`` where it begins with ``~`` and a name that nobody has.
    """
    with lazy.needed_by(__name__, extra="data"):
        import pooch  # imported where it is used: it brings an HTTP library along

    named, variable = (cache, None) if cache else (pooch.os_cache("runtheory"), VARIABLE)
    expanded(cache or os.environ.get(VARIABLE) or named)
    return Path(pooch.create(path=named, base_url="", env=variable).path)


@checked
def expanded(place: Path | str) -> Path:
    """Return ``place`` with the home folder that it begins with; ``DataError`` for nobody's."""
    try:
        return Path(place).expanduser()
    except RuntimeError as error:  # else a folder called ~nobody would be made here
        raise DataError(f"the folder {place} cannot be used: {describe(error)}") from error


@checked
def inspect(file: CanonicalFile, path: Path, known: Sequence[DatasetSpec]) -> Inspected:
    """Read ``path`` and return its bytes if they are ``file``; otherwise say what is wrong.

    The bytes returned are the bytes that were hashed: nothing is read a second time. ``known``
    lists sets whose files are recognised, so that an exchange of two files is called one.
    """
    try:
        return verify(file, read_bounded(path), known)
    except (FileNotFoundError, NotADirectoryError):
        return Inspected(None, "not there")
    except OSError as error:
        return Inspected(None, f"refused: unreadable ({describe(error)})")


@checked
@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file for reading.

    Raises
    ------
    OSError
        If it is another kind of file: one that may never end, say a pipe or a device.
    """
    # So that a pipe without a writer is not waited for; what was opened is what is asked.
    descriptor = os.open(path, os.O_RDONLY | _AT_ONCE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file")
    with open(descriptor, "rb") as file:
        yield file


@checked
def read_bounded(path: Path, *, most: int = LARGEST) -> bytes:
    """Return the content of a regular file; ``OSError`` if it holds more than ``most`` bytes."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"more than {most} bytes")
    return content


@checked
def verify(file: CanonicalFile, content: bytes, known: Sequence[DatasetSpec]) -> Inspected:
    """Return ``content`` if its SHA-256 is that of ``file``; otherwise say what it is instead."""
    digest = hashlib.sha256(content).hexdigest()
    if digest == file.sha256:  # the size need not be asked then
        return Inspected(content, "verified")
    others = {other.sha256: f"{spec.name}'s {other.name}" for spec in known for other in spec.files}
    if digest in others:
        return Inspected(None, f"refused: exchanged, it holds the bytes of {others[digest]}")
    if len(content) != file.size:
        kind = "truncated" if len(content) < file.size else "too long"
        return Inspected(None, f"refused: {kind}, {len(content)} bytes instead of {file.size}")
    return Inspected(None, f"refused: altered, its SHA-256 is {digest[:12]}...")


@checked
def write(folder: Path, name: str, content: bytes) -> None:
    """Write ``folder/name`` whole or not at all; ``DataError`` says why not."""
    try:
        durable.write(folder / name, content)
    except OSError as error:
        raise refusal(f"{folder / name} could not be written", error) from error


@checked
def tidy(folder: Path) -> None:
    """Remove what killed processes left in ``folder``; ``DataError`` if it cannot be a folder."""
    try:
        durable.remove_abandoned(folder)
    except OSError as error:  # a name too long, a circle of links
        raise refusal(f"the cache folder {folder} cannot be used", error) from error


@checked
@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make ``folder`` if need be and lend a temporary folder in it, on the same disk.

    Fails before anything is downloaded if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lent = tempfile.TemporaryDirectory(
            prefix=".fetch.", suffix=durable.TEMPORARY, dir=folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise refusal(f"the cache folder {folder} cannot be used", error) from error
    with lent as path:
        yield Path(path)


@checked
def is_full(error: BaseException) -> bool:
    """Say whether ``error`` reports a full disk or an exhausted quota."""
    return isinstance(error, OSError) and error.errno in _FULL


@checked
def refusal(what: str, error: BaseException) -> DataError:
    """Return the error for a cache folder that cannot be written, with the way out."""
    remedy = "free some space" if is_full(error) else "make that folder writable"
    return DataError(
        f"{what}: {describe(error)}; no half-written file was left; "
        f"{remedy}, or name another folder in {VARIABLE} or cache="
    )


@checked
def describe(error: BaseException) -> str:
    """Return the kind and the text of an error on one line of bounded length."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = " ".join(f"{type(error).__name__}: {reason}".split())
    return text if len(text) <= 120 else f"{text[:117]}..."
