import subprocess
import sys

import pytest
import torch

from runtheory.randomness import Streams, stream


def draw(generator: torch.Generator) -> list[float]:
    return torch.rand(4, generator=generator).tolist()


def test_a_stream_is_given_by_its_seed_and_purpose() -> None:
    assert draw(stream(0, "masks")) == draw(stream(0, "masks"))
    assert draw(stream(0, "masks")) != draw(stream(1, "masks"))
    assert draw(stream(0, "masks")) != draw(stream(0, "batches"))
    # seed and purpose do not run into one another
    assert draw(stream(1, "1:a")) != draw(stream(11, ":a"))
    with pytest.raises(ValueError, match="purpose"):
        stream(0, "")


def test_the_first_rank_draws_what_a_single_process_does() -> None:
    alone, first, second = Streams(3), Streams(3, rank=0), Streams(3, rank=1)
    assert alone.rank == 0
    assert draw(alone["masks"]) == draw(first["masks"]) == draw(stream(3, "masks"))
    assert draw(first["batches"]) != draw(second["batches"])


def test_a_new_consumer_never_shifts_an_old_one() -> None:
    alone, beside = Streams(3), Streams(3)
    draw(beside["batches"])
    assert draw(alone["masks"]) == draw(beside["masks"])


def test_streams_continue_where_they_were() -> None:
    streams = Streams(5)
    draw(streams["masks"])
    state = streams.state_dict()
    expected = draw(streams["masks"]), draw(streams["batches"])
    again = Streams(5)
    draw(again["masks"])
    again.load_state_dict(state)
    assert (draw(again["masks"]), draw(again["batches"])) == expected


def test_streams_leave_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    draw(Streams(0)["masks"])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, runtheory\n"
        "heavy = {'ipywidgets', 'matplotlib', 'sklearn', 'torch'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
