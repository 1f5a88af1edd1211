"""Monte-Carlo dropout: a whole network predicts many times with its dropout layers active."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float64, Shaped
from torch import Tensor, nn

from runtheory import checks, tensor_checks
from runtheory.boundary import checked
from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.modes import evaluating
from runtheory.randomness import stream

_MOST = 2**62  # seeds below it

# What applies dropout by a number of its own, with the name of that number; a Transformer's layer
# is here because in evaluation mode it takes a path of PyTorch that leaves its dropout out.
DROPPING: dict[type[nn.Module], str] = {
    nn.modules.dropout._DropoutNd: "p",
    nn.MultiheadAttention: "dropout",
    nn.RNNBase: "dropout",
    MultiSampleDropout: "rate",
}
LAYERS = (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)


@dataclass(frozen=True)
class Predictive:
    """What ``samples`` passes with dropout predict, float64, entropies in nats.

    ``probabilities`` are their mean; ``entropy`` is that of the mean, ``expected_entropy`` the mean
    of the entropies, and ``mutual_information``, between label and mask, their difference: what the
    passes disagree about.
    """

    probabilities: Float64[Tensor, "batch class"]
    entropy: Float64[Tensor, " batch"]
    expected_entropy: Float64[Tensor, " batch"]
    mutual_information: Float64[Tensor, " batch"]
    samples: int


@checked
def monte_carlo(
    net: nn.Module,
    inputs: Shaped[Tensor, "batch ..."],
    *,
    samples: int,
    generator: torch.Generator,
    batch_size: int = 1000,
    also: tuple[type[nn.Module], ...] = (),
) -> Predictive:
    """Return what ``net``, a classifier of logits, predicts over ``samples`` passes with dropout.

    Monte-Carlo dropout [gal2016dropout]. Every dropout layer of the network is active, wherever it
    is, that of attention and of recurrent layers too; modules of the classes ``also`` are put into
    training mode as well (for layers that drop paths, say, or whose ``forward`` calls
    ``functional.dropout``, which is no layer). Everything else, batch normalisation above all, is
    in evaluation mode; modes and streams are afterwards as before. ``inputs`` come as the network
    takes them and pass ``batch_size`` at a time; memory does not grow with ``samples``.

    PyTorch's dropout layers draw from the global generator. It is seeded from ``generator``
    meanwhile and then put back, so that equal generators give equal answers.

    >>> import torch
    >>> from torch import nn
    >>> from runtheory.dropout import monte_carlo
    >>> net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    >>> inputs = torch.ones(2, 4)
    >>> found = monte_carlo(net, inputs, samples=50, generator=torch.Generator().manual_seed(0))
    >>> found.probabilities.shape, bool((found.mutual_information > 0).all())
    (torch.Size([2, 3]), True)

    Raises
    ------
    ValueError
        If there is no example, no layer drops anything, the network does not return finite logits
        (batch, class), or ``samples`` or ``batch_size`` is below 1.
    """
    checks.at_least(1, samples=samples, batch_size=batch_size, inputs=len(inputs))
    with torch.no_grad(), dropping(net, inputs.device, generator=generator, also=also):
        parts = [_sums(net, batch, samples) for batch in torch.split(inputs, batch_size)]
    totals, entropies = (torch.cat(part) / samples for part in zip(*parts, strict=True))
    entropy = _entropy(totals)
    # A difference of equal numbers may fall short of zero by a rounding.
    information = (entropy - entropies).clamp_min(0)
    return Predictive(totals, entropy, entropies, information, samples)


@checked
@contextmanager
def dropping(
    net: nn.Module,
    device: torch.device,
    *,
    generator: torch.Generator,
    also: tuple[type[nn.Module], ...] = (),
) -> Iterator[None]:
    """Hold ``net`` in evaluation mode but for what drops, its draws on ``device`` from one seed.

    A ``MultiSampleDropout`` drops by one mask an example. Raises as ``monte_carlo``.
    """
    active = [module for module in net.modules() if _drops(module, also)]
    if not active:
        raise ValueError(
            "no layer of the network drops anything: name the classes of those that do by also="
        )
    seed = int(torch.randint(_MOST, (1,), generator=generator, device=generator.device))
    heads = [module for module in active if isinstance(module, MultiSampleDropout)]
    with ExitStack() as held:
        held.enter_context(evaluating(net))
        held.enter_context(_seeded(device, seed))
        for number, head in enumerate(heads):
            masks = stream(seed, f"masks of head {number}", device=device)
            held.enter_context(head.one_mask_from(masks))
        for module in (*active, *(layer for layer in net.modules() if isinstance(layer, LAYERS))):
            module.training = True
        yield


def _drops(module: nn.Module, also: tuple[type[nn.Module], ...]) -> bool:
    rates = [getattr(module, name) for kind, name in DROPPING.items() if isinstance(module, kind)]
    return isinstance(module, also) or any(rate > 0 for rate in rates)


@contextmanager
def _seeded(device: torch.device, seed: int) -> Iterator[None]:
    if device.type == "cpu":
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            yield
        return
    with torch.random.fork_rng(devices=[device], device_type=device.type):
        torch.get_device_module(device).manual_seed(seed)
        yield


def _sums(net: nn.Module, batch: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Return sums of probabilities and of entropies over the passes of one batch."""
    totals: Any = 0.0
    entropies: Any = 0.0
    for _ in range(samples):
        logits = net(batch)
        if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(batch):
            came = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise ValueError(f"a network must return logits ({len(batch)}, class), got {came}")
        tensor_checks.finite(logits=logits)
        probabilities = logits.double().softmax(-1)
        totals = totals + probabilities
        entropies = entropies + _entropy(probabilities)
    return totals, entropies


def _entropy(probabilities: Float64[Tensor, "batch class"]) -> Float64[Tensor, " batch"]:
    return -torch.special.xlogy(probabilities, probabilities).sum(-1)
