"""A file is replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtheory import durable

WRITER = """
import itertools, sys
from pathlib import Path
from runtheory import durable
for count in itertools.count():
    durable.write(Path(sys.argv[1]), bytes([count % 256]) * 300_000)
"""


def test_the_new_content_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    for content in (b"first", b"", b"second"):
        durable.write(path, content)
        assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["file"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for attempt in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.05 + 0.013 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1


def test_a_failing_rename_leaves_the_old_content(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "file"
    durable.write(path, b"old")

    def fail(source, target):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        durable.write(path, b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_an_interrupted_write_removes_its_temporary_file(tmp_path: Path, monkeypatch) -> None:
    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        durable.write(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_that_is_really_full(tmp_path: Path, monkeypatch) -> None:
    def on_full_device(path, mode):
        path.touch()
        return open("/dev/full", "wb")

    monkeypatch.setattr(durable, "open", on_full_device, raising=False)
    with pytest.raises(OSError, match="No space left") as caught:
        durable.write(tmp_path / "file", b"new")
    assert caught.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def test_the_temporary_name_is_in_the_same_folder(tmp_path: Path, monkeypatch) -> None:
    # Only within one file system is a rename whole or nothing.
    renamed = []

    def observe(source, target):
        renamed.append((Path(source).parent, Path(target).parent))
        rename(source, target)

    rename = os.replace
    monkeypatch.setattr(os, "replace", observe)
    durable.write(tmp_path / "file", b"new")
    assert renamed == [(tmp_path, tmp_path)]


def test_content_reaches_the_disk_before_its_name_and_the_name_after(tmp_path, monkeypatch) -> None:
    done: list[str] = []
    flush, rename = os.fsync, os.replace

    def noted_flush(descriptor: int) -> None:
        done.append(f"flush {Path(os.readlink(f'/proc/self/fd/{descriptor}')).suffix}")
        flush(descriptor)

    def noted_rename(source: Path, target: Path) -> None:
        done.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_flush)
    monkeypatch.setattr(os, "replace", noted_rename)
    durable.write(tmp_path / "file", b"new")
    assert done == ["flush .part", "rename", "flush "]  # of the file, the folder


def test_an_error_names_the_file(tmp_path: Path, monkeypatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        durable.write(tmp_path / "file", b"new")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "file"))


def test_two_writers_of_one_file_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _ in range(2)]
    while not path.exists():
        time.sleep(0.01)
    for _ in range(40):
        content = path.read_bytes()
        assert len(content) == 300_000
        assert len(set(content)) == 1
    for writer in writers:
        assert writer.poll() is None  # neither has met an error
        writer.kill()
        writer.wait()


def test_the_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    durable.write(tmp_path / "file", b"new")
    (tmp_path / "other").touch()
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_abandoned_temporary_files_go_and_young_ones_stay(tmp_path: Path) -> None:
    young, old, other = (tmp_path / f".{name}.part" for name in ("file.1", "file.2", "else.3"))
    folder = tmp_path / ".fetch.old.part"
    folder.mkdir()
    (folder / "archive.gz").write_bytes(b"half")
    for path in (young, old, other):
        path.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    for path in (old, other, folder):
        os.utime(path, (yesterday, yesterday))
    durable.write(tmp_path / "file", b"new")  # removes its own
    assert {path.name for path in tmp_path.iterdir()} == {
        "file", young.name, other.name, folder.name
    }  # fmt: skip
    durable.remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"file", young.name}
    durable.remove_abandoned(tmp_path / "nowhere")
