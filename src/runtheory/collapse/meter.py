"""Neural collapse of any network with a linear head, measured while its examples stream past.

``measure_collapse`` is the one call; ``HeadTap`` is the hook under it, for a loop of one's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from runtheory import tensor_checks
from runtheory.boundary import checked
from runtheory.collapse.conventions import Convention, global_mean
from runtheory.collapse.frames import angle_floor, coherence_bound
from runtheory.collapse.geometry import bias_residual, nearest_centre
from runtheory.collapse.statistics import ClassStatistics
from runtheory.collapse.summary import CollapseMeasures, collapse_measures
from runtheory.collapse.variability import PAPYAN
from runtheory.modes import evaluating

Centres = Float[Tensor, "class feature"]


@dataclass(frozen=True, eq=False)
class CollapseReading:
    """What one reading of a network found: NC1 to NC3 in ``measures``, and NC4.

    ``disagreement`` is the share of examples whose nearest class mean is not the decision (NC4), in
    [0, 1]; NaN where a logit is. ``relative_bias`` is the bias residual over the size of its two
    parts, in [0, 1]. ``statistics`` hold the class means, which the next epoch may take as its
    ``centres``.
    """

    measures: CollapseMeasures
    disagreement: Float64[Tensor, ""]
    relative_bias: Float64[Tensor, ""]
    statistics: ClassStatistics

    def row(self) -> dict[str, float]:
        """Return all measures as plain numbers, with the bounds that more classes than d + 1 meet.

        ``angle_floor`` lies below both angle errors, and ``coherence_bound`` below the largest
        absolute cosine; both are at a simplex frame's value for K <= d + 1.
        """
        classes, width = self.statistics.classes, self.statistics.width
        return self.measures.row() | {
            "centre_disagreement": float(self.disagreement),
            "relative_bias_residual": float(self.relative_bias),
            "angle_floor": angle_floor(classes, width),
            "coherence_bound": coherence_bound(classes, width),
        }


class HeadTap:
    """A hook on a linear layer that keeps what the last forward pass put in, and what came out.

    Use it in a ``with`` block: the hook is gone at its end, whatever happens.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from runtheory.collapse import HeadTap
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> with HeadTap(net, classes=2) as tap:
    ...     logits = net(torch.ones(5, 4))
    ...     features, same = tap.taken()
    >>> features.shape, bool((same == logits).all())
    (torch.Size([5, 3]), True)
    """

    def __init__(self, net: nn.Module, *, classes: int, layer: str | None = None) -> None:
        """Find the layer: of that name, or the last ``nn.Linear`` in the order of registration.

        Raises
        ------
        ValueError
            If there is no such layer, or it has no weight of shape (classes, feature).
        """
        self.name, self.head = _named_head(net, layer)
        weight = getattr(self.head, "weight", None)
        shape = tuple(weight.shape) if isinstance(weight, Tensor) else None
        if shape is None or len(shape) != 2 or shape[0] != classes:
            raise ValueError(
                f"the layer {self.name!r} must have a weight of shape ({classes}, feature), "
                f"got {shape}: name the layer that gives the logits"
            )
        self._passes: list[tuple[Tensor, Tensor]] = []
        self._handles: list[RemovableHandle] = []  # one for each block that was entered

    def __enter__(self) -> HeadTap:
        self._handles.append(self.head.register_forward_hook(self._keep, with_kwargs=True))
        return self

    def __exit__(self, *problem: object) -> None:
        self._handles.pop().remove()
        self._passes.clear()

    @property
    def weight(self) -> Centres:
        """The classifier, one class a row, without its gradient."""
        weight = self.head.weight
        assert isinstance(weight, Tensor)  # as seen at the start
        return weight.detach()

    @property
    def bias(self) -> Float[Tensor, "class"] | None:
        """The bias without its gradient; None for a head that has none."""
        bias = getattr(self.head, "bias", None)
        return bias.detach() if isinstance(bias, Tensor) else None

    def taken(self) -> tuple[Float[Tensor, "batch feature"], Float[Tensor, "batch class"]]:
        """Return features and logits of the one pass since the last call, without gradients.

        Raises
        ------
        ValueError
            If the layer was not called exactly once, or not with one vector an example. A network
            compiled before the hook was laid calls none: measure the one that it was made from.
        """
        passes, self._passes = self._passes, []
        if len(passes) != 1:
            raise ValueError(
                f"the layer {self.name!r} must be called once in a forward pass, got "
                f"{len(passes)} calls (a compiled network may pass by its hooks)"
            )
        features, logits = passes[0]
        if features.ndim != 2:
            shape = tuple(features.shape)
            raise ValueError(f"the layer {self.name!r} must get (batch, feature), got {shape}")
        return features, logits

    def _keep(
        self,
        module: nn.Module,
        inputs: tuple[Tensor, ...],
        named: dict[str, Tensor],
        output: Tensor,
    ) -> None:
        features = (*inputs, *named.values())[0]
        self._passes.append((features.detach(), output.detach()))


@checked
def measure_collapse(
    net: nn.Module,
    loader: Iterable[Any],
    *,
    classes: int,
    layer: str | None = None,
    centres: Centres | None = None,
    device: torch.device | str | None = None,
    convention: Convention = PAPYAN,
) -> CollapseReading:
    """Return NC1 to NC4 of a network over a loader of (inputs, labels), in evaluation mode.

    Features are the input of ``layer``, by name as in ``net.named_modules()``; without one, of the
    last ``nn.Linear``. Logits are its output, whatever the network returns. Nothing grows with the
    number of examples: 1,000 classes of 2,048 features take some 50 MB. NC4 needs class means, so
    the loader is passed twice; with ``centres``, the means of an earlier reading
    (``reading.statistics.means``), once. Inputs go to ``device`` (by default where the layer lies),
    and may be what the network takes as one argument. In half precision run it under
    ``torch.autocast``: the statistics are float64 there too. Hooks are removed and every module's
    mode is as before, even after an error. One process measures its own examples alone.

    Raises
    ------
    ValueError
        As ``HeadTap`` and ``ClassStatistics`` do; if the loader gives no pairs, or other examples
        at the second pass than at the first (an iterator is empty then).

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from runtheory.collapse import measure_collapse
    >>> net = nn.Linear(2, 2, bias=False)
    >>> net.weight.data.copy_(torch.eye(2)).shape
    torch.Size([2, 2])
    >>> batch = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1, 0])
    >>> reading = measure_collapse(net, [batch], classes=2)
    >>> float(reading.disagreement), float(reading.measures.variability)
    (0.0, 0.0)
    """
    with HeadTap(net, classes=classes, layer=layer) as tap, evaluating(net), torch.no_grad():
        if centres is not None and centres.shape != tap.weight.shape:
            shapes = f"{tuple(tap.weight.shape)}, got {tuple(centres.shape)}"
            raise ValueError(f"centres must have the shape of the classifier, {shapes}")
        place = torch.device(device) if device is not None else tap.weight.device
        run = _Run(net, loader, tap, place)
        width = tap.weight.shape[1]
        start = ClassStatistics.empty(classes, width, device=tap.weight.device)
        if centres is None:
            statistics = start.update_all((found.features, found.labels) for found in run)
            tally = _Tally(statistics.checked().means)
            for found in run:
                tally.seen(found)
            _check_same_examples(statistics.counts, tally)
        else:
            tensor_checks.finite(centres=centres)
            tally = _Tally(centres.to(tap.weight.device))
            statistics = start.update_all(map(tally.seen, run))
        return _reading(statistics, tap, tally.differing / tally.count, convention)


@dataclass(frozen=True)
class _Batch:
    features: Tensor
    logits: Tensor
    labels: Tensor


@dataclass(frozen=True)
class _Run:
    """The loader's batches as features, logits and labels; it starts again at each ``iter``."""

    net: nn.Module
    loader: Iterable[Any]
    tap: HeadTap
    device: torch.device

    def __iter__(self) -> Iterator[_Batch]:
        for pair in self.loader:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                kind = f"{type(pair).__name__} of {len(pair)}" if hasattr(pair, "__len__") else pair
                raise ValueError(f"a loader must give pairs (inputs, labels), got {kind}")
            inputs, labels = pair
            there = hasattr(inputs, "to")
            self.net(inputs.to(self.device, non_blocking=True) if there else inputs)
            features, logits = self.tap.taken()
            yield _Batch(features, logits, torch.as_tensor(labels).to(features.device))


