"""Networks whose first layer is a product: cut, taken apart anew, trained."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from runtheory.capacity.ordered_dropout import networks
from runtheory.capacity.ordered_dropout.networks import Factored, Task
from runtheory.randomness import stream


def drawn(rank: int = 4, seed: int = 0) -> Factored:
    return networks.draw_factored((6, 8, 3), rank=rank, replicates=2, generator=stream(seed, "net"))


def examples(count: int = 60) -> tuple[Tensor, Tensor]:
    """Three classes, of which the largest of three pairs of inputs decides."""
    inputs = torch.randn(2, count, 6, generator=stream(0, "inputs"))
    return inputs, inputs.unflatten(2, (3, 2)).sum(3).argmax(2)


def task(steps: int = 100) -> Task:
    inputs, labels = examples()
    batches = torch.rand(steps, 2, 40, generator=stream(0, "batches")).argsort(2)[..., :16]
    split = (inputs[:, :40], labels[:, :40]), (inputs[:, 40:], labels[:, 40:])
    return Task(*split, batches)


def test_a_cut_network_matches_a_loop() -> None:
    net, (inputs, _) = drawn(), examples(5)
    scores = net.cut(3).scores(inputs)
    for replicate in range(2):
        left, right = net.factors.left[replicate], net.factors.right[replicate]
        for place, x in enumerate(inputs[replicate]):
            hidden = sum(left[:, i] * (right[:, i] @ x) for i in range(3))
            hidden = (hidden + net.bias[replicate, 0]).relu()
            expected = hidden @ net.out_weight[replicate] + net.out_bias[replicate, 0]
            assert torch.allclose(scores[replicate, place], expected, atol=1e-5)


def test_the_product_starts_with_the_variance_of_a_full_matrix() -> None:
    net = networks.draw_factored((50, 60, 3), rank=7, replicates=80, generator=stream(1, "net"))
    variances = net.factors.product.square().mean((1, 2))
    assert abs(variances.mean() - 2 / 50) < 5 * variances.std() / math.sqrt(80)


@pytest.mark.parametrize("informed", [False, True])
def test_taken_apart_anew_the_network_is_the_same_and_its_cuts_err_least(informed) -> None:
    net, (inputs, _) = drawn(), examples()
    seen = inputs.double()
    moments = seen.mT @ seen / seen.shape[1] if informed else None
    anew = networks.resolved(net, moments)
    assert torch.allclose(anew.cut(4).scores(inputs), net.cut(4).scores(inputs), atol=1e-4)
    before, after = net.factors.product.double(), anew.factors.cut(2).product.double()
    root = torch.linalg.cholesky(moments) if moments is not None else torch.eye(6).double()
    values = torch.linalg.svdvals(before @ root)
    apart = ((before - after) @ root).square().sum((1, 2))
    assert torch.allclose(apart, values[:, 2:].square().sum(1), rtol=1e-4)


def test_training_moves_only_the_kept_columns_and_learns() -> None:
    start, given = drawn(), task()
    kept = networks.trained(start, given, lengths=torch.tensor([2] * 100), rate=0.03)
    assert torch.equal(kept.factors.left[..., 2:], start.factors.left[..., 2:])
    assert not torch.equal(kept.factors.left[..., :2], start.factors.left[..., :2])
    before = networks.accuracy(start.cut(2), *given.training)
    assert (networks.accuracy(kept.cut(2), *given.training) > before + 0.2).all()


def test_replicates_do_not_see_each_other() -> None:
    start, given = drawn(), task(20)
    lengths = torch.arange(20) % 4 + 1
    together = networks.trained(start, given, lengths=lengths, rate=0.03)
    alone = networks.trained(
        Factored(
            type(start.factors)(start.factors.left[1:], start.factors.right[1:]),
            start.bias[1:],
            start.out_weight[1:],
            start.out_bias[1:],
        ),
        Task(
            (given.training[0][1:], given.training[1][1:]),
            (given.validation[0][1:], given.validation[1][1:]),
            given.batches[:, 1:],
        ),
        lengths=lengths,
        rate=0.03,
    )
    assert torch.allclose(together.factors.left[1:], alone.factors.left, atol=1e-5)


def test_tuning_keeps_the_rate_of_the_best_validation() -> None:
    lengths = torch.tensor([4, 2] * 30)
    found = networks.tuned(drawn(), task(60), lengths=lengths, rates=(1e-6, 0.03))
    assert found.rate == 0.03
    both = [
        float(networks.accuracy(found.net.cut(kept), *task().validation).mean()) for kept in (2, 4)
    ]
    assert found.validated[1] == pytest.approx(sum(both) / 2)


def test_scores_that_are_not_finite_are_no_right_answer() -> None:
    net, (inputs, labels) = drawn().cut(4), examples()
    broken = type(net)(net.weights, (net.biases[0], net.biases[1] * math.inf))
    assert (networks.accuracy(broken, inputs, labels) == 0).all()


def test_errors_say_what_came() -> None:
    start, given = drawn(), task(5)
    with pytest.raises(ValueError, match=r"lengths must lie in \[1, 4\], got 5"):
        networks.trained(start, given, lengths=torch.tensor([5]), rate=0.1)
    with pytest.raises(ValueError, match=r"steps must lie in \[1, 5\], got 6"):
        networks.trained(start, given, lengths=torch.ones(6, dtype=torch.int64), rate=0.1)
    with pytest.raises(ValueError, match=r"widths must be inputs, hidden units and classes"):
        networks.draw_factored((6, 8), rank=2, replicates=1, generator=stream(0, "net"))
    with pytest.raises(ValueError, match="rates must be at least 1, got 0"):
        networks.tuned(start, given, lengths=torch.tensor([4]), rates=())
