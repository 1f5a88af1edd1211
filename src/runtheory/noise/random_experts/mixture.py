r"""A layer of experts and a router that picks some of them for each input; many replicates at once.

Expert i has the output $v_i(x) = V_i \max(0, W_i x + b_i)$, the router the scores $r_i \cdot x$.
Logits are $c$ plus the mean of $v_i$ over the k experts of the largest scores (random router), or
their sum weighted by a softmax of these scores (gated, whose router is trained).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Inputs = Float[Tensor, "replicate example feature"]
Labels = Int64[Tensor, "replicate example"]


@dataclass(frozen=True)
class Experts:
    """Experts of equal width next to one another: ``hidden`` runs over experts, then units.

    A ``gated`` layer weighs its experts by the router's scores, and trains the router.
    """

    weights: Float[Tensor, "replicate feature hidden"]
    biases: Float[Tensor, "replicate 1 hidden"]
    out_weights: Float[Tensor, "replicate hidden class"]
    out_biases: Float[Tensor, "replicate 1 class"]
    router: Float[Tensor, "replicate feature expert"]
    gated: bool = False

    @property
    def experts(self) -> int:
        return self.router.shape[2]

    @property
    def trained(self) -> tuple[Tensor, ...]:
        """What training changes: a router only where it is gated."""
        own = (self.weights, self.biases, self.out_weights, self.out_biases)
        return (*own, self.router) if self.gated else own

    def replaced(self, trained: Sequence[Tensor]) -> Experts:
        """Return the layer with these in the place of ``trained``."""
        weights, biases, out_weights, out_biases, *rest = trained
        router = rest[0] if self.gated else self.router
        return Experts(weights, biases, out_weights, out_biases, router, self.gated)


@checked
def draw_router(
    features: int, *, experts: int, replicates: int, generator: torch.Generator
) -> Float[Tensor, "replicate feature expert"]:
    """Draw a direction for each expert, uniform on the unit sphere, float32.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, features=features, experts=experts, replicates=replicates)
    normal = _normal((replicates, features, experts), generator)
    return (normal / normal.norm(dim=1, keepdim=True)).float()


@checked
def draw_experts(
    features: int,
    *,
    experts: int,
    width: int,
    classes: int,
    replicates: int,
    generator: torch.Generator,
    gated: bool = False,
) -> Experts:
    """Draw experts of ``width`` rectified units each, float32; biases are zero.

    Weights are normal, of variance 2 / features into the units and 1 / width out of them.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, features=features, experts=experts, width=width)
    checks.at_least(1, classes=classes, replicates=replicates)
    hidden = experts * width
    inward = _normal((replicates, features, hidden), generator) * math.sqrt(2 / features)
    outward = _normal((replicates, hidden, classes), generator) / math.sqrt(width)
    router = draw_router(features, experts=experts, replicates=replicates, generator=generator)
    zeros = [router.new_zeros(replicates, 1, size) for size in (hidden, classes)]
    return Experts(inward.float(), zeros[0], outward.float(), zeros[1], router, gated)


@checked
def chosen(
    router: Float[Tensor, "replicate feature expert"], inputs: Inputs, *, used: int
) -> Bool[Tensor, "replicate example expert"]:
    """Tell which ``used`` experts each input meets: those of the largest scores.

    Raises
    ------
    ValueError
        If ``used`` is outside 1 to the number of experts, inputs do not fit, or a number is not
        finite.
    """
    _check_inputs(router, inputs, used)
    tensor_checks.finite(router=router)
    return _largest(router, inputs, used)


def _largest(router: Tensor, inputs: Tensor, used: int) -> Tensor:
    scores = torch.bmm(inputs, router)
    return torch.zeros_like(scores, dtype=torch.bool).scatter(
        2, scores.topk(used, dim=2).indices, True
    )


@checked
def expert_outputs(net: Experts, inputs: Inputs) -> Float[Tensor, "replicate example expert class"]:
    """Return the output of every expert for every input, without the common bias c.

    Raises
    ------
    ValueError
        If inputs do not fit or are not finite.
    """
    _check_inputs(net.router, inputs, 1)
    hidden = _hidden(net, inputs)
    outward = net.out_weights.unflatten(1, (net.experts, -1))
    return torch.einsum("rneh,rehc->rnec", hidden, outward)


@checked
def logits(net: Experts, inputs: Inputs, *, used: int) -> Float[Tensor, "replicate example class"]:
    """Return the logits with ``used`` experts for each input.

    All experts are computed and those not chosen weighed by zero: a check, not a fast version.

    Raises
    ------
    ValueError
        If ``used`` is outside 1 to the number of experts, or inputs do not fit or are not finite.

    Example
    -------
    >>> import torch
    >>> from runtheory.noise.random_experts.mixture import draw_experts, logits
    >>> from runtheory.randomness import stream
    >>> counts = {"experts": 4, "width": 3, "classes": 2, "replicates": 1}
    >>> net = draw_experts(5, **counts, generator=stream(0, "net"))
    >>> logits(net, torch.zeros(1, 6, 5), used=2).shape
    torch.Size([1, 6, 2])
    """
    _check_inputs(net.router, inputs, used)
    mask = _largest(net.router, inputs, used)
    if net.gated:
        scores = torch.bmm(inputs, net.router)
        weights = scores.masked_fill(~mask, -math.inf).softmax(2)
    else:
        weights = mask.to(inputs) / used
    weighed = (_hidden(net, inputs) * weights[..., None]).flatten(2)
    return torch.baddbmm(net.out_biases, weighed, net.out_weights)


def _hidden(net: Experts, inputs: Tensor) -> Tensor:
    units = torch.baddbmm(net.biases, inputs, net.weights).relu()
    return units.unflatten(2, (net.experts, -1))


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)


def _check_inputs(router: Tensor, inputs: Tensor, used: int) -> None:
    replicates, features, experts = router.shape
    checks.in_interval(1, experts, used=used)
    if inputs.shape[0] != replicates or inputs.shape[2] != features:
        raise ValueError(
            f"inputs must be ({replicates}, example, {features}), got {tuple(inputs.shape)}"
        )
    tensor_checks.finite(inputs=inputs)