class _Tally:
    """Counts the examples whose nearest centre is not the decision, batch by batch."""

    def __init__(self, centres: Tensor) -> None:
        self.centres, self.count = centres, 0
        self.classes = torch.arange(len(centres), device=centres.device)
        self.counts = torch.zeros_like(self.classes)
        self.differing: Tensor = centres.new_zeros((), dtype=torch.float64)

    def seen(self, batch: _Batch) -> tuple[Tensor, Tensor]:
        nearest = nearest_centre(batch.features, self.centres).argmin(1)
        differs = (nearest != batch.logits.argmax(1)).to(torch.float64)
        # What holds NaN decides nothing.
        differs = differs.masked_fill(batch.logits.isnan().any(1), torch.nan)
        self.differing = self.differing + differs.sum()
        self.count += len(nearest)
        self.counts = self.counts + (batch.labels.reshape(-1, 1) == self.classes).sum(0)
        return batch.features, batch.labels


def _check_same_examples(counts: Tensor, second: _Tally) -> None:
    """Raise if the second pass had another number of examples in a class than the first."""
    if not torch.equal(counts, second.counts):
        numbers = f"{int(counts.sum())} and {second.count}"
        raise ValueError(
            f"the loader must give the same examples twice, got {numbers}, not as many in each "
            "class: pass centres, or a loader that starts again and drops no batch"
        )


def _reading(
    statistics: ClassStatistics, tap: HeadTap, disagreement: Tensor, convention: Convention
) -> CollapseReading:
    weight, bias = tap.weight, tap.bias
    measures = collapse_measures(statistics, weight, bias, convention=convention)
    offset = weight.new_zeros(len(weight)) if bias is None else bias
    mean = global_mean(statistics, convention.mean)
    relative = bias_residual(weight, offset, mean, relative=True)
    return CollapseReading(measures, disagreement, relative, statistics)


def _named_head(net: nn.Module, layer: str | None) -> tuple[str, nn.Module]:
    named = dict(net.named_modules())
    if layer is None:
        linear = [name for name, module in named.items() if _is_linear(module)]
        if not linear:
            raise ValueError("the network must have a linear layer, got none: name a layer")
        layer = linear[-1]
    if layer not in named:
        raise ValueError(f"layer must be the name of a module of the network, got {layer!r}")
    return layer, named[layer]


def _is_linear(module: nn.Module) -> bool:
    """Return whether a layer is linear, or holds one that it stands in for, as no child of its."""
    return isinstance(module, nn.Linear) or isinstance(module.__dict__.get("head"), nn.Linear)
