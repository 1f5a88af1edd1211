"""A sweep on a cluster gives the record of a run, whatever happens to its workers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from runtheory import records
from runtheory.recipes import recipes
from runtheory.runs import RunPlan, run, sweep
from runtheory.runs.__main__ import main
from runtheory.runs.runner import RunError, run_all

distributed = pytest.importorskip("distributed")

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers that know the toy recipes, note their steps and are in no hurry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        patch.setenv("TOY_LOG", str(tmp_path_factory.mktemp("log")))
        patch.setenv("TOY_DELAY", "0.02")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as started:
            yield started


@pytest.fixture
def client(cluster):
    with sweep.connected(cluster.scheduler_address) as connected:
        yield connected


@pytest.fixture
def toys(cluster):
    return recipes(("toy_recipes",))


def noted(name: str) -> list[int]:
    log = Path(os.environ["TOY_LOG"], name)
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_a_sweep_gives_the_record_of_a_run_and_loses_nothing_with_a_worker(
    client, toys, tmp_path, timeless
) -> None:
    plan = RunPlan(toys["toy"], "full", (0,))
    killed: list[int] = []

    def kill() -> None:
        while len(noted("0.25-0")) < 30:
            time.sleep(0.01)
        killed.append(noted("0.25-0")[-1])
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    executor = partial(sweep.outcomes, client=client)
    run_all([plan], tmp_path / "swept", executor=executor)
    killer.join()
    # Two processes had the cell, and the second did not begin where the first had begun.
    first, second = Counter(noted("0.25-0")).values()
    assert first >= 30
    assert 120 - first <= second <= 120 - first + 10
    assert not list(tmp_path.rglob("*.safetensors*"))
    assert killed[0] not in client.run(os.getpid).values()

    run(plan, tmp_path / "run")
    swept, whole = (
        records.read("toy_recipes/toy", tmp_path / n / "results") for n in ("swept", "run")
    )
    assert timeless(swept) == timeless(whole)
    steps = Counter((row["rate"], row["seed"], row["step"]) for row in swept.rows)
    assert (len(steps), set(steps.values())) == (3 * 12, {1})
    # What is finished is not handed out again.
    run_all(
        [plan], tmp_path / "swept", executor=lambda tasks: iter([(task, None) for task in tasks])
    )


def test_a_cell_fails_alone_and_does_not_hold_other_recipes_up(client, toys, tmp_path) -> None:
    plans = [RunPlan(toys[name], "tiny", (0,)) for name in ("failing", "toy")]
    with pytest.raises(RunError, match=r"1 of 5 cells .*toy_tiny.json was written.*LookupError"):
        run_all(plans, tmp_path, executor=partial(sweep.outcomes, client=client))
    assert len(list((tmp_path / "runs/toy_recipes/failing/tiny").glob("*.json"))) == 2
    assert records.names(tmp_path / "results") == [
        "toy_recipes/failing_tiny_partial", "toy_recipes/toy_tiny"
    ]  # fmt: skip


def test_a_worker_without_the_folder_starts_afresh(toys, tmp_path) -> None:
    (task,) = RunPlan(toys["toy"], "tiny", (0,)).tasks(tmp_path / "elsewhere")[:1]
    result = sweep._attempt(*sweep._order(task))
    assert [row["step"] for row in result["rows"]] == [10, 20, 30]
    assert not list(tmp_path.iterdir())


def test_a_worker_with_other_code_or_without_the_module_refuses(toys, tmp_path) -> None:
    task = RunPlan(toys["toy"], "tiny", (0,)).tasks(tmp_path)[0]
    order, code, _ = sweep._order(task)
    with pytest.raises(RuntimeError, match=r"other code of the recipe .* toy_recipes on have the"):
        sweep._attempt(order, code, "0123456789abcdef.json")
    missing = order.replace(b"toy_recipes", b"no_recipes_")
    with pytest.raises(ImportError, match=r"No module named 'no_recipes_' on the worker.*PYTHON"):
        sweep._attempt(missing, code, "")


def test_a_worker_with_any_other_code_of_the_package_refuses_and_names_both(
    toys, tmp_path, monkeypatch
) -> None:
    order = sweep._order(RunPlan(toys["toy"], "tiny", (0,)).tasks(tmp_path)[0])
    here = sweep._code()
    monkeypatch.setattr(sweep, "package_digest", lambda: "0123456789abcdef")
    with pytest.raises(RuntimeError) as refused:
        sweep._attempt(*order)
    assert here in str(refused.value)
    assert "(sources 0123456789ab), torch " in str(refused.value)


class Watched:
    """A client that says how many workers its scheduler has, from one asking to the next."""

    def __init__(self, client, counts: list[int]) -> None:
        self.submit, self.about = client.submit, client.scheduler_info()
        self.counts = counts

    def scheduler_info(self):
        if not self.counts:
            raise OSError("the scheduler is gone")
        return {**self.about, "workers": dict.fromkeys(range(self.counts.pop(0)))}


@pytest.mark.parametrize(("counts", "times"), [([0, 0], 1), ([2, 0, 0, 1, 0], 2), ([1], 0)])
def test_a_scheduler_without_a_worker_is_named_at_the_start_and_in_the_middle(
    counts, times, client, toys, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(sweep, "PATIENCE", 0.02)
    seen = Watched(client, counts)
    executor = partial(sweep.outcomes, client=seen)
    run_all([RunPlan(toys["toy"], "tiny", (0,))], tmp_path, executor=executor)
    told = f"the scheduler at {seen.about['address']} has no worker; the cells wait for one"
    assert not counts
    assert capsys.readouterr().err.count(told) == times


def call_silent_port() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(ConnectionError, match=r"no scheduler answers at .*nothing was said"),
            sweep.connected(address),
        ):
            pass


def test_a_port_that_says_nothing_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(sweep, "PATIENCE", 0.5)
    call_silent_port()


def test_a_notebook_whose_loop_is_running_may_ask(monkeypatch) -> None:
    async def cell() -> None:
        call_silent_port()

    monkeypatch.setattr(sweep, "PATIENCE", 0.5)
    with ThreadPoolExecutor(1) as apart:  # this thread may have a loop of an open browser
        apart.submit(asyncio.run, cell()).result()


@pytest.mark.parametrize("content", ["{", "[]", "{}", "[" * 100_000])
def test_a_scheduler_file_without_an_address_is_named(content: str, tmp_path) -> None:
    (tmp_path / "scheduler.json").write_text(content)
    with (
        pytest.raises(ValueError, match=r"scheduler.json names no address: [A-Z]\w+Error"),
        sweep.connected(file=tmp_path / "scheduler.json"),
    ):
        pass


def test_the_command_line_starts_a_cluster_and_takes_several_recipes(
    toys, tmp_path, capsys
) -> None:
    start = ["--module", "toy_recipes", "sweep"]
    place = ["--out", str(tmp_path), "--device", "cpu"]
    assert main([*start, "failing", "toy", *place, "--workers", "1"]) == 1
    assert "1 of 5 cells failed" in capsys.readouterr().err
    done = ["--module", "toy_recipes", "status", "failing", *place]
    assert main(done) == 0
    assert (
        capsys.readouterr().out == "failing_tiny: 3 cells, 2 finished, 0 half-done, 1 untouched\n"
    )


def test_an_interrupted_sweep_says_how_to_go_on(cluster, tmp_path) -> None:
    call = [sys.executable, "-m", "runtheory.runs", "--module", "toy_recipes", "sweep"]
    more = ["toy", "--preset", "full", "--device", "cpu", "--out", str(tmp_path)]
    environment = {**os.environ, "TOY_DELAY": "0.1"}
    process = subprocess.Popen(
        [*call, *more],
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=environment,
        # A test run in the background of a shell would hand down deaf ears.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.rglob("*.safetensors")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted with 0 of 3 cells finished" in error.decode()
    assert "Traceback" not in error.decode()


def test_what_cannot_start_says_why(toys, tmp_path, capsys, monkeypatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # a port on which nobody listens
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr(sweep, "PATIENCE", 1.0)
        start = ["--module", "toy_recipes", "sweep", "--out", str(tmp_path), "toy"]
        assert main([*start, "--device", "cpu", "--scheduler", address]) == 1
    assert f"error: no scheduler answers at {address}: " in capsys.readouterr().err
    for arguments, message in (
        (["--scheduler", address], "say --device cpu or cuda"),
        (["--scheduler", address, "--workers", "2"], "exclude each other"),
        (["--workers", "0"], "workers start at 1, got 0"),
        (["--device", "cpu", "--scheduler-file", "none.json"], "no scheduler file none.json"),
        (["toy"], "a recipe is needed and none twice, got ['toy', 'toy']"),
    ):
        assert main([*start, *arguments]) == 1
        assert message in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(start) == 1
    error = capsys.readouterr().err.strip()
    assert 'pip install "runtheory[sweep]"' in error
    assert "\n" not in error
