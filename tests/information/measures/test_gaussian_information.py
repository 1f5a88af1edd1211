import math

import pytest
import torch

from runtheory.information.measures.gaussian_information import (
    log_determinant,
    mean_information,
    normal_information,
)
from runtheory.randomness import stream


def matrix(rows: int, columns: int) -> torch.Tensor:
    return torch.randn(rows, columns, dtype=torch.float64, generator=stream(rows, f"{columns}"))


@pytest.mark.parametrize("samples", [2, 3, 50])
@pytest.mark.parametrize("rank", [1, 4])
def test_layer_below_the_mean_carries_half_its_rank(samples: int, rank: int) -> None:
    layer = matrix(rank, 6)
    expected = rank / 2 * math.log(samples / (samples - 1))
    found = mean_information(layer, layer, samples=samples)
    assert found == pytest.approx(expected, rel=1e-10)


def test_information_of_unlike_matrices_against_determinants() -> None:
    layer, weights, samples = matrix(2, 5), matrix(3, 5), 4
    own, other = layer @ layer.T, weights @ weights.T / samples
    cross = layer @ weights.T / samples
    schur = own - cross @ torch.linalg.inv(other) @ cross.T
    expected = (torch.logdet(own) - torch.logdet(schur)) / 2
    assert mean_information(layer, weights, samples=samples) == pytest.approx(float(expected))


def test_one_example_is_known_from_its_mean() -> None:
    with pytest.raises(ValueError, match="samples must be at least 2, got 1"):
        mean_information(matrix(1, 2), matrix(1, 2), samples=1)


def test_log_determinant_is_unbiased() -> None:
    root = torch.tensor([[2.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, -1.0, 0.3]], dtype=torch.float64)
    draw = stream(0, "rows")
    rows = torch.randn(20_000, 6, 3, dtype=torch.float64, generator=draw) @ root.T
    found = log_determinant(rows)
    truth = 2 * root.diagonal().log().sum()
    error = found.std() / len(found) ** 0.5
    assert abs(found.mean() - truth) < 4 * error


def test_information_from_few_samples_is_unbiased() -> None:
    draw, rho = stream(1, "pairs"), 0.6
    first, noise = torch.randn(2, 20_000, 8, 2, dtype=torch.float64, generator=draw)
    second = rho * first + math.sqrt(1 - rho**2) * noise
    found = normal_information(first, second)
    error = found.std() / len(found) ** 0.5
    assert abs(found.mean() + math.log(1 - rho**2)) < 4 * error


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="more samples than features, got 3 and 3"):
        log_determinant(torch.zeros(1, 3, 3, dtype=torch.float64))
