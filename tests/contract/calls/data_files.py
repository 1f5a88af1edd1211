"""Example calls of what reads, checks and writes the files of :mod:`runtheory.data`."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import threading
from collections.abc import Mapping
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from runtheory.data.datasets import DATASETS, Archive, CanonicalFile, DatasetSpec
from runtheory.data.embedded import read_embedded
from runtheory.data.fetching import FetchRequest
from runtheory.data.formats import CIFAR_RECORD
from runtheory.data.mirrors import Wanted
from tests.contract.calls.common import labels
from tests.contract.calls.runs import FOLDER

CONTENT = b"some bytes"
FILE = CanonicalFile("some", 10, hashlib.sha256(CONTENT).hexdigest(), "none")
MNIST = DATASETS["mnist"]
KNOWN = [MNIST]
CIFAR = tuple(f"data_batch_{number}.bin" for number in range(1, 6))


def _place():
    (FOLDER / "some").write_bytes(CONTENT)
    return FOLDER / "some"


def _request() -> FetchRequest:
    empty = FOLDER / "empty"
    empty.mkdir(exist_ok=True)
    return FetchRequest(MNIST, FOLDER / "mnist", (), empty)


def _as_they_are(files: Mapping[str, bytes]) -> Any:
    return dict(files)


def _kept_request() -> FetchRequest:
    """A set of one file that lies in its folder already."""
    nowhere = DatasetSpec("one file", (), (FILE,), (), decode=_as_they_are)
    return FetchRequest(nowhere, _place().parent)


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@cache
def _address() -> str:
    """Serve the folder on this machine while the process lives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(FOLDER)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def _download() -> dict:
    scratch = FOLDER / "scratch"
    scratch.mkdir(exist_ok=True)
    (scratch / _place().name).unlink(missing_ok=True)
    wanted = Wanted(frozenset({"some"}), frozenset({"some"}), scratch)
    archive = Archive("some", FILE.sha256, ("some",))
    return {"address": _address(), "archive": archive, "wanted": wanted}


def _idx(*sizes: int) -> bytes:
    head = bytes([0, 0, 8, len(sizes)]) + np.array(sizes, ">u4").tobytes()
    return head + bytes(int(np.prod(sizes)))


@cache
def _picture() -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (1024, 2)).save(stream, "PNG")
    return stream.getvalue()


CALLS: dict = {
    "data.cache.cache_folder": lambda: {"cache": FOLDER},
    "data.cache.describe": lambda: {"error": OSError("full")},
    "data.cache.expanded": lambda: {"place": FOLDER},
    "data.cache.inspect": lambda: {"file": FILE, "path": _place(), "known": KNOWN},
    "data.cache.is_full": lambda: {"error": OSError("full")},
    "data.cache.opened": lambda: {"path": _place()},
    "data.cache.read_bounded": lambda: {"path": _place(), "most": 100},
    "data.cache.refusal": lambda: {"what": "a folder", "error": OSError("full")},
    "data.cache.scratch": lambda: {"folder": FOLDER},
    "data.cache.tidy": lambda: {"folder": FOLDER},
    "data.cache.verify": lambda: {"file": FILE, "content": CONTENT, "known": KNOWN},
    "data.cache.write": lambda: {"folder": FOLDER, "name": "written", "content": CONTENT},
    "data.embedded.choose": lambda: {"labels": labels(40, 10), "part": "train"},
    "data.embedded.pack": lambda: {"parts": read_embedded()},
    "data.embedded.read_embedded": dict,
    "data.embedded.unpack": lambda: {"content": bytes(15_000 * 785)},
    "data.fetching.fetch_files": lambda: {"request": _kept_request()},
    "data.fetching.inspect_cache": lambda: {"request": _request()},
    "data.formats.decode_cifar": lambda: {
        "files": dict.fromkeys((*CIFAR, "test_batch.bin"), bytes(2 * CIFAR_RECORD))
    },
    "data.formats.decode_idx": lambda: {
        "files": {
            f"{part}-{kind}-ubyte": _idx(2, 4, 4) if "3" in kind else _idx(2)
            for part in ("train", "t10k")
            for kind in ("images-idx3", "labels-idx1")
        }
    },
    "data.loading.fetch": lambda: {"name": "digits", "progress": False},
    "data.loading.load": lambda: {"name": "digits", "device": "cpu", "cache": FOLDER},
    "data.loading.names": dict,
    "data.loading.request_of": lambda: {
        "name": "mnist",
        "cache": FOLDER,
        "source": FOLDER,
        "progress": False,
    },
    "data.mirrors.download": _download,
    "data.mirrors.known_mirrors": lambda: {"spec": MNIST, "folder": FOLDER},
    "data.mirrors.mirror_at": lambda: {"path": FOLDER},
    "data.repacking.from_picture": lambda: {
        "name": "test_batch.bin",
        "contents": {"test_batch.png": _picture(), "test_lables.json": json.dumps([1, 2]).encode()},
        "size": 2 * CIFAR_RECORD,
    },
    "data.repacking.gunzipped": lambda: {
        "name": "some",
        "contents": {"some.gz": gzip.compress(CONTENT)},
        "size": 10,
    },
    "data.repacking.picture_names": lambda: {"name": "test_batch.bin"},
    "data.written_digits.read_digits": dict,
}
