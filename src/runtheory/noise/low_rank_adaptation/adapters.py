r"""Low-rank adapters on stacked perceptrons, and descent with plain or norm-adapted steps.

A layer x W gets x W + dropout(x) A B. W and the biases stay as they are, A is drawn and B is zero
at the start, so that nothing has changed yet. No scaling factor in front of A B.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.masks import apply_masks, check_rate, draw_masks
from runtheory.information.supersamples.perceptrons import Perceptrons

Inputs = Float[Tensor, "replicate example feature"]
Labels = Int64[Tensor, "replicate example"]


@dataclass(frozen=True)
class Adapters:
    """One adapter for each layer: ``down[l]`` is A (replicate, inputs, rank), ``up[l]`` is B."""

    down: tuple[Float[Tensor, "replicate _ _"], ...]
    up: tuple[Float[Tensor, "replicate _ _"], ...]

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        return (*self.down, *self.up)


@dataclass(frozen=True)
class Steps:
    """How adapters learn: dropout of ``drop`` on their inputs, and ``cap``, the gain at norm zero.

    Without ``cap`` steps are plain. With it the weights into a unit, of norm rho, move at
    (rho + cap^-2)^(-1/2) times the learning rate. B moves at ``up_rate`` times the rate of A.

    Raises
    ------
    ValueError
        If ``drop`` is outside [0, 1), or ``cap`` or ``up_rate`` is not positive and finite.
    """

    drop: float = 0.0
    cap: float | None = None
    up_rate: float = 1.0

    def __post_init__(self) -> None:
        check_rate(self.drop)
        checks.positive_finite(cap=1.0 if self.cap is None else self.cap, up_rate=self.up_rate)


@checked
def draw_adapters(net: Perceptrons, *, rank: int, generator: torch.Generator) -> Adapters:
    """Draw A with entries N(0, 1 / inputs), and set B to zero, for every layer of ``net``.

    Raises
    ------
    ValueError
        If ``rank`` is below one.
    """
    checks.at_least(1, rank=rank)
    down, up = [], []
    for weight in net.weights:
        replicates, inputs, outputs = weight.shape
        normal = torch.randn(
            (replicates, inputs, rank), generator=generator, device=generator.device
        )
        down.append((normal / inputs**0.5).to(weight))
        up.append(weight.new_zeros(replicates, rank, outputs))
    return Adapters(tuple(down), tuple(up))


@checked
def adapted_scores(
    net: Perceptrons,
    adapters: Adapters,
    inputs: Inputs,
    *,
    drop: float = 0.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "replicate example class"]:
    """Return the scores of ``net`` with its adapters, whose own inputs lose features at ``drop``.

    Every example and layer has a mask of its own. At ``drop`` 0, and in use, nothing is drawn.

    Raises
    ------
    ValueError
        If ``drop`` is outside [0, 1), has no generator, or the inputs do not fit.
    """
    check_rate(drop)
    if drop and generator is None:
        raise ValueError("dropout needs a generator, got None")
    _check_fit(net, inputs)
    hidden = inputs
    layers = zip(net.weights, net.biases, adapters.down, adapters.up, strict=True)
    for layer, (weight, bias, down, up) in enumerate(layers):
        seen = hidden
        if drop and generator is not None:
            masks = draw_masks(1, hidden.shape, rate=drop, generator=generator)
            seen = apply_masks(hidden, masks, rate=drop)[0]
        hidden = torch.baddbmm(bias, hidden, weight) + torch.bmm(torch.bmm(seen, down), up)
        if layer + 1 < len(net.weights):
            hidden = hidden.relu()
    return hidden


@checked
def unit_gain(
    weights: Float[Tensor, "replicate input unit"], *, cap: float
) -> Float[Tensor, "replicate 1 unit"]:
    """Return the gain of each unit, by the norm of the weights into it, in the weights' dtype.

    (rho + cap^-2)^(-1/2): ``cap`` for a unit whose weights are all zero.

    Raises
    ------
    ValueError
        If ``cap`` is not positive and finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.low_rank_adaptation.adapters import unit_gain
    >>> unit_gain(torch.tensor([[[0.0, 3.0], [0.0, 4.0]]]), cap=2.0)
    tensor([[[2.0000, 0.4364]]])
    """
    checks.positive_finite(cap=cap)
    return torch.rsqrt(torch.linalg.vector_norm(weights, dim=1, keepdim=True) + cap**-2)


@checked
def adapt(
    net: Perceptrons,
    start: Adapters,
    examples: tuple[Inputs, Labels],
    *,
    batches: Int64[Tensor, "step replicate batch"],
    learning_rates: Float[Tensor, " replicate"],
    steps: Steps,
    generator: torch.Generator,
) -> Iterator[Adapters]:
    """Yield the adapters after each step of descent on the cross-entropy of a batch.

    Each replicate has its own learning rate. ``net`` and ``start`` are not changed; masks are drawn
    from ``generator``, batches are given.

    Raises
    ------
    ValueError
        If there is no step, a learning rate is not positive, inputs are not finite or do not fit,
        a label is none of the classes, or a batch names an example that is not there.
    """
    inputs, labels = examples
    checks.at_least(1, steps=len(batches))
    tensor_checks.finite(inputs=inputs, learning_rates=learning_rates)
    if tensor_checks.readable(labels):
        checks.positive(learning_rates=learning_rates.tolist())
        checks.labels_below(labels, net.weights[-1].shape[2])
        checks.labels_below(batches, inputs.shape[1], name="batches")
    _check_fit(net, inputs)
    sizes = learning_rates.to(inputs)[:, None, None]
    return _walk(net, start, examples, batches, sizes=sizes, steps=steps, generator=generator)


def _walk(
    net: Perceptrons,
    now: Adapters,
    examples: tuple[Tensor, Tensor],
    batches: Tensor,
    *,
    sizes: Tensor,
    steps: Steps,
    generator: torch.Generator,
) -> Iterator[Adapters]:
    inputs, labels = examples
    rows = torch.arange(net.replicates, device=inputs.device)[:, None]  # beside (replicate, batch)
    for chosen in batches:
        picked = inputs[rows, chosen], labels[rows, chosen]
        now = _one_step(net, now, *picked, sizes=sizes, steps=steps, generator=generator)
        yield now


def _one_step(
    net: Perceptrons,
    now: Adapters,
    inputs: Tensor,
    labels: Tensor,
    *,
    sizes: Tensor,
    steps: Steps,
    generator: torch.Generator,
) -> Adapters:
    live = [parameter.detach().requires_grad_() for parameter in now.parameters]
    layers = len(now.down)
    trained = Adapters(tuple(live[:layers]), tuple(live[layers:]))
    scores = adapted_scores(net, trained, inputs, drop=steps.drop, generator=generator)
    # The sum over replicates of mean losses: no replicate sees another's gradient.
    loss = torch.nn.functional.cross_entropy(
        scores.flatten(0, 1), labels.flatten(), reduction="sum"
    )
    gradients = torch.autograd.grad(loss / labels.shape[1], live)
    factors = (*[1.0] * layers, *[steps.up_rate] * layers)
    with torch.no_grad():
        moved = [
            weights - factor * sizes * _gain_of(weights, steps) * gradient
            for weights, gradient, factor in zip(live, gradients, factors, strict=True)
        ]
    return Adapters(tuple(moved[:layers]), tuple(moved[layers:]))


def _gain_of(weights: Tensor, steps: Steps) -> Tensor | float:
    return 1.0 if steps.cap is None else unit_gain(weights, cap=steps.cap)


def _check_fit(net: Perceptrons, inputs: Tensor) -> None:
    asked, came = (net.replicates, net.weights[0].shape[1]), (inputs.shape[0], inputs.shape[2])
    if asked != came:
        raise ValueError(
            f"inputs must have {asked[0]} replicates and {asked[1]} columns, "
            f"got {came[0]} and {came[1]}"
        )
