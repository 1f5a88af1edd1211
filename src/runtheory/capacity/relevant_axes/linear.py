r"""The linear variational autoencoder, solved: its best bound is that of probabilistic PCA.

Centred data of covariance S with eigenvalues $\lambda_1 \ge \lambda_2 \ge \dots$, a decoder
$z \mapsto W z$ with noise of variance $s^2$ in each feature, and a prior with a variance for each
axis. The relevance of an axis is the squared norm of its column times its prior variance
(thm-linear-axes). Everything is float64, and information in nats.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Covariance = Float[Tensor, "feature feature"]
Decoder = Float[Tensor, "feature axis"]
Axes = Float[Tensor, " axis"]


@checked
def factor_data(
    variances: Float[Tensor, " factor"],
    *,
    features: int,
    noise: float,
    shape: tuple[int, int],
    generator: torch.Generator,
) -> Float[Tensor, "replicate example feature"]:
    """Draw data of a few factors in directions of its own for each replicate, and noise.

    ``variances`` are the factors', ``noise`` is the variance that each feature has besides;
    ``shape`` is (replicate, example). The covariance has the eigenvalues ``variances`` + ``noise``
    and, for the other directions, ``noise``. Dtype and device are those of ``variances``.

    Raises
    ------
    ValueError
        If there are more factors than features, a count is below one, or a variance is negative.
    """
    checks.at_least(1, factors=len(variances), replicates=shape[0], examples=shape[1])
    checks.at_least(len(variances), features=features)
    checks.not_negative(noise=noise, variances=variances.tolist())

    def normal(*size: int) -> Tensor:
        return torch.randn(
            size, generator=generator, dtype=variances.dtype, device=variances.device
        )

    turned = torch.linalg.qr(normal(shape[0], features, features))[0][:, : len(variances)]
    factors = normal(*shape, len(variances)) * variances.sqrt()
    return factors @ turned + math.sqrt(noise) * normal(*shape, features)


@checked
def relevances(
    eigenvalues: Float[Tensor, "*batch feature"], *, axes: int, noise: float
) -> Float64[Tensor, "*batch axis"]:
    """Return the relevances at the best bound, largest first: eigenvalue less s^2, never negative.

    Axes beyond the number of features have none (thm-linear-axes).

    Raises
    ------
    ValueError
        If there are no axes, ``noise`` is not positive, or an eigenvalue is not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.capacity.relevant_axes.linear import relevances
    >>> relevances(torch.tensor([0.5, 3.0]), axes=3, noise=1.0).tolist()
    [2.0, 0.0, 0.0]
    """
    checks.at_least(1, axes=axes)
    checks.positive_finite(noise=noise)
    tensor_checks.finite(eigenvalues=eigenvalues)
    ordered = eigenvalues.double().sort(-1, descending=True).values[..., :axes]
    above = (ordered - noise).clamp(min=0)
    return torch.nn.functional.pad(above, (0, axes - above.shape[-1]))


@checked
def best_decoder(
    covariance: Covariance, *, prior: Axes, noise: float
) -> Float64[Tensor, "feature axis"]:
    """Return the decoder of the best bound: principal directions, as long as the prior asks.

    Column l has the squared norm of its relevance over ``prior`` l. Raises as ``relevances``, and
    ``ValueError`` for a prior variance that is not positive or a covariance that is not symmetric.
    """
    _check(covariance, prior, noise)
    values, vectors = torch.linalg.eigh(covariance.double())
    lengths = (relevances(values, axes=len(prior), noise=noise) / prior.double()).sqrt()
    directions = vectors.flip(1)[:, : len(prior)]
    missing = len(prior) - directions.shape[1]
    return torch.nn.functional.pad(directions, (0, missing)) * lengths


@checked
def best_bound(
    eigenvalues: Float[Tensor, " feature"], *, axes: int, noise: float
) -> Float64[Tensor, ""]:
    """Return the largest mean evidence lower bound, in nats for an example (thm-linear-axes).

    Each relevant axis adds (t - 1 - ln t) / 2 with t its eigenvalue over s^2. Raises as
    ``relevances``.
    """
    above = relevances(eigenvalues, axes=axes, noise=noise) / noise
    alone = math.log(2 * math.pi * noise) + eigenvalues.double() / noise
    return 0.5 * ((above - above.log1p()).sum() - alone.sum())


@checked
def bound(
    covariance: Covariance, decoder: Decoder, *, prior: Axes, noise: float
) -> Float64[Tensor, ""]:
    """Return the mean evidence lower bound with the best diagonal Gaussian encoder.

    That encoder has the mean of the posterior and, on each axis, one over the diagonal of its
    inverse covariance for a variance; the bound falls short of ``evidence`` unless the columns are
    orthogonal. Raises as ``best_decoder``, and if the decoder does not fit.
    """
    precision = _precision(covariance, decoder, prior, noise)
    diagonal = precision.diagonal().log().sum() - torch.linalg.slogdet(precision).logabsdet
    return evidence(covariance, decoder, prior=prior, noise=noise) - 0.5 * diagonal


@checked
def evidence(
    covariance: Covariance, decoder: Decoder, *, prior: Axes, noise: float
) -> Float64[Tensor, ""]:
    """Return the mean log-likelihood of the linear Gaussian model. Raises as ``bound``."""
    _check(covariance, prior, noise, decoder)
    columns = decoder.double() * prior.double().sqrt()
    model = columns @ columns.T + noise * torch.eye(len(columns)).to(columns)
    fit = torch.linalg.solve(model, covariance.double()).trace()
    size = torch.linalg.slogdet(model).logabsdet
    return -0.5 * (len(columns) * math.log(2 * math.pi) + size + fit)


@checked
def encoder(
    covariance: Covariance, decoder: Decoder, *, prior: Axes, noise: float
) -> tuple[Float64[Tensor, "axis feature"], Float64[Tensor, " axis"]]:
    """Return the best diagonal Gaussian encoder: the matrix of its mean, and its variances.

    Raises as ``bound``.
    """
    precision = _precision(covariance, decoder, prior, noise)
    weights = torch.linalg.solve(precision, decoder.double().T / noise)
    return weights, 1 / precision.diagonal()


@checked
def refreshed(
    covariance: Covariance,
    decoder: Decoder,
    *,
    prior: Axes,
    noise: float,
    means_only: bool = False,
) -> Float64[Tensor, " axis"]:
    """Return the prior variances after one refresh: the mean square of the codes on each axis.

    With ``means_only`` the encoder's variance is left out, which makes every refresh too small
    (prop-refresh). Raises as ``bound``.
    """
    weights, variances = encoder(covariance, decoder, prior=prior, noise=noise)
    means = (weights @ covariance.double() @ weights.T).diagonal()
    return means if means_only else means + variances


@checked
def ascended(
    covariance: Covariance,
    *,
    axes: int,
    noise: float,
    learnt: bool,
    generator: torch.Generator,
) -> tuple[Float64[Tensor, "feature axis"], Float64[Tensor, " axis"]]:
    """Return decoder and prior variances where an ascent on ``bound`` ends, from random ones.

    L-BFGS with line search, at most 500 iterations. Prior variances begin at 1, and stay there
    unless they are ``learnt``. Raises as ``bound``.
    """
    checks.at_least(1, axes=axes)
    shape = (len(covariance), axes)
    normal = torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)
    columns = (normal / math.sqrt(axes)).requires_grad_()
    logarithms = torch.zeros_like(normal[0]).requires_grad_(learnt)
    live = [columns, logarithms] if learnt else [columns]
    search = torch.optim.LBFGS(
        live,
        max_iter=500,
        tolerance_grad=1e-7,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        search.zero_grad()
        with torch.enable_grad():
            value = -bound(covariance, columns, prior=logarithms.exp(), noise=noise)
            value.backward()
        return value.detach()

    search.step(loss)
    return columns.detach(), logarithms.detach().exp()


def _precision(covariance: Tensor, decoder: Tensor, prior: Tensor, noise: float) -> Tensor:
    _check(covariance, prior, noise, decoder)
    columns = decoder.double()
    return torch.diag(1 / prior.double()) + columns.T @ columns / noise


def _check(covariance: Tensor, prior: Tensor, noise: float, decoder: Tensor | None = None) -> None:
    checks.positive_finite(noise=noise)
    checks.at_least(1, axes=len(prior), features=len(covariance))
    tensor_checks.finite(covariance=covariance, prior=prior)
    if tensor_checks.readable(prior):
        checks.positive(prior=float(prior.detach().min()))
    if tensor_checks.readable(covariance) and not torch.allclose(covariance, covariance.mT):
        raise ValueError("covariance must be symmetric")
    asked = (len(covariance), len(prior))
    if decoder is not None and tuple(decoder.shape) != asked:
        raise ValueError(f"decoder must be (feature, axis) {asked}, got {tuple(decoder.shape)}")
