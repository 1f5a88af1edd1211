"""PAC-Bayes certificates of a network of your own: any ``nn.Module`` that scores classes.

The posterior is Gaussian around the weights that may be trained (``requires_grad``), with one
deviation from a grid; its empirical risk is estimated from drawn networks and paid for. Everything
else in the module, frozen weights and buffers, is part of every drawn network as it is and must be
the same in the prior. All is evaluated in evaluation mode: no dropout, and running statistics in
place of those of a batch.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Int, Int64, Shaped
from torch import Tensor, nn
from torch.func import functional_call, vmap

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.information.certificates.confidence import Confidence, best_certificate
from runtheory.information.certificates.drawn_networks import (
    BoundedLoss,
    Drawn,
    blocks,
    mean_drawn_loss,
    progress,
    zero_one_loss,
)
from runtheory.information.certificates.linear_classifiers import Certificate
from runtheory.information.certificates.pac_bayes import gaussian_divergence
from runtheory.modes import evaluating

Weights = dict[str, Tensor]
Fit = Callable[[nn.Module, Tensor, Tensor], object]


@dataclass(frozen=True)
class ModulePlan:
    """The confidence, the loss that is certified, and how many networks and examples are held.

    ``loss`` takes scores (draw, example, class) and labels and returns values in [0, 1] for each
    example, as :func:`zero_one_loss` and :func:`bounded_cross_entropy` do; the bound is on its mean
    for a new example. ``chunk`` networks are drawn at a time and evaluated on ``rows`` examples at
    a time, which bounds the memory; ``chunk`` is part of the draws. ``shown`` False leaves out the
    bar.

    Raises
    ------
    ValueError
        If ``chunk`` or ``rows`` is below one.
    """

    confidence: Confidence = field(default_factory=Confidence)
    loss: BoundedLoss = zero_one_loss
    chunk: int = 10
    rows: int = 250
    shown: bool = True

    def __post_init__(self) -> None:
        checks.at_least(1, chunk=self.chunk, rows=self.rows)


@dataclass(frozen=True)
class ModuleCertificate:
    """A certificate, the network in the middle of its posterior, and the prior's own examples."""

    certificate: Certificate
    posterior: nn.Module
    prior_examples: Int64[Tensor, "prior"]


@checked
def module_certificate(
    posterior: nn.Module,
    inputs: Shaped[Tensor, "example *input"],
    labels: Int[Tensor, "example"],
    *,
    prior: nn.Module,
    generator: torch.Generator,
    plan: ModulePlan | None = None,
) -> Certificate:
    """Return the best certificate over Q = N(w, s^2 I), P = N(w0, s^2 I), s in a grid.

    w are the weights of ``posterior``, which may depend on the examples; w0 those of ``prior``,
    which must not: a copy taken before training, or trained on other examples (then
    :func:`split_module_certificate` does all of it). The bound is on the risk of the network that
    draws its weights anew for every example, not on that of ``posterior`` itself. Drawn networks
    are evaluated together by ``torch.func``; time is that of draws x deviations forward passes over
    the examples. Neither module is changed; device and type follow the module.

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        If there is no example, labels are no class labels of the examples, the two modules differ
        in names, shapes, frozen weights or buffers, no weight is to be drawn, a weight or a score
        is not finite, or a loss lies outside [0, 1] or is not one for each draw and example; if
        the scores of an example depend on the others or on chance, or ``vmap`` does not take the
        module.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from runtheory.information import Confidence, ModulePlan, module_certificate
    >>> draw = torch.Generator().manual_seed(0)
    >>> inputs = torch.randn(500, 2, generator=draw)
    >>> prior = nn.Linear(2, 2, bias=False)  # fixed before the labels are seen
    >>> with torch.no_grad():
    ...     _ = prior.weight.copy_(torch.tensor([[-1.0, 0.0], [1.0, 0.0]]))
    >>> labels = (inputs[:, 0] > 0).long()
    >>> plan = ModulePlan(Confidence(deviations=(0.1,), draws=200))
    >>> found = module_certificate(
    ...     prior, inputs, labels, prior=prior, generator=draw, plan=plan
    ... )
    >>> round(found.train_error, 2), round(found.bound, 2)
    (0.02, 0.12)
    """
    plan = ModulePlan() if plan is None else plan
    inputs, labels = _examples(posterior, inputs, labels)
    mean, distance = _law(posterior, prior)
    dimension = sum(weight.numel() for weight in mean.values())
    confidence = plan.confidence

    def risk(deviation: float) -> float:
        return mean_drawn_loss(
            lambda count: _drawn(posterior, inputs, _around(mean, deviation, count, generator)),
            labels,
            counts=blocks(confidence.draws, plan.chunk),
            rows=plan.rows,
            loss=plan.loss,
            bar=bar,
        )

    def divergence(deviation: float) -> float:
        same = {"deviation": deviation, "prior_deviation": deviation}
        return float(gaussian_divergence(distance, dimension=dimension, **same))

    total = len(confidence.deviations) * confidence.draws
    with evaluating(posterior), torch.no_grad(), progress(total, shown=plan.shown) as bar:
        return best_certificate(risk, divergence, samples=len(inputs), confidence=confidence)


