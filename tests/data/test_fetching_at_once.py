"""Fetches that run at once, in threads and in processes, end with whole files."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from runtheory.data.fetching import fetch_files


def test_two_threads_and_more_do_not_harm_each_other(tiny) -> None:
    with ThreadPoolExecutor(8) as pool:
        for fetched in pool.map(fetch_files, [tiny.request()] * 24):
            assert fetched.name == "tiny"
    assert tiny.cached() == tiny.contents


WORKER = """
import json, sys
from pathlib import Path
from runtheory.data import formats
from runtheory.data.datasets import CanonicalFile, DatasetSpec
from runtheory.data.fetching import FetchRequest, fetch_files
from runtheory.data.repacking import GZIP, UNCHANGED

files, mirror, folder = json.loads(sys.argv[1])
files = tuple(CanonicalFile(*file) for file in files)
ways = (UNCHANGED, GZIP)
spec = DatasetSpec("tiny", ("a",), files, ways, formats.decode_idx, (Path(mirror),))
for turn in range(40):
    fetch_files(FetchRequest(spec, Path(folder)))
    path = Path(folder) / files[turn % 4].name
    if turn % 3 == 0:
        path.write_bytes(b"damage")
    else:
        path.unlink(missing_ok=True)
"""


def test_two_processes_that_damage_and_fetch_at_once_end_with_whole_files(tiny) -> None:
    files = [(f.name, f.size, f.sha256, f.md5) for f in tiny.spec.files]
    argument = json.dumps([files, str(tiny.mirror), str(tiny.cache)])
    start = partial(subprocess.Popen, [sys.executable, "-c", WORKER, argument])
    for process in [start(stderr=subprocess.PIPE) for _ in range(2)]:
        assert process.wait() == 0, process.stderr.read().decode()
        process.stderr.close()
    fetch_files(tiny.request())
    assert tiny.cached() == tiny.contents
