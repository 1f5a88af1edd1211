"""A file is replaced whole or not at all."""

from __future__ import annotations

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
    assert path.read_bytes() == b"old"
