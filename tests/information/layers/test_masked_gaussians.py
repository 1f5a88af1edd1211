from itertools import product

import pytest
import torch

from runtheory.information.layers.masked_gaussians import dropout_share, masked_shares
from runtheory.information.measures.divergences import Gaussian
from runtheory.randomness import stream


def laws(width: int) -> tuple[Gaussian, Gaussian]:
    draw = stream(width, "laws")
    roots = torch.randn(2, width, width, dtype=torch.float64, generator=draw)
    means = torch.randn(2, width, dtype=torch.float64, generator=draw)
    eye = torch.eye(width, dtype=torch.float64)
    first, second = (
        Gaussian(mean, root @ root.T + eye) for mean, root in zip(means, roots, strict=True)
    )
    return first, second


def divergence(first: Gaussian, second: Gaussian, kept: list[int]) -> float:
    """The textbook formula, with an inverse and determinants."""
    if not kept:
        return 0.0
    a, b = (law.covariance[kept][:, kept] for law in (first, second))
    shift = second.mean[kept] - first.mean[kept]
    inverse = torch.linalg.inv(b)
    volumes = torch.logdet(b) - torch.logdet(a)
    return float((torch.trace(inverse @ a) + shift @ inverse @ shift - len(kept) + volumes) / 2)


def test_share_is_the_mean_over_masks() -> None:
    first, second = laws(3)
    share, rate = 0.0, 0.3
    for mask in product((False, True), repeat=3):
        kept = [place for place, keep in enumerate(mask) if keep]
        chance = 0.7 ** len(kept) * 0.3 ** (3 - len(kept))
        share += chance * divergence(first, second, kept)
    whole = divergence(first, second, [0, 1, 2])
    assert dropout_share(first, second, rate=rate) == pytest.approx(share / whole, abs=1e-12)


@pytest.mark.parametrize("rho", [-0.8, 0.0, 0.6])
def test_two_correlated_coordinates_have_a_closed_form(rho: float) -> None:
    covariance = torch.tensor([[1.0, rho], [rho, 1.0]], dtype=torch.float64)
    first = Gaussian(torch.zeros(2, dtype=torch.float64), covariance)
    second = Gaussian(torch.ones(2, dtype=torch.float64), covariance)
    expected = 0.7**2 + 0.7 * 0.3 * (1 + rho)
    assert dropout_share(first, second, rate=0.3) == pytest.approx(expected, abs=1e-12)


def test_all_and_nothing() -> None:
    first, second = laws(4)
    masks = torch.tensor([[True] * 4, [False] * 4])
    assert masked_shares(first, second, masks).tolist() == pytest.approx([1, 0])
    assert dropout_share(first, second, rate=0.0) == pytest.approx(1)
    assert dropout_share(first, second, rate=1.0) == 0


def test_refusals() -> None:
    first, second = laws(2)
    with pytest.raises(ValueError, match="divergence must be positive"):
        dropout_share(first, first, rate=0.5)
    with pytest.raises(ValueError, match="rate must lie in"):
        dropout_share(first, second, rate=-0.1)
    with pytest.raises(ValueError, match="at most 12 coordinates, got 13"):
        dropout_share(*laws(13), rate=0.5)
