"""Networks on stripes: what is drawn, chosen and returned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from runtheory.capacity.intrinsic_dimension import laws, networks
from runtheory.information.supersamples.perceptrons import draw_perceptrons
from runtheory.randomness import stream


def fit(rates: tuple[float, ...], **changed: int) -> networks.Fitted:
    asked = {"samples": 200, "dimension": 1, "periods": 1, "replicates": 3} | changed
    return networks.fitted(**asked, rates=rates, generator=stream(0, "fit"))


def test_a_network_learns_stripes_and_the_rate_that_learns_is_chosen() -> None:
    found = fit((1e-5, 0.1))
    assert found.rate == 0.1
    assert found.errors.max() < 0.1
    torch.testing.assert_close(found.inputs.norm(dim=2), torch.ones(3, 2000))  # rotated circles
    again = fit((1e-5, 0.1))
    assert (again.errors == found.errors).all()


def test_the_neighbour_errs_as_its_law_says() -> None:
    found = fit((0.1,), replicates=12)
    error = found.neighbour_errors.std(ddof=1) / 12**0.5
    expected = laws.neighbour_error(200, 1, periods=1)
    assert abs(found.neighbour_errors.mean() - expected) < 4.5 * error


def test_hidden_layers_are_those_of_a_loop() -> None:
    net = draw_perceptrons((3, 4, 5, 2), replicates=2, generator=stream(1, "net"))
    inputs = torch.randn((2, 6, 3), generator=stream(1, "inputs"))
    values = inputs
    layers = networks.hidden_layers(net, inputs)
    assert len(layers) == 2
    for layer, weight, bias in zip(layers, net.weights, net.biases, strict=False):
        values = torch.stack([(values[r] @ weight[r] + bias[r]).clamp(min=0) for r in range(2)])
        torch.testing.assert_close(layer, values)
    assert networks.hidden_layers(net.select(slice(1)), inputs[:1])[0].shape == (1, 6, 4)


def test_wrong_arguments_are_named() -> None:
    net = draw_perceptrons((3, 4, 2), replicates=2, generator=stream(1, "net"))
    for call, text in [
        (lambda: fit((0.1,), samples=49), "samples"),
        (lambda: fit((0.1,), replicates=0), "replicates"),
        (lambda: fit(()), "rates"),
        (lambda: fit((-0.1,)), "learning_rate"),
        (lambda: fit((0.1,), dimension=0), "dimension"),
        (lambda: networks.hidden_layers(net, torch.zeros(1, 5, 3)), "replicates"),
        (lambda: networks.hidden_layers(net, torch.zeros(2, 5, 4)), "columns"),
    ]:
        with pytest.raises(ValueError, match=text):
            call()


def test_a_network_that_has_run_away_counts_as_wrong() -> None:
    found = fit((1e6,))
    assert np.isfinite(found.errors).all()
    assert (found.errors > 0.3).all()
