import math

import pytest

from runtheory.information.layers.memorisation import memorised_example


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_divergence_is_label_and_contracted_content(rate: float, depth: int) -> None:
    solved = memorised_example(depth, symbols=5, rate=rate)
    kept = (1 - rate) ** depth
    assert solved.label_information == pytest.approx(math.log(2))
    assert solved.content_information == pytest.approx(math.log(5))
    assert solved.divergence == pytest.approx(math.log(2) + kept * math.log(5), abs=1e-12)


def test_new_example_is_wrong_half_of_the_time_and_the_training_example_never() -> None:
    # The label of a new example has nothing to do with what the network says.
    for depth in (0, 2):
        assert memorised_example(depth, rate=0.3).gap == pytest.approx(0.5, abs=1e-12)


def test_memory_refuses_what_is_no_model() -> None:
    with pytest.raises(ValueError, match="depth must be at least 0, got -1"):
        memorised_example(-1)
    with pytest.raises(ValueError, match="symbols must be at least 2, got 1"):
        memorised_example(1, symbols=1)
    with pytest.raises(ValueError, match="rate must lie in"):
        memorised_example(1, rate=2.0)
