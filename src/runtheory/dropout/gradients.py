"""Per-example gradients under single dropout masks, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn
from torch.func import functional_call, grad, vjp, vmap

from runtheory import checks
from runtheory.boundary import checked
from runtheory.dropout.head import body_and_head, sample_logits
from runtheory.modes import evaluating
from runtheory.shapes import SoftTargets
from runtheory.tensor_checks import class_labels

GRADIENTS_AT_ONCE = 64


@checked
def trainable_parameters(net: nn.Module, names: Sequence[str] | None) -> dict[str, nn.Parameter]:
    """Return the trainable parameters of ``net`` by name: all, or those in ``names``.

    Raises
    ------
    ValueError
        If a name is unknown, or nothing is chosen.
    """
    trainable = {name: p for name, p in net.named_parameters() if p.requires_grad}
    unknown = [name for name in names or () if name not in trainable]
    if unknown:
        raise ValueError(f"trainable parameters are {sorted(trainable)}, got {unknown}")
    chosen = trainable if names is None else {name: trainable[name] for name in names}
    if not chosen:
        raise ValueError("a gradient needs at least one trainable parameter, got none")
    return chosen


@checked
def masked_gradients(
    net: nn.Module,
    images: Float[Tensor, "batch ..."],
    labels: Integer[Tensor, " batch"] | SoftTargets,
    *,
    masks: Bool[Tensor, "sample batch *feature"],
    rate: float,
    parameters: Sequence[str] | None = None,
) -> Iterator[Float[Tensor, "chunk sample parameter"]]:
    """Yield the gradients of the cross entropy (nats) of each example under each of its masks.

    ``net`` has a ``body`` and a ``head`` and is held in evaluation mode meanwhile: batch statistics
    would tie the examples together. ``labels`` are class indices or soft targets. The chosen
    parameters are flattened, ``body`` before ``head``.
    The body runs once per example; its backward pass once per mask. About 64 gradients are held
    at a time, whatever the number of examples.

    Raises
    ------
    ValueError
        If labels do not fit images and classes, or there is no mask; as ``trainable_parameters``
        and ``sample_logits``.
    """
    checks.at_least(1, samples=len(masks))
    body_module, head_module = body_and_head(net)
    labels = _checked_labels(net, images, labels)
    chosen = trainable_parameters(net, parameters)
    body, head = (_of_part(chosen, prefix) for prefix in ("body.", "head."))

    def logits_of(head_part: dict[str, Tensor], rows: Tensor) -> Tensor:
        logits: Tensor = functional_call(head_module, head_part, (rows,))
        return logits

    def gradients(image: Tensor, label: Tensor, example_masks: Tensor) -> Tensor:
        def run(body_part: dict[str, Tensor]) -> Tensor:
            features: Tensor = functional_call(body_module, body_part, (image[None],))[0]
            return features

        def loss(head_part: dict[str, Tensor], features: Tensor, mask: Tensor) -> Tensor:
            masked_head = partial(logits_of, head_part)
            logits = sample_logits(masked_head, features[None], mask[None, None], rate=rate)
            return nn.functional.cross_entropy(logits[0, 0], label)

        features, pull_back = vjp(run, body)[:2]
        per_mask = vmap(grad(loss, argnums=(0, 1)), in_dims=(None, None, 0))
        head_gradients, feature_gradients = per_mask(head, features, example_masks)
        (body_gradients,) = vmap(pull_back)(feature_gradients)  # each (mask, *parameter)
        parts = [*body_gradients.values(), *head_gradients.values()]
        return torch.cat([part.flatten(1) for part in parts], dim=1)  # (mask, parameter)

    per_example = vmap(gradients, in_dims=(0, 0, 1))
    with evaluating(net):
        at_once = max(1, GRADIENTS_AT_ONCE // len(masks))
        for start in range(0, len(images), at_once):
            rows = slice(start, start + at_once)
            yield per_example(images[rows], labels[rows], masks[:, rows])


def _checked_labels(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the labels, every one of them a class or a distribution: none is left out."""
    if not len(images):
        raise ValueError("a gradient needs at least one example, got none")
    body, head = body_and_head(net)
    with torch.no_grad(), evaluating(net):
        classes = head(body(images[:1])).shape[-1]
    if not labels.is_floating_point():
        return class_labels(labels, classes=classes, batch=len(images))
    if labels.shape != (len(images), classes):
        asked = (len(images), classes)
        raise ValueError(f"soft labels must have shape {asked}, got {tuple(labels.shape)}")
    return labels


def _of_part(parameters: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the parameters whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): parameter.detach()
        for name, parameter in parameters.items()
        if name.startswith(prefix)
    }
