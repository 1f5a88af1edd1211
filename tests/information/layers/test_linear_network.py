import math

import numpy as np
import pytest
import torch

from runtheory.information.layers.hierarchy import wasserstein_ladder
from runtheory.information.layers.linear_network import (
    LinearNetwork,
    draw_clouds,
    draw_weights,
    layer_distances,
    noisy_end_distances,
    point_distances,
)
from runtheory.information.measures.transport import wasserstein
from runtheory.randomness import stream


def network(samples: int = 10) -> LinearNetwork:
    draw = stream(0, "network")
    steps = [torch.randn(shape, dtype=torch.float64, generator=draw) for shape in ((4, 6), (2, 4))]
    return LinearNetwork(tuple(steps), torch.ones(6, dtype=torch.float64), samples)


def test_weights_are_what_a_mean_of_examples_gives() -> None:
    net = network()
    weights = draw_weights(net, 20_000, generator=stream(0, "weights"))
    covariance = weights.shifts.T.cov(correction=0)
    eye = torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(covariance, eye / 10, atol=0.005, rtol=0)
    last = net.steps[1] @ net.steps[0]
    learnt = (weights.shifts[0] + net.mean) @ last.T
    torch.testing.assert_close(weights.rows[0], learnt @ last)
    norms = [torch.linalg.matrix_norm(step, 2) for step in net.steps]
    assert weights.lipschitz[0] == pytest.approx([*map(float, norms), float(learnt.norm())])


def test_gap_of_the_linear_loss_has_a_closed_form() -> None:
    weights = draw_weights(network(), 40_000, generator=stream(1, "weights"))
    terms = (weights.rows * weights.shifts).sum(1)
    last = network().maps[-1]
    # E <B^T B (mu + s), s> = |B|_F^2 / n
    expected = float(last.square().sum()) / 10
    assert abs(weights.gap - expected) < 4 * float(terms.std()) / 200


def test_ends_at_every_layer_are_in_order_and_the_least_bound_is_the_last() -> None:
    net = network()
    weights = draw_weights(net, 50, generator=stream(2, "weights"))
    for noise in (0.0, 0.5):
        lower, upper = layer_distances(net, weights, noise=noise)
        assert np.all(lower <= upper + 1e-12)
        found = wasserstein_ladder(upper, weights.lipschitz, loss_lipschitz=1.0)
        assert found.funnel == 3
        assert found.excess <= 1e-12


def test_noise_leaves_less_of_the_spreads() -> None:
    net = network(samples=2)
    weights = draw_weights(net, 5, generator=stream(3, "weights"))
    (_, plain), (_, noisy) = (layer_distances(net, weights, noise=noise) for noise in (0.0, 2.0))
    np.testing.assert_array_equal(plain[:, :3], noisy[:, :3])
    assert np.all(noisy[:, 3] < plain[:, 3])


def test_clouds_have_their_means_and_deviations() -> None:
    net, shift = network(samples=2), torch.full((6,), 3.0, dtype=torch.float64)
    trained, new, other = draw_clouds(
        net, shift, count=20_000, fresh=2, generator=stream(4, "clouds")
    )
    torch.testing.assert_close(trained.mean(0), net.mean + shift, atol=0.03, rtol=0)
    assert float(trained.std()) == pytest.approx(math.sqrt(0.5), abs=0.01)
    for points in (new, other):
        torch.testing.assert_close(points.mean(0), net.mean, atol=0.03, rtol=0)
        assert float(points.std()) == pytest.approx(1, abs=0.01)


def test_points_are_pushed_through_all_layers() -> None:
    net = network()
    weights = draw_weights(net, 2, generator=stream(5, "weights"))
    found = point_distances(net, weights, count=30, directions=5, generator=stream(5, "points"))
    draw = stream(5, "points")
    trained, new, other = draw_clouds(net, weights.shifts[0], count=30, fresh=2, generator=draw)
    first = net.steps[0]
    assert found.sample[0, 1, 0] == pytest.approx(wasserstein(trained @ first.T, new @ first.T))
    assert found.same_law[0, 1, 0] == pytest.approx(wasserstein(other @ first.T, new @ first.T))
    assert found.sample.shape == (2, 4, 1)
    assert np.all(found.sliced <= found.sample + 1e-12)


def test_silent_wide_end_is_the_score() -> None:
    net = network()
    weights = draw_weights(net, 2, generator=stream(6, "weights"))
    draw = stream(6, "points")
    silent, loud = noisy_end_distances(
        net, weights, count=30, noises=(0.0, 1.0), width=8, generator=draw
    )
    again = stream(6, "points")
    trained, new = draw_clouds(net, weights.shifts[0], count=30, generator=again)
    row = weights.rows[0][:, None]
    assert silent[0, 3, 0] == pytest.approx(wasserstein(trained @ row, new @ row))
    np.testing.assert_array_equal(silent[:, :3], loud[:, :3])
    assert np.all(loud[:, 3] > silent[:, 3])


def test_every_point_has_noise_of_its_own() -> None:
    net = network()
    weights = draw_weights(net, 1, generator=stream(8, "weights"))
    (noisy,) = noisy_end_distances(
        net, weights, count=30, noises=(50.0,), width=8, generator=stream(8, "points")
    )
    # With one noise for both clouds the distance would be that of the scores.
    assert noisy[0, 3, 0] > 50 * float(weights.rows[0].norm())


def test_refusals() -> None:
    with pytest.raises(ValueError, match="samples must be at least 2, got 1"):
        network(samples=1)
    weights = draw_weights(network(), 2, generator=stream(7, "weights"))
    with pytest.raises(ValueError, match="noise must not be negative"):
        layer_distances(network(), weights, noise=-1.0)
