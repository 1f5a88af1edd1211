"""From a cache folder and a list of places to verified files: every source, one outcome."""

from __future__ import annotations

import json
import lzma
import struct
import sys
import tarfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError

from tqdm import tqdm

from runtheory.data import places, store
from runtheory.data.catalogue import CanonicalFile, Holding
from runtheory.data.errors import DataError

# What reading a broken mirror may raise: network and files (OSError; the errors of requests are
# among them), compression, archives, pictures (SyntaxError, struct.error), JSON and shapes
# (ValueError), labels out of range (LookupError, OverflowError), processes.
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    TypeError,
    SyntaxError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    SubprocessError,
    json.JSONDecodeError,
)


@dataclass(frozen=True)
class Finding:
    """One place that was looked in and what was found there."""

    place: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.place} ({self.outcome})"


@dataclass(frozen=True)
class Fetched:
    """A complete, verified set: its folder (None if it is installed) and what was found where."""

    name: str
    folder: Path | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Errand:
    """One set to bring into one folder.

    ``place`` is the only place to look in, if given. ``recognised`` lists the sets whose files
    are told by name where they lie in the wrong place.
    """

    holding: Holding
    folder: Path
    recognised: Sequence[Holding] = ()
    place: Path | None = None
    progress: bool = False


def read_cache(errand: Errand) -> dict[str, store.Inspected]:
    """Inspect every file of the set in its cache folder."""
    return {
        file.name: store.inspect(file, errand.folder / file.name, errand.recognised)
        for file in errand.holding.files
    }


def obtain(errand: Errand) -> Fetched:
    """Make every file of the set lie verified in its folder.

    Files that are there and verified stay; the others are sought in the known places, nearest
    first. Each file is checked before it is written.

    Raises
    ------
    DataError
        If a file cannot be had, the folder cannot be written, or the disk is full.
    """
    store.sweep(errand.folder)
    inspected = read_cache(errand)
    findings = [Finding(str(errand.folder / n), found.outcome) for n, found in inspected.items()]
    missing = [file for file in errand.holding.files if inspected[file.name].content is None]
    del inspected  # the verified bytes: up to 184 MB that a search need not hold
    if missing:
        missing = _search(errand, missing, findings)
    if missing:
        raise _unobtainable(errand, missing, findings)
    return Fetched(errand.holding.name, errand.folder, tuple(findings))


def _search(
    errand: Errand, missing: list[CanonicalFile], findings: list[Finding]
) -> list[CanonicalFile]:
    """Write what the known places give, note each place in ``findings``, return what is left."""
    with store.scratch(errand.folder) as scratch, _bar(errand, missing) as bar:
        candidates: Iterable[places.Place] = (
            places.known(errand.holding, errand.folder)
            if errand.place is None
            else [places.named(errand.place)]
        )
        for place in candidates:
            request = _request(errand, missing, scratch)
            left, outcome = _harvest(place, errand, request=request, missing=missing, bar=bar)
            findings.append(Finding(str(place), outcome))
            missing = left
            if not missing:
                break
    return missing


def _request(errand: Errand, missing: Sequence[CanonicalFile], scratch: Path) -> places.Request:
    wanted = frozenset(
        ingredient
        for file in missing
        for recipe in errand.holding.recipes
        for ingredient in recipe.ingredients(file.name)
    )
    names = frozenset(file.name for file in missing)
    return places.Request(wanted, names, scratch, errand.progress)


def _bar(errand: Errand, missing: Sequence[CanonicalFile]) -> tqdm:
    return tqdm(
        total=sum(file.size for file in missing),
        desc=errand.holding.name,
        unit="B",
        unit_scale=True,
        file=sys.stderr,
        disable=not errand.progress,
    )


def _harvest(
    place: places.Place,
    errand: Errand,
    *,
    request: places.Request,
    missing: Sequence[CanonicalFile],
    bar: tqdm,
) -> tuple[list[CanonicalFile], str]:
    """Read ``place``, write every missing file that it gives; return what is left and a report."""
    contents: dict[str, bytes] = {}
    remarks = []
    try:
        for name, content in place.read(request):
            contents[name] = content
    except _BROKEN as error:
        if store.is_full(error):
            raise store.refusal(errand.folder, f"{place} could not be fetched", error) from error
        remarks.append(store.describe(error))
    left = []
    for file in missing:
        made = _make(file, errand, contents)
        if made.content is None:
            left.append(file)
            remarks.extend([f"{file.name} {made.outcome}"] if made.outcome else [])
        else:
            store.write(errand.folder, file.name, made.content)
            bar.update(file.size)
    if remarks and len(left) == len(missing):
        return left, "; ".join(remarks)
    return left, "; ".join([f"gave {len(missing) - len(left)} of {len(missing)} files", *remarks])


def _make(file: CanonicalFile, errand: Errand, contents: Mapping[str, bytes]) -> store.Inspected:
    """Try each recipe whose ingredients are there; keep the first result that verifies."""
    made = store.Inspected(None, "")
    for recipe in errand.holding.recipes:
        if all(name in contents for name in recipe.ingredients(file.name)):
            try:
                content = recipe.make(file.name, contents, file.size)
            except _BROKEN as error:
                made = store.Inspected(None, f"refused: {store.describe(error)}")
                continue
            made = store.verify(file, content, errand.recognised)
            if made.content is not None:
                break
    return made


def _unobtainable(
    errand: Errand, missing: Sequence[CanonicalFile], findings: Sequence[Finding]
) -> DataError:
    name, folder = errand.holding.name, errand.folder
    cached, asked = findings[: len(errand.holding.files)], findings[len(errand.holding.files) :]
    outcomes = {Path(finding.place).name: finding.outcome for finding in cached}
    files = ", ".join(f"{file.name} ({outcomes[file.name]})" for file in missing)
    return DataError(
        f"{name}: could not obtain {files} in {folder}; asked {', '.join(map(str, asked))}; "
        f"go online and try again, or lay the files or an archive of them into that folder, "
        f"or name where they are: python -m runtheory.data fetch {name} --from PATH"
    )
