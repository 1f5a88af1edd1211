"""``load`` and ``fetch`` by name, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from runtheory import data
from runtheory.data import __main__ as command
from runtheory.data import cache as cache_module
from runtheory.data import fetching, loading
from runtheory.data.datasets import DATASETS

DEBIAN = DATASETS["fashion-mnist"].folders[0]
IMAGES = "train-images-idx3-ubyte"


@pytest.fixture
def listed(tiny, monkeypatch):
    """Put the tiny set into the table of full sets."""
    monkeypatch.setitem(DATASETS, "tiny", tiny.spec)
    return tiny


def test_a_set_is_fetched_once_and_then_read(listed):
    cache = listed.cache.parent
    found = data.load("tiny", cache=cache)
    assert found.train_images.shape == (6, 1, 3, 3)
    assert found.train_labels.tolist() == [0, 1, 0, 1, 1, 0]
    assert found.classes == ("zero", "one")
    for path in listed.mirror.iterdir():
        path.unlink()
    assert torch.equal(data.load("tiny", cache=str(cache)).test_images, found.test_images)


def test_the_variable_names_the_cache(listed, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNTHEORY_DATA", str(tmp_path / "elsewhere"))
    data.load("tiny")
    assert (tmp_path / "elsewhere" / "tiny" / IMAGES).exists()


def test_a_damaged_cache_never_reaches_the_images(listed):
    cache = listed.cache.parent
    true = data.load("tiny", cache=cache)
    content = bytearray((listed.cache / IMAGES).read_bytes())
    content[20] ^= 255
    (listed.cache / IMAGES).write_bytes(content)
    assert torch.equal(data.load("tiny", cache=cache).train_images, true.train_images)
    (listed.cache / IMAGES).write_bytes(content)
    for path in listed.mirror.iterdir():
        path.unlink()
    with pytest.raises(data.DataError, match=f"{IMAGES} .refused: altered"):
        data.load("tiny", cache=cache)


def test_a_cache_damaged_again_after_fetching_is_an_error(listed, monkeypatch):
    def fetch_and_damage(request):
        fetching.fetch_files(request)
        (request.folder / IMAGES).write_bytes(b"damage")

    monkeypatch.setattr(loading, "fetch_files", fetch_and_damage)
    with pytest.raises(
        data.DataError, match=r"is now refused: truncated.*something else is writing"
    ):
        data.load("tiny", cache=listed.cache.parent)


def test_a_read_only_cache_that_is_complete_is_enough(listed, monkeypatch):
    data.fetch("tiny", listed.cache.parent)
    monkeypatch.setattr(cache_module, "scratch", lambda _: pytest.fail("wrote to a complete cache"))
    data.load("tiny", cache=listed.cache.parent)


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("fashion_mini", "did you mean 'fashion-mini'"),
        ("cifar-10", "did you mean 'cifar10'"),
        ("MNIST1", "known: fashion-mini, digits, fashion-mnist, mnist, cifar10"),
        ("", "no data set is called ''; known"),
    ],
)
def test_an_unknown_name_is_met_with_close_ones(asked, hint):
    for call in (data.load, data.fetch):
        with pytest.raises(ValueError, match=hint):
            call(asked)


def test_installed_sets_need_no_fetching():
    assert data.names() == ("fashion-mini", "digits", "fashion-mnist", "mnist", "cifar10")
    fetched = data.fetch("fashion-mini")
    assert fetched.folder is None
    assert [str(attempt) for attempt in fetched.attempts] == ["inside runtheory (verified)"]


def test_importing_loads_no_heavy_stranger():
    script = (
        "import sys, runtheory.data; "
        "print([m for m in ('sklearn', 'pooch', 'requests', 'PIL', 'matplotlib', 'ipywidgets') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's Fashion-MNIST")
def test_the_full_fashion_set_comes_from_debian(tmp_path):
    found = data.load("fashion-mnist", cache=tmp_path)
    assert found.train_images.shape == (60_000, 1, 28, 28)
    assert found.test_labels.bincount().tolist() == [1000] * 10
    assert found.mean[0] == pytest.approx(0.2860405969887955, abs=1e-15)
    assert found.deviation[0] == pytest.approx(0.3530242445149226, abs=1e-15)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_set_lies_whole_on_the_device():
    found = data.load("digits", device="cuda")
    assert {t.device.type for t in (found.train_images, found.test_labels)} == {"cuda"}
    assert (found.train_images.dtype, found.train_labels.dtype) == (torch.uint8, torch.int64)


def test_the_command_says_where_it_looked_and_what_it_found(listed, capsys):
    assert command.main(["fetch", "tiny", "--cache", str(listed.cache.parent)]) == 0
    shown = capsys.readouterr()
    assert f"{listed.cache / IMAGES}: not there" in shown.out
    assert f"{listed.mirror}: gave 4 of 4 files" in shown.out
    assert f"tiny: complete and verified in {listed.cache}" in shown.out


def test_the_command_takes_a_source(listed, tmp_path, capsys):
    listed.fill(tmp_path / "stick")
    arguments = ["fetch", "tiny", "--from", str(tmp_path / "stick")]
    assert command.main([*arguments, "--cache", str(tmp_path / "c")]) == 0
    assert f"{tmp_path / 'stick'}: gave 4 of 4 files" in capsys.readouterr().out


def test_the_command_lists_what_is_here(listed, capsys):
    data.fetch("tiny", listed.cache.parent)
    (listed.cache / IMAGES).write_bytes(b"damage")
    assert command.main(["list", "--cache", str(listed.cache.parent)]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "verified, inside runtheory" in lines["fashion-mini"]
    assert "not fetched" in lines["cifar10"]
    assert f"{IMAGES} refused: truncated, 6 bytes instead of 70" in lines["tiny"]


@pytest.mark.parametrize("asked", ["tiny", "tinny"])
def test_the_command_fails_with_one_line_and_status_one(listed, asked, capsys):
    for path in listed.mirror.iterdir():
        path.unlink()
    assert command.main(["fetch", asked, "--cache", str(listed.cache.parent)]) == 1
    shown = capsys.readouterr()
    last = shown.err.splitlines()[-1]
    assert shown.out == ""
    assert "could not obtain" in last if asked == "tiny" else "did you mean 'tiny'" in last


def test_the_command_runs_as_a_module(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "runtheory.data", "fetch", "minst"],
        capture_output=True,
        text=True,
        env={**os.environ, "RUNTHEORY_DATA": str(tmp_path)},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "did you mean 'mnist'" in done.stderr
