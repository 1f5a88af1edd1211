"""The cache: nothing but verified bytes comes out, and whole files alone go in."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pooch
import pytest

from runtheory.data import DataError, cache

NAME = "train-images-idx3-ubyte"


def file_of(tiny):
    return next(file for file in tiny.spec.files if file.name == NAME)


def test_the_cache_folder_is_the_argument_then_the_variable_then_the_users(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("RUNTHEORY_DATA", str(tmp_path / "named"))
    assert cache.cache_folder(tmp_path / "given") == tmp_path / "given"
    assert cache.cache_folder() == tmp_path / "named"
    for unset in ("", None):
        monkeypatch.delenv("RUNTHEORY_DATA")
        if unset is not None:
            monkeypatch.setenv("RUNTHEORY_DATA", unset)
        assert cache.cache_folder() == pooch.os_cache("runtheory")
        monkeypatch.setenv("RUNTHEORY_DATA", "~/data")
    assert cache.cache_folder() == Path.home() / "data"


def test_the_true_file_is_verified(tiny) -> None:
    tiny.fill(tiny.cache)
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [tiny.spec])
    assert found.content == tiny.contents[NAME]


@pytest.mark.parametrize(
    ("damage", "outcome"),
    [
        (lambda true, other: true[:-1], "refused: truncated, 69 bytes instead of 70"),
        (lambda true, other: b"", "refused: truncated, 0 bytes instead of 70"),
        (lambda true, other: true + b"\0", "refused: too long, 71 bytes instead of 70"),
        (lambda true, other: true[:-1] + bytes([true[-1] ^ 1]), "refused: altered, its SHA-256"),
        (lambda true, other: other, "refused: exchanged, .* bytes of tiny's t10k-images-idx3"),
    ],
)
def test_a_wrong_file_is_called_what_it_is(tiny, damage, outcome) -> None:
    tiny.cache.mkdir(parents=True)
    wrong = damage(tiny.contents[NAME], tiny.contents["t10k-images-idx3-ubyte"])
    (tiny.cache / NAME).write_bytes(wrong)
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [tiny.spec])
    assert found.content is None
    assert re.search(outcome, found.outcome)


def test_an_exchange_is_recognised_across_sizes(tiny) -> None:
    tiny.cache.mkdir(parents=True)
    (tiny.cache / NAME).write_bytes(tiny.contents["t10k-labels-idx1-ubyte"])
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [tiny.spec])
    assert found.outcome.endswith("exchanged, it holds the bytes of tiny's t10k-labels-idx1-ubyte")
    (tiny.cache / NAME).write_bytes(bytes(len(tiny.contents["t10k-labels-idx1-ubyte"])))
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [tiny.spec])
    assert found.outcome == "refused: truncated, 14 bytes instead of 70"


def test_what_is_no_file_is_not_there_or_unreadable(tiny) -> None:
    tiny.cache.parent.mkdir(parents=True)
    assert cache.inspect(file_of(tiny), tiny.cache / NAME, []).outcome == "not there"
    tiny.cache.write_text("a file where the folder should be")
    assert cache.inspect(file_of(tiny), tiny.cache / NAME, []).outcome == "not there"


def test_an_unreadable_file_is_refused(tiny, monkeypatch) -> None:
    tiny.fill(tiny.cache)

    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [])
    assert found.outcome == "refused: unreadable (OSError: Input/output error)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_never_ends_is_no_file(tiny, tmp_path) -> None:
    tiny.cache.mkdir(parents=True)
    os.mkfifo(tiny.cache / NAME)
    found = cache.inspect(file_of(tiny), tiny.cache / NAME, [])
    assert found.outcome == "refused: unreadable (OSError: no regular file)"
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in (tmp_path / "link", tmp_path):
        with pytest.raises(OSError, match="no regular file"):
            cache.read_bounded(path)
    assert len(os.listdir("/proc/self/fd")) < 200  # what was refused was closed


def test_a_file_is_read_up_to_its_bound(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert cache.read_bounded(path, most=5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        cache.read_bounded(path, most=4)
    with open(path, "wb") as sparse:
        sparse.truncate(cache.LARGEST + 1)
    with pytest.raises(OSError, match="more than"):
        cache.read_bounded(path)


@pytest.mark.parametrize("given", ["argument", "variable"])
def test_a_home_that_nobody_has_is_one_error(given: str, monkeypatch) -> None:
    if given == "variable":
        monkeypatch.setenv(cache.VARIABLE, "~nouser-at-all/x")
    named = "~nouser-at-all/x" if given == "argument" else None
    with pytest.raises(DataError, match="the folder ~nouser-at-all/x cannot be used: Runtime"):
        cache.cache_folder(named)


def test_a_name_that_is_too_long_is_one_error(tmp_path) -> None:
    with pytest.raises(DataError, match=r"cannot be used: OSError: File name too long"):
        cache.tidy(tmp_path / ("long" * 100))
    cache.tidy(tmp_path / "nowhere")


def test_a_file_is_written_whole_and_leaves_nothing_else(tmp_path) -> None:
    cache.write(tmp_path, "file", b"old")
    cache.write(tmp_path, "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_full_disk_keeps_the_old_file_and_says_so(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"file could not be written.*No space.*free some space"):
        cache.write(tmp_path, "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_scratch_folder_goes_when_its_work_fails(tmp_path) -> None:
    def work():
        with cache.scratch(tmp_path) as lent:
            (lent / "half").write_bytes(b"half")
            raise RuntimeError("mid-way")

    with pytest.raises(RuntimeError, match="mid-way"):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_the_folder_should_be(tmp_path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with (
        pytest.raises(DataError, match=r"cannot be used.*name another folder in RUNTHEORY_DATA"),
        cache.scratch(tmp_path / "cache" / "mnist"),
    ):
        pass


def test_descriptions_are_one_short_line() -> None:
    text = cache.describe(ValueError("line one\nline two " + "x" * 500))
    assert text.startswith("ValueError: line one line two")
    assert len(text) <= 120
