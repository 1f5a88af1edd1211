"""Fetch a full set into its cache folder: ask the mirrors in turn, keep what verifies."""

from __future__ import annotations

import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError

from runtheory.boundary import checked
from runtheory.data import cache, mirrors
from runtheory.data.datasets import CanonicalFile, DatasetSpec
from runtheory.data.errors import DataError

# What reading a broken mirror may raise: damaged archives and pictures; then network and files
# (the errors of requests are OSErrors), JSON and shapes, labels out of range, processes.
_DAMAGED = (EOFError, SyntaxError, struct.error, zlib.error, lzma.LZMAError, tarfile.TarError)
_WRONG = (OSError, ValueError, LookupError, OverflowError, TypeError, SubprocessError)
_TOO_MUCH = (RecursionError, MemoryError)  # brackets without end, sizes beyond this machine
_BROKEN = _DAMAGED + _WRONG + _TOO_MUCH


@dataclass(frozen=True)
class Attempt:
    """One source that was asked, a cached file or a mirror, and the outcome."""

    source: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.source} ({self.outcome})"


@dataclass(frozen=True)
class Fetched:
    """A complete, verified set: its folder (None if it is installed) and what was asked for it."""

    name: str
    folder: Path | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class FetchRequest:
    """One set to fetch into one folder.

    ``source`` is the only folder or archive to take it from, if given. ``recognised`` lists the
    sets whose files are told by name where they lie in the wrong place.
    """

    spec: DatasetSpec
    folder: Path
    recognised: Sequence[DatasetSpec] = ()
    source: Path | None = None
    progress: bool = False


@checked
def inspect_cache(request: FetchRequest) -> dict[str, cache.Inspected]:
    """Inspect every file of the set in its cache folder."""
    return {
        file.name: cache.inspect(file, request.folder / file.name, request.recognised)
        for file in request.spec.files
    }


@checked
def fetch_files(request: FetchRequest) -> Fetched:
    """Make every file of the set lie verified in its folder.

    Files that are there and verified stay; the others are sought at the known mirrors, nearest
    first. Each file is checked before it is written.

    Raises
    ------
    DataError
        If a file cannot be had, the folder cannot be written, or the disk is full.
    """
    cache.tidy(request.folder)
    inspected = inspect_cache(request)
    attempts = [Attempt(str(request.folder / n), i.outcome) for n, i in inspected.items()]
    missing = [file for file in request.spec.files if inspected[file.name].content is None]
    del inspected  # the verified bytes: up to 184 MB that a search need not hold
    if missing:
        missing = _search(request, missing, attempts)
    if missing:
        raise _unobtainable(request, missing, attempts)
    return Fetched(request.spec.name, request.folder, tuple(attempts))


def _search(
    request: FetchRequest, missing: list[CanonicalFile], attempts: list[Attempt]
) -> list[CanonicalFile]:
    """Write what the mirrors give, note each in ``attempts``, return what is still missing."""
    with cache.scratch(request.folder) as scratch:
        in_turn: Iterable[mirrors.Mirror] = (
            [mirrors.mirror_at(request.source)]
            if request.source
            else mirrors.known_mirrors(request.spec, request.folder)
        )
        for mirror in in_turn:
            wanted = _wanted(request, missing, scratch)
            missing, outcome = _fetch_from(mirror, request, wanted=wanted, missing=missing)
            attempts.append(Attempt(mirror.name, outcome))
            if not missing:
                break
    return missing


def _wanted(
    request: FetchRequest, missing: Sequence[CanonicalFile], scratch: Path
) -> mirrors.Wanted:
    names = frozenset(file.name for file in missing)
    # Files of mirrors from which a missing file could be made, under whatever name.
    sources = {s for r in request.spec.repackings for name in names for s in r.sources(name)}
    return mirrors.Wanted(frozenset(sources), names, scratch, request.progress)


def _fetch_from(
    mirror: mirrors.Mirror,
    request: FetchRequest,
    *,
    wanted: mirrors.Wanted,
    missing: Sequence[CanonicalFile],
) -> tuple[list[CanonicalFile], str]:
    """Write every missing file that ``mirror`` gives; return what is left and a report."""
    contents: dict[str, bytes] = {}
    remarks = []
    try:
        for name, content in mirror.read(wanted):
            contents[name] = content
    except _BROKEN as error:
        if cache.is_full(error):
            raise cache.refusal(f"{mirror.name} could not be fetched", error) from error
        remarks.append(cache.describe(error))
    left = []
    for file in missing:
        made = _repack(file, request, contents)
        if made.content is None:
            left.append(file)
            remarks.extend([f"{file.name} {made.outcome}"] if made.outcome else [])
        else:
            cache.write(request.folder, file.name, made.content)
    if remarks and len(left) == len(missing):
        return left, "; ".join(remarks)
    return left, "; ".join([f"gave {len(missing) - len(left)} of {len(missing)} files", *remarks])


def _repack(
    file: CanonicalFile, request: FetchRequest, contents: Mapping[str, bytes]
) -> cache.Inspected:
    """Try each repacking whose sources are there; return the first result that verifies."""
    made = cache.Inspected(None, "")
    for repacking in request.spec.repackings:
        if all(name in contents for name in repacking.sources(file.name)):
            try:
                content = repacking.make(file.name, contents, file.size)
            except _BROKEN as error:
                made = cache.Inspected(None, f"refused: {cache.describe(error)}")
                continue
            made = cache.verify(file, content, request.recognised)
            if made.content is not None:
                break
    return made


def _unobtainable(
    request: FetchRequest, missing: Sequence[CanonicalFile], attempts: Sequence[Attempt]
) -> DataError:
    name, folder, files = request.spec.name, request.folder, request.spec.files
    cached, searched = attempts[: len(files)], attempts[len(files) :]  # one for each file first
    outcomes = {Path(attempt.source).name: attempt.outcome for attempt in cached}
    listed = ", ".join(f"{file.name} ({outcomes[file.name]})" for file in missing)
    return DataError(
        f"{name}: could not obtain {listed} in {folder}; asked {', '.join(map(str, searched))}; "
        f"go online and try again, or lay the files or an archive of them into that folder, "
        f"or name where they are: python -m runtheory.data fetch {name} --from PATH"
    )
