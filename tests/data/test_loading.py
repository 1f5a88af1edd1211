"""``load`` and ``fetch`` by name."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from runtheory import data
from runtheory.data import cache as cache_module
from runtheory.data import fetching, loading
from runtheory.data.datasets import DATASETS

DEBIAN = DATASETS["fashion-mnist"].folders[0]
IMAGES = "train-images-idx3-ubyte"


def test_a_set_is_fetched_once_and_then_read(listed) -> None:
    cache = listed.cache.parent
    found = data.load("tiny", cache=cache)
    assert found.train_images.shape == (6, 1, 3, 3)
    assert found.train_labels.tolist() == [0, 1, 0, 1, 1, 0]
    assert found.classes == ("zero", "one")
    for path in listed.mirror.iterdir():
        path.unlink()
    assert torch.equal(data.load("tiny", cache=str(cache)).test_images, found.test_images)


def test_the_variable_names_the_cache(listed, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("RUNTHEORY_DATA", str(tmp_path / "elsewhere"))
    data.load("tiny")
    assert (tmp_path / "elsewhere" / "tiny" / IMAGES).exists()


def test_a_damaged_cache_never_reaches_the_images(listed) -> None:
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


def test_a_cache_damaged_again_after_fetching_is_an_error(listed, monkeypatch) -> None:
    def fetch_and_damage(request):
        fetching.fetch_files(request)
        (request.folder / IMAGES).write_bytes(b"damage")

    monkeypatch.setattr(loading, "fetch_files", fetch_and_damage)
    with pytest.raises(
        data.DataError, match=r"is now refused: truncated.*something else is writing"
    ):
        data.load("tiny", cache=listed.cache.parent)


def test_a_read_only_cache_that_is_complete_is_enough(listed, monkeypatch) -> None:
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
def test_an_unknown_name_is_met_with_close_ones(asked, hint) -> None:
    for call in (data.load, data.fetch):
        with pytest.raises(ValueError, match=hint):
            call(asked)


def test_installed_sets_need_no_fetching() -> None:
    assert data.names() == ("fashion-mini", "digits", "fashion-mnist", "mnist", "cifar10")
    fetched = data.fetch("fashion-mini")
    assert fetched.folder is None
    assert [str(attempt) for attempt in fetched.attempts] == ["inside runtheory (verified)"]


def test_importing_loads_no_heavy_stranger() -> None:
    script = (
        "import sys, runtheory.data; "
        "print([m for m in ('sklearn', 'pooch', 'requests', 'PIL', 'matplotlib', 'ipywidgets') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's Fashion-MNIST")
def test_the_full_fashion_set_comes_from_debian(tmp_path) -> None:
    found = data.load("fashion-mnist", cache=tmp_path)
    assert found.train_images.shape == (60_000, 1, 28, 28)
    assert found.test_labels.bincount().tolist() == [1000] * 10
    assert found.mean[0] == pytest.approx(0.2860405969887955, abs=1e-15)
    assert found.deviation[0] == pytest.approx(0.3530242445149226, abs=1e-15)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_set_lies_whole_on_the_device() -> None:
    found = data.load("digits", device="cuda")
    assert {t.device.type for t in (found.train_images, found.test_labels)} == {"cuda"}
    assert (found.train_images.dtype, found.train_labels.dtype) == (torch.uint8, torch.int64)


def test_a_source_in_a_home_that_nobody_has_is_one_error() -> None:
    with pytest.raises(data.DataError, match="the folder ~nouser-at-all/x cannot be used"):
        data.fetch("mnist", source="~nouser-at-all/x")
