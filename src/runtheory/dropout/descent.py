r"""The expected path of stochastic descent under dropout in linear regression, exactly.

An example's loss under a mask is :math:`\frac12 (y - w^\top(\xi \odot x))^2`. Its gradient is
linear in (w, -1), so the second moments of the weights after an update are a linear function of
those before it, and the expected objective after any number of updates is computed, not sampled.
Examples are drawn with replacement, each with masks of its own (thm-variance-law); every mask is
listed. A state is S = E[u u^T] for u = (w, -1), float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import check_samples
from runtheory.dropout.oracle import all_masks
from runtheory.dropout.penalties import adaptive_ridge
from runtheory.shapes import Features, Scalar

State = Float64[Tensor, "homogeneous homogeneous"]
Kernel = Float64[Tensor, "feature feature homogeneous homogeneous"]
Covariance = Float64[Tensor, "feature feature"]


@dataclass(frozen=True, eq=False)
class MaskedRegression:
    """Moments of a regression under dropout: all that an expected path depends on.

    ``products`` is E[v v^T] for v = (xi * x, y), over examples and masks. ``data`` and ``mask``
    map a state to the covariance of an example's mean gradient and to the mean covariance over its
    masks. ``minimiser`` is that of the objective (thm-adaptive-ridge).
    """

    products: State
    data: Kernel
    mask: Kernel
    minimiser: Float64[Tensor, " feature"]

    @property
    def hessian(self) -> Covariance:
        """The second derivatives of the objective."""
        return self.products[:-1, :-1]

    def start(self, weights: Float[Tensor, " feature"]) -> State:
        """Return the state of weights that are not random."""
        known = torch.cat([weights.double(), -weights.new_ones(1, dtype=torch.float64)])
        return torch.outer(known, known)


@checked
def masked_regression(
    inputs: Features, targets: Float[Tensor, " batch"], *, rate: float
) -> MaskedRegression:
    """Return the moments of linear regression whose inputs are dropped at ``rate``.

    Raises
    ------
    ValueError
        If there is no example, are more than 12 features, a number is not finite or ``rate`` lies
        outside [0, 1).
    """
    tensor_checks.finite(inputs=inputs, targets=targets)
    checks.at_least(1, examples=len(inputs))
    masks, weights = all_masks(inputs.shape[1], rate=rate)
    scaled = masks.double() / (1 - rate)
    dropped = scaled[:, None] * inputs.double()  # (mask, example, feature)
    answer = targets.double().expand(len(masks), -1)[..., None]
    rows = torch.cat([dropped, answer], 2)  # (mask, example, homogeneous)
    chance = weights / len(inputs)
    whole = torch.einsum("m,mna,mnb,mnc,mnd->abcd", chance, dropped, dropped, rows, rows)
    each = torch.einsum("m,mna,mnc->nac", weights, dropped, rows)  # mean gradients, as maps
    between = torch.einsum("nac,nbd->abcd", each, each) / len(inputs)
    products = torch.einsum("m,mnc,mnd->cd", chance, rows, rows)
    mean = torch.einsum("ac,bd->abcd", products[:-1], products[:-1])
    best = adaptive_ridge(inputs, targets, rate=rate)
    return MaskedRegression(products, between - mean, whole - between, best)


@checked
def covariances(model: MaskedRegression, state: State) -> tuple[Covariance, Covariance]:
    """Return the expected covariances of an example's gradient: over examples, and over masks.

    Their traces are V_data and V_mask where the weights are not random.
    """
    data, mask = (torch.einsum("abcd,cd->ab", one, state) for one in (model.data, model.mask))
    return data, mask


@checked
def expected_excess(model: MaskedRegression, state: State) -> Scalar:
    """Return by how much the expected objective exceeds its minimum: 1/2 E (w - w*)^T A (w - w*).

    ``A`` is the Hessian. The objective is half the mean of ``penalties.expected_squared_error``.
    """
    best = model.start(model.minimiser)
    return (model.products * (state - best)).sum() / 2


@checked
def best_step(model: MaskedRegression, state: State, *, batch: int, samples: int) -> float:
    """Return the step size after which the expected objective is least (thm-fewer-updates).

    It is E|G|^2 / E[g^T A g], with G the gradient of the objective and g that of a batch. 0 where
    the second is 0, at a minimum without noise.
    """
    gradient = model.products[:-1] @ state @ model.products[:-1].mT
    spread = gradient + _noise(model, state, batch=batch, samples=samples)
    curvature = float((model.hessian * spread).sum())
    return 0.0 if curvature <= 0 else float(gradient.trace()) / curvature


@checked
def update(
    model: MaskedRegression, state: State, step_size: float, *, batch: int, samples: int
) -> State:
    """Return the state after w - ``step_size`` g, with g the gradient of a batch under its masks.

    Raises
    ------
    ValueError
        If a count is below 1.
    """
    map_ = torch.eye(len(state), dtype=torch.float64, device=state.device)
    map_[:-1] -= step_size * model.products[:-1]
    after = map_ @ state @ map_.mT
    after[:-1, :-1] += step_size**2 * _noise(model, state, batch=batch, samples=samples)
    return after


@checked
def expected_path(
    model: MaskedRegression,
    state: State,
    *,
    updates: int,
    batch: int,
    samples: int,
    step_size: float | None = None,
) -> Float64[Tensor, " update"]:
    """Return ``expected_excess`` before the first update and after each of ``updates``.

    Without a ``step_size`` each update takes the ``best_step`` of its state, which is the same for
    all runs: it knows what is expected, not what has come.

    Raises
    ------
    ValueError
        If a count is below 1.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout import expected_path, masked_regression
    >>> inputs, targets = torch.eye(2), torch.ones(2)
    >>> model = masked_regression(inputs, targets, rate=0.5)
    >>> state = model.start(torch.zeros(2))
    >>> [
    ...     round(float(expected_path(model, state, updates=9, batch=1, samples=m)[-1]), 3)
    ...     for m in (1, 8)
    ... ]
    [0.019, 0.001]
    """
    checks.at_least(1, updates=updates, batch=batch)
    check_samples(samples)
    path = [expected_excess(model, state)]
    for _ in range(updates):
        size = step_size
        if size is None:
            size = best_step(model, state, batch=batch, samples=samples)
        state = update(model, state, size, batch=batch, samples=samples)
        path.append(expected_excess(model, state))
    return torch.stack(path)


@checked
def diffusion(
    model: MaskedRegression,
    state: State,
    *,
    time: float,
    step_size: float,
    batch: int,
    samples: int,
) -> State:
    r"""Return the state at ``time`` of the diffusion that stands for descent with small steps.

    .. math:: dw = -\nabla L(w)\, dt + \sqrt{\eta\, C(w)}\, dW

    C is the covariance of a batch's gradient and eta the step size: the stochastic modified
    equation of the first order [zhang2023stochastic]. Update t of descent is at time t eta, and
    their expected objectives differ by a term of order eta. The moments obey a linear equation,
    solved by a matrix exponential.

    Raises
    ------
    ValueError
        If ``time`` or ``step_size`` is negative, or a count is below 1.
    """
    checks.not_negative(time=time, step_size=step_size)
    drift = torch.cat([model.products[:-1], model.products.new_zeros(1, len(state))])

    def change(state: Tensor) -> Tensor:
        noise = _noise(model, state, batch=batch, samples=samples)
        turned = -drift @ state - state @ drift.mT
        turned[:-1, :-1] += step_size * noise
        return turned

    basis = torch.eye(state.numel(), dtype=torch.float64, device=state.device)
    columns = [change(one.reshape(state.shape)).flatten() for one in basis]
    flow = torch.linalg.matrix_exp(time * torch.stack(columns, 1))
    return (flow @ state.flatten()).reshape(state.shape)


def _noise(model: MaskedRegression, state: Tensor, *, batch: int, samples: int) -> Tensor:
    checks.at_least(1, batch=batch)
    check_samples(samples)
    data, mask = covariances(model, state)
    return (data + mask / samples) / batch
