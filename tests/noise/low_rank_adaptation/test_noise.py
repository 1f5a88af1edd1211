"""Dropout's addition on an adapter: every mask listed, a loop from the equation, refusals."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runtheory.dropout import oracle, penalties
from runtheory.noise.low_rank_adaptation import noise
from runtheory.randomness import stream

SEEDS = st.integers(0, 10_000)
RATES = st.sampled_from([0.05, 0.3, 0.5, 0.8])


def case(seed: int, examples: int = 2, features: int = 3, outputs: int = 2) -> list[torch.Tensor]:
    generator = stream(seed, "case")
    shapes = (examples, features), (examples, outputs), (features, outputs)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def listed(given: list[torch.Tensor], rate: float, *, shared: bool) -> tuple[float, float]:
    """The mean and the variance of the error over all masks."""
    examples, features = given[0].shape
    kept, weight = oracle.all_masks(features * (1 if shared else examples), rate=rate)
    if shared:
        kept = kept[:, None].expand(-1, examples, features)
    errors = noise.masked_errors(*given, masks=kept.reshape(-1, examples, features), rate=rate)
    mean = weight @ errors
    return float(mean), float(weight @ (errors - mean).square())


@given(seed=SEEDS, rate=RATES, shared=st.booleans())
@settings(max_examples=20)
def test_mean_and_variance_over_all_masks(seed, rate, shared) -> None:
    drawn = inputs, targets, change = case(seed)
    mean, variance = listed(drawn, rate, shared=shared)
    plain = (targets - inputs @ change).square().sum()
    assert mean == pytest.approx(float(plain + noise.added_penalty(inputs, change, rate=rate)))
    told = noise.error_variance(*drawn, rate=rate, shared=shared)
    assert variance == pytest.approx(float(told), rel=1e-9, abs=1e-12)


def test_masked_errors_in_a_loop() -> None:
    inputs, targets, change = case(1)
    masks = torch.tensor([[[1, 0, 1], [0, 0, 1]], [[0, 0, 0], [1, 1, 1]]]).bool()
    found = noise.masked_errors(inputs, targets, change, masks=masks, rate=0.2)
    for index, mask in enumerate(masks):
        total = 0.0
        for i in range(2):
            for k in range(2):
                added = sum(
                    float(mask[i, j]) / 0.8 * float(inputs[i, j] * change[j, k]) for j in range(3)
                )
                total += (float(targets[i, k]) - added) ** 2
        assert float(found[index]) == pytest.approx(total)


def test_one_output_is_the_expected_squared_error_of_dropout() -> None:
    inputs, targets, change = case(2, outputs=1)
    whole = penalties.expected_squared_error(inputs, targets[:, 0], change[:, 0], rate=0.3)
    plain = (targets - inputs @ change).square().sum()
    torch.testing.assert_close(plain + noise.added_penalty(inputs, change, rate=0.3), whole)


def test_the_number_worked_by_hand() -> None:
    one, change = torch.ones(1, 2), torch.tensor([[0.5], [0.25]])
    assert float(noise.added_penalty(one, change, rate=0.2)) == pytest.approx(0.078125)
    found = noise.error_variance(one, torch.ones(1, 1), change, rate=0.2)
    assert float(found) ** 0.5 == pytest.approx(0.2432, abs=5e-5)


def test_the_steps_grow_as_one_over_the_square_of_a_small_change() -> None:
    inputs, targets, change = case(3, examples=5)
    small, smaller = (
        noise.steps_to_settle(inputs, targets, size * change, rate=0.3, share=0.1)
        for size in (1e-4, 1e-5)
    )
    assert smaller / small == pytest.approx(100, rel=1e-2)


def test_so_many_steps_leave_the_share_that_was_asked() -> None:
    given = case(4)
    steps = noise.steps_to_settle(*given, rate=0.4, share=0.2, shared=True)
    variance = noise.error_variance(*given, rate=0.4, shared=True)
    penalty = noise.added_penalty(given[0], given[2], rate=0.4)
    assert float(variance / steps) ** 0.5 == pytest.approx(0.2 * float(penalty))


def test_no_dropout_no_variance() -> None:
    assert float(noise.error_variance(*case(5), rate=0.0)) == 0.0


def test_what_is_refused() -> None:
    inputs, targets, change = case(6)
    with pytest.raises(ValueError, match="rate must"):
        noise.error_variance(inputs, targets, change, rate=1.0)
    with pytest.raises(ValueError, match="change must be finite"):
        noise.added_penalty(inputs, change * torch.inf, rate=0.1)
    with pytest.raises(ValueError, match="adds nothing"):
        noise.steps_to_settle(inputs, targets, 0 * change, rate=0.1, share=0.1)
    with pytest.raises(ValueError, match="share must be positive"):
        noise.steps_to_settle(inputs, targets, change, rate=0.1, share=0.0)
