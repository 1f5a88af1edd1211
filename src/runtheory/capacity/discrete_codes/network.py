r"""Networks with a layer of discrete codes, many replicates at once.

A body maps an input to features h, the layer puts in their place the mean of the ``used`` codes of
largest cosine with h, and a head makes logits of that. A *by-pass*, where there is one, adds a
linear map of something that did not go through the codes: of the input, or of h itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, tensor_checks
from runtheory.boundary import checked

Inputs = Float[Tensor, "replicate input feature"]
Codes = Int64[Tensor, "replicate input used"]


class ByPass(Enum):
    """What a by-pass reads, if there is one: the input, or the features before the codes."""

    NONE = "none"
    INPUT = "input"
    FEATURES = "features"


@dataclass(frozen=True)
class CodedNetwork:
    """Two hidden layers of rectified units around features, which a book of codes may replace.

    ``layers`` holds weights (replicate, in, out) and biases (replicate, 1, out) in turn: two pairs
    for the body, two for the head. ``book`` (replicate, code, width) has no rows without codes;
    ``around`` is the matrix of the by-pass, without columns where there is none.
    """

    layers: tuple[Tensor, ...]
    book: Float[Tensor, "replicate code width"]
    around: Float[Tensor, "replicate source symbol"]
    used: int = 1
    by_pass: ByPass = ByPass.NONE

    @property
    def coded(self) -> bool:
        return self.book.shape[1] > 0

    @property
    def trained(self) -> tuple[Tensor, ...]:
        """What training changes."""
        return (*self.layers, self.book, self.around)

    def replaced(self, trained: tuple[Tensor, ...]) -> CodedNetwork:
        """Return the network with these in the place of ``trained``."""
        *layers, book, around = trained
        return replace(self, layers=tuple(layers), book=book, around=around)


@checked
def draw_network(
    features: int,
    *,
    hidden: int,
    width: int,
    symbols: int,
    replicates: int,
    generator: torch.Generator,
) -> CodedNetwork:
    """Draw networks without codes, float32: normal weights of variance 2 / inputs, zero biases.

    Raises
    ------
    ValueError
        If a count is below one.
    """
    checks.at_least(1, features=features, hidden=hidden, width=width)
    checks.at_least(1, symbols=symbols, replicates=replicates)
    layers: list[Tensor] = []
    for before, after in ((features, hidden), (hidden, width), (width, hidden), (hidden, symbols)):
        normal = torch.randn(
            (replicates, before, after), generator=generator, device=generator.device
        )
        layers += [normal * math.sqrt(2 / before), normal.new_zeros(replicates, 1, after)]
    return CodedNetwork(
        tuple(layers), normal.new_zeros(replicates, 0, width), normal.new_zeros(replicates, 0, 0)
    )


@checked
def with_codes(
    net: CodedNetwork,
    book: Float[Tensor, "replicate code width"],
    *,
    used: int = 1,
    by_pass: ByPass = ByPass.NONE,
) -> CodedNetwork:
    """Return the network with a book of codes, and with a by-pass that is still zero.

    Raises
    ------
    ValueError
        If the book does not fit the features, or ``used`` is outside 1 to the number of codes.
    """
    replicates, _, width = net.layers[2].shape
    if book.shape[0] != replicates or book.shape[2] != width:
        raise ValueError(f"book must be ({replicates}, code, {width}), got {tuple(book.shape)}")
    checks.in_interval(1, book.shape[1], used=used)
    symbols = net.layers[-1].shape[2]
    source = {ByPass.NONE: 0, ByPass.INPUT: net.layers[0].shape[1], ByPass.FEATURES: width}
    around = book.new_zeros(replicates, source[by_pass], symbols)
    return replace(net, book=book, around=around, used=used, by_pass=by_pass)


@checked
def features_of(net: CodedNetwork, inputs: Inputs) -> Float[Tensor, "replicate input width"]:
    """Return the features h, as they are before codes replace them.

    Raises
    ------
    ValueError
        If the inputs do not fit or are not finite.
    """
    _check_inputs(net, inputs)
    return _perceptron(inputs, net.layers[:4])


@checked
def choose_codes(net: CodedNetwork, features: Float[Tensor, "replicate input width"]) -> Codes:
    """Return the numbers of the codes of largest cosine, in rising order.

    Where one code is used, it is the first of several that are equal.

    Raises
    ------
    ValueError
        If the network has no codes, or the features do not fit or are not finite.
    """
    checks.at_least(1, codes=net.book.shape[1])
    if features.shape[::2] != net.book.shape[::2]:
        raise ValueError(
            f"features must fit codes {tuple(net.book.shape)}, got {tuple(features.shape)}"
        )
    tensor_checks.finite(features=features)
    directions = torch.nn.functional.normalize(net.book.detach(), dim=2)
    # The length of h is the same for all codes: it does not change their order.
    likeness = torch.bmm(features.detach(), directions.mT)
    if net.used == 1:  # several times as fast, and training asks at every step
        return likeness.argmax(2, keepdim=True)
    return likeness.topk(net.used, dim=2).indices.sort(dim=2).values


@checked
def logits(
    net: CodedNetwork, inputs: Inputs, *, codes: Codes | None = None
) -> Float[Tensor, "replicate input symbol"]:
    """Return the logits; with ``codes``, those that come out if these are put in the layer.

    Raises
    ------
    ValueError
        If the inputs do not fit or are not finite, codes are given to a network without any, or
        one is no code of its book.
    """
    return run(net, inputs, codes)[0]


@checked
def by_passed(net: CodedNetwork, inputs: Inputs) -> Float[Tensor, "replicate input symbol"]:
    """Return what the by-pass adds to the logits; zero without one. Raises as ``features_of``."""
    _check_inputs(net, inputs)
    return _around(net, inputs, _perceptron(inputs, net.layers[:4]))


@checked
def run(
    net: CodedNetwork, inputs: Inputs, codes: Codes | None = None
) -> tuple[Tensor, Tensor, Tensor, Codes | None]:
    """Return logits, features, what the head saw, and the codes (none without a book).

    Gradients pass the codes straight through to the features, and reach the codes as well. Raises
    as ``logits``.
    """
    _check_inputs(net, inputs)
    if codes is not None:
        checks.at_least(1, codes=net.book.shape[1])
        checks.labels_below(codes, net.book.shape[1], name="codes")
    features = _perceptron(inputs, net.layers[:4])
    seen = features
    if net.coded:
        codes = choose_codes(net, features) if codes is None else codes
        rows = torch.arange(len(net.book), device=codes.device)[:, None, None]
        seen = net.book[rows, codes].mean(2)
        through = seen + (features - features.detach())
        return _answer(net, inputs, features, through), features, seen, codes
    return _answer(net, inputs, features, features), features, seen, None


def _answer(net: CodedNetwork, inputs: Tensor, features: Tensor, seen: Tensor) -> Tensor:
    return _perceptron(seen, net.layers[4:]) + _around(net, inputs, features)


def _around(net: CodedNetwork, inputs: Tensor, features: Tensor) -> Tensor:
    if net.by_pass is ByPass.NONE:
        return features.new_zeros(*features.shape[:2], net.layers[-1].shape[2])
    source = inputs if net.by_pass is ByPass.INPUT else features
    return torch.bmm(source, net.around)


def _perceptron(inputs: Tensor, layers: tuple[Tensor, ...]) -> Tensor:
    inward, shift, outward, offset = layers
    units = torch.baddbmm(shift, inputs, inward).relu()
    return torch.baddbmm(offset, units, outward)


def _check_inputs(net: CodedNetwork, inputs: Tensor) -> None:
    replicates, features, _ = net.layers[0].shape
    if inputs.shape[0] != replicates or inputs.shape[2] != features:
        raise ValueError(
            f"inputs must be ({replicates}, input, {features}), got {tuple(inputs.shape)}"
        )
    tensor_checks.finite(inputs=inputs)
