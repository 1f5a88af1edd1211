"""Run the book's notebooks and store what came out: ``python -m tools.execute [notebook ...]``.

A notebook that fails, prints to stderr or runs too long keeps its file as it was. From every
``solutions.ipynb`` the reader's ``exercises.ipynb`` is made and run as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools import lists, notebooks
from tools.cards import read_shelf
from tools.exercises import ExerciseError, reader_notebook, with_checked_outputs
from tools.widgets import drop_widgets

SECONDS = 600  # of wall time: ample, because other work may share the cores
JOBS = 2
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# The kernel listens on this machine only; it need not say for each notebook that it does.
QUIET = ["--log-level=40"]
ENVIRONMENT = """
import json, os, sys, time
processor = time.process_time()
torch = sys.modules.get("torch")
cuda = torch is not None and torch.cuda.is_available()
threads = torch.get_num_threads() if torch else int(os.environ.get("OMP_NUM_THREADS", 1))
device = torch.cuda.get_device_name() if cuda else "cpu"
print(json.dumps({"device": device, "threads": threads, "processor_seconds": round(processor, 1)}))
"""


class NotebookError(RuntimeError):
    """A notebook that did not run as a stored notebook must."""


def run(notebook: NotebookNode, folder: Path, *, seconds: float = SECONDS) -> NotebookNode:
    """Return ``notebook`` with fresh outputs and normal metadata, run in ``folder``.

    Raises
    ------
    NotebookError
        If a cell raises, writes to stderr, or the whole takes longer than ``seconds``.
    """
    result = nbformat.from_dict(notebook)
    began = time.monotonic()
    client = NotebookClient(
        result,
        kernel_name="python3",
        timeout_func=lambda _: max(1.0, began + seconds - time.monotonic()),
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=QUIET,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with client.setup_kernel():
            for index, cell in enumerate(result.cells):
                client.execute_cell(cell, index)
            passed = time.monotonic() - began
            described = _environment(client)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(f"cell {index + 1}: {ANSI.sub('', str(error))}") from error
    _refuse_stderr(result)
    _normalise(result)
    result.metadata["runtheory"] = {
        "digest": notebooks.digest(result),
        "seconds": round(passed),
        "versions": _versions(),
        **described,
    }
    return result


def _environment(client: NotebookClient) -> dict[str, object]:
    # Asked at the end, so that no name of the question is there for a cell to lean on.
    client.timeout_func, client.timeout = None, SECONDS
    client.nb.cells.append(nbformat.v4.new_code_cell(ENVIRONMENT))
    client.execute_cell(client.nb.cells[-1], len(client.nb.cells) - 1, store_history=False)
    described: dict[str, object] = json.loads(client.nb.cells.pop().outputs[-1].text)
    return described


def _versions() -> dict[str, str]:
    """Return the public versions: how PyTorch was built (+cpu, +cu130) is the machine's affair."""
    names = ("torch", "numpy", "runtheory")
    found = {name: metadata.version(name).split("+")[0] for name in names}
    return {"python": platform.python_version(), **found}


def _refuse_stderr(notebook: NotebookNode) -> None:
    for position, cell in notebooks.code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookError(f"cell {position} wrote to stderr:\n{output.text}")


def _normalise(notebook: NotebookNode) -> None:
    drop_widgets(notebook)
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in notebooks.CELL_METADATA & set(cell.metadata)}
        cell.metadata = nbformat.from_dict(kept)
        notebooks.fold(cell)
    for count, (_, cell) in enumerate(notebooks.code_cells(notebook), start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    kept = {
        key: notebook.metadata[key] for key in notebooks.NOTEBOOK_METADATA & set(notebook.metadata)
    }
    kept |= {"kernelspec": notebooks.KERNEL, "language_info": notebooks.LANGUAGE}
    notebook.metadata = nbformat.from_dict(kept)
    notebook.nbformat, notebook.nbformat_minor = 4, 5


def execute(path: Path, repository: str, *, seconds: float = SECONDS) -> list[str]:
    """Run the notebook at ``path``, and the reader's version of a solved one; return what was done.

    Both are stored only where both ran.
    """
    prepared = notebooks.with_install_cell(notebooks.read(path), repository)
    todo = [(path, prepared)]
    if path.name == "solutions.ipynb":
        prepared = with_checked_outputs(prepared)
        todo = [(path, prepared), (path.with_name("exercises.ipynb"), reader_notebook(prepared))]
    done = [(target, run(source, path.parent, seconds=seconds)) for target, source in todo]
    for target, notebook in done:
        notebooks.write(notebook, target)
    return [f"{target}: {nb.metadata['runtheory']['seconds']} s" for target, nb in done]


def attempt(path: Path, repository: str, seconds: float = SECONDS) -> tuple[bool, str]:
    """Run one notebook for the command line: whether it went well, and what to print."""
    try:
        return True, "\n".join(execute(path, repository, seconds=seconds))
    except (NotebookError, ExerciseError) as error:
        return False, f"{path}: not stored, {error}"


def write_lists() -> None:
    """Write the lists that are made from the cards, and say which changed."""
    for name in lists.write(read_shelf()):
        print(f"{name}: written from the cards")


def synchronise(repository: str) -> None:
    """Write the install cells for a changed address, and the lists made from cards; run nothing."""
    write_lists()
    for path in notebooks.notebook_paths():
        old = notebooks.read(path)
        new = notebooks.with_install_cell(old, repository)
        if new != old:
            notebooks.write(new, path)
            print(f"{path}: install cell written")


def main(arguments: list[str] | None = None) -> int:
    """Run the named notebooks, or all; the exit status tells whether all went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--jobs", type=int, default=JOBS, choices=range(1, JOBS + 1))
    parser.add_argument("--sync", action="store_true", help="only write install cells and lists")
    options = parser.parse_args(arguments)
    repository = notebooks.address()
    if options.sync:
        synchronise(repository)
        return 0
    # One thread a process: two notebooks share two cores, and sums come out alike on any machine.
    os.environ["OMP_NUM_THREADS"] = "1"
    paths = [_source_of(path) for path in options.notebooks or notebooks.notebook_paths()]
    well = True
    with ProcessPoolExecutor(options.jobs) as pool:
        paths = list(dict.fromkeys(paths))
        for went_well, text in pool.map(attempt, paths, [repository] * len(paths)):
            print(text, file=sys.stdout if went_well else sys.stderr, flush=True)
            well = well and went_well
    write_lists()  # exercises that were made for the first time are listed
    return 0 if well else 1


def _source_of(path: Path) -> Path:
    """Return the notebook that ``path`` is made from: the reader's exercises have a source."""
    solved = path.with_name("solutions.ipynb")
    return solved if path.name == "exercises.ipynb" and solved.exists() else path


if __name__ == "__main__":
    sys.exit(main())