@checked
def split_module_certificate(
    net: nn.Module,
    inputs: Shaped[Tensor, "example *input"],
    labels: Int[Tensor, "example"],
    *,
    fit: Fit,
    refine: Fit | None = None,
    generator: torch.Generator,
    plan: ModulePlan | None = None,
) -> ModuleCertificate:
    """Train a prior on a random half of the examples and certify on the other half.

    ``fit(module, inputs, labels)`` trains a copy of ``net`` in place, as your own loop does; it
    sees the prior's half alone, so ``net`` itself must not have seen any of the examples. Without
    ``refine`` the posterior is the prior and the divergence is zero; ``refine`` trains it further,
    on the half of the bound, and what the weights move is paid for. It must leave buffers alone
    (running statistics: keep the module in evaluation mode).

    Raises
    ------
    TypeError, ValueError
        On the terms of :func:`module_certificate`, or if there are fewer than two examples.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from runtheory.information import Confidence, ModulePlan, split_module_certificate
    >>> draw = torch.Generator().manual_seed(0)
    >>> inputs = torch.randn(400, 2, generator=draw)
    >>> labels = (inputs[:, 0] > 0).long()
    >>> def fit(net, x, y):  # any training loop
    ...     with torch.no_grad():
    ...         net.weight[1] = x[y == 1].mean(0) - x[y == 0].mean(0)
    ...         net.weight[0] = -net.weight[1]
    >>> plan = ModulePlan(Confidence(deviations=(0.1,), draws=100))
    >>> net = nn.Linear(2, 2, bias=False)
    >>> found = split_module_certificate(net, inputs, labels, fit=fit, generator=draw, plan=plan)
    >>> found.certificate.samples, found.certificate.bound < 0.3
    (200, True)
    """
    inputs, labels = _examples(net, inputs, labels)
    if len(inputs) < 2:
        raise ValueError(f"a split needs at least two examples, got {len(inputs)}")
    order = torch.randperm(len(inputs), generator=generator, device=generator.device)
    first, second = order.to(inputs.device).tensor_split([len(inputs) // 2])
    prior = copy.deepcopy(net)
    fit(prior, inputs[first], labels[first])
    posterior = prior
    if refine is not None:
        posterior = copy.deepcopy(prior)
        refine(posterior, inputs[second], labels[second])
    certificate = module_certificate(
        posterior, inputs[second], labels[second], prior=prior, generator=generator, plan=plan
    )
    return ModuleCertificate(certificate, posterior, first)


def _drawn(net: nn.Module, inputs: Tensor, weights: Weights) -> Drawn:
    """Return what gives the scores of all drawn networks on a slice of the examples."""

    def scores(own: Weights, rows: Tensor) -> Tensor:
        found: Tensor = functional_call(net, own, (rows,))
        return found

    together = vmap(scores, in_dims=(0, None))
    return lambda part: together(weights, inputs[part])


def _around(mean: Weights, deviation: float, count: int, generator: torch.Generator) -> Weights:
    def near(weight: Tensor) -> Tensor:
        shape, place = (count, *weight.shape), generator.device
        noise = torch.randn(shape, generator=generator, device=place, dtype=weight.dtype)
        return noise.mul_(deviation).add_(weight)

    return {name: near(weight) for name, weight in mean.items()}


def _law(posterior: nn.Module, prior: nn.Module) -> tuple[Weights, float]:
    """Return the weights that are drawn and the squared distance between both modules' own."""
    fixed = [_fixed(net) for net in (posterior, prior)]
    mean, centre = (_free(net) for net in (posterior, prior))
    shapes = [{name: part.shape for name, part in parts.items()} for parts in (mean, centre)]
    if shapes[0] != shapes[1] or fixed[0].keys() != fixed[1].keys() or not mean:
        raise ValueError(
            "posterior and prior must have the same weights to draw, at least one, and the same "
            f"frozen ones and buffers, got {sorted(mean)} and {sorted(centre)}"
        )
    for name, part in fixed[0].items():
        if not torch.equal(part, fixed[1][name]):
            raise ValueError(
                f"{name} is not drawn and must be the same in posterior and prior: freeze it, or "
                "train in evaluation mode, got two values"
            )
    tensor_checks.finite(**mean)
    tensor_checks.finite(**centre)
    parts = [(mean[name].double() - centre[name].double()).square().sum() for name in mean]
    return mean, math.fsum(map(float, parts))


def _free(net: nn.Module) -> Weights:
    return {name: part.detach() for name, part in net.named_parameters() if part.requires_grad}


def _fixed(net: nn.Module) -> Weights:
    frozen = {name: part for name, part in net.named_parameters() if not part.requires_grad}
    return frozen | dict(net.named_buffers())


def _examples(net: nn.Module, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as tensors, labels as int64, if they belong together and to the module."""
    inputs = tensor_checks.tensor(inputs=inputs)
    if inputs.ndim < 2 or len(inputs) == 0:
        raise ValueError(f"inputs must be at least one row, got shape {tuple(inputs.shape)}")
    tensor_checks.finite(inputs=inputs)
    with evaluating(net), torch.no_grad():
        scores = _first_scores(net, inputs)
        _check_alone(scores, net(inputs[:8]))
    classes = scores.shape[1]
    return inputs, tensor_checks.class_labels(labels, classes=classes, batch=len(inputs))


def _first_scores(net: nn.Module, inputs: Tensor) -> Tensor:
    """Return the scores of the first example, evaluated also as drawn networks will be."""
    free = {name: weight[None] for name, weight in _free(net).items()}
    try:
        scores = net(inputs[:1])
        if free:
            _drawn(net, inputs, free)(slice(1))
    except (RuntimeError, TypeError, IndexError) as error:
        shape, kind = tuple(inputs.shape[1:]), inputs.dtype
        raise ValueError(
            f"the module must take inputs of {shape} and {kind}, under torch.func.vmap too: {error}"
        ) from error
    if not isinstance(scores, Tensor) or scores.ndim != 2 or not scores.is_floating_point():
        raise ValueError(f"the module must return scores (example, class), got {_told(scores)}")
    return scores


def _check_alone(alone: Tensor, among: Tensor) -> None:
    """Raise if the first example's scores change among some, by far more than rounding does."""
    apart = (alone - among[:1]).abs().max()
    if apart > max(0.01, torch.finfo(alone.dtype).eps ** 0.5) * alone.abs().max():
        raise ValueError(
            "the module must score each example by itself, got other scores among "
            f"{len(among)} examples: batch normalisation needs running statistics"
        )


def _told(value: object) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
