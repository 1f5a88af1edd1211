"""What dropout, mixing and collapse leave behind in one trained network, measured side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import checks, data, evaluation, nets
from runtheory.boundary import checked
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import draw_masks
from runtheory.interplay.free_dropout import evenness
from runtheory.interplay.gaussian_classes import divergence_kept
from runtheory.interplay.mixtures import path_point, plane_parts, plane_share
from runtheory.interplay.sources import source_variance
from runtheory.mixing.apply import apply
from runtheory.mixing.plans import Plan
from runtheory.mixing.targets import smooth_targets, soft_targets
from runtheory.modes import evaluating
from runtheory.nets import Activations
from runtheory.randomness import stream
from runtheory.shapes import Images, Labels, RawImages, SoftTargets

Draw = Callable[..., Plan]
"""``draw(shape, generator=...)``: the mixing of a batch of that shape."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """One network and its images; every network of one ``seed`` meets the same draws."""

    net: nets.Classifier
    image_set: data.ImageSet
    seed: int

    @cached_property
    def train(self) -> Activations:
        return evaluation.activations(self.net, self.image_set.train_images, self.image_set)

    @cached_property
    def test(self) -> Activations:
        return evaluation.activations(self.net, self.image_set.test_images, self.image_set)

    @cached_property
    def statistics(self) -> ClassStatistics:
        labels, classes = self.image_set.train_labels, len(self.image_set.classes)
        return class_statistics(self.train.features, labels, classes=classes)

    def stream(self, purpose: str) -> torch.Generator:
        """Return the generator of one purpose, where the images are."""
        return stream(self.seed, purpose, device=self.image_set.train_images.device)


@checked
def pair_counts(network: Inspection, images: RawImages, labels: Labels) -> dict[str, int]:
    """Return how many pairs are wrong on the held-out copy alone, the trained one alone, and both.

    ``images`` and ``labels`` are the held-out copies, in the order of the training images.
    ``gained`` counts the first (test less training loss is +1), ``lost`` the second.
    """
    logits = evaluation.predict(network.net, images, network.image_set)
    wrong_held_out = logits.argmax(1) != labels
    wrong_trained = network.train.logits.argmax(1) != network.image_set.train_labels
    return {
        "pairs": len(labels),
        "gained": int((wrong_held_out & ~wrong_trained).sum()),
        "lost": int((wrong_trained & ~wrong_held_out).sum()),
        "both_wrong": int((wrong_trained & wrong_held_out).sum()),
    }


@checked
def dropout_measures(network: Inspection, *, rate: float, masks: int) -> dict[str, float]:
    """Return what dropout of ``rate`` on the features does to a network, trained with it or not.

    ``divergence_kept`` is the share of the divergence between two classes that is left, averaged
    over pairs and ``masks`` (``divergence``, in nats, is the geometric mean before), ``evenness``
    how alike the coordinates count; ``dropped_accuracy`` and ``dropped_loss`` are those of one mask
    for each test image, ``dropped_train_loss`` that for each training image.
    """
    checks.at_least(1, masks=masks)
    statistics, images = network.statistics, network.image_set
    assert statistics.scatter is not None
    covariance = statistics.scatter / statistics.counts.sum()
    # The same masks for every network of one seed: a difference of shares is one of networks.
    coins = torch.rand(masks, statistics.width, generator=network.stream("kept"))
    left = divergence_kept(statistics.means, covariance, coins.to(covariance.device) >= rate)
    test = _dropped(network, network.test.features, rate=rate, purpose="dropped, test")
    train = _dropped(network, network.train.features, rate=rate, purpose="dropped, train")
    return {
        "divergence": math.exp(float(left.before.log().mean())),
        "divergence_kept": float(left.share.mean()),
        "evenness": float(evenness(network.net.linear.weight.detach(), network.train.features)),
        "dropped_accuracy": evaluation.accuracy(test, images.test_labels).item(),
        "dropped_loss": evaluation.cross_entropy(test, images.test_labels).item(),
        "dropped_train_loss": evaluation.cross_entropy(train, images.train_labels).item(),
    }


@torch.no_grad()
def _dropped(network: Inspection, features: Tensor, *, rate: float, purpose: str) -> Tensor:
    masks = draw_masks(1, features.shape, rate=rate, generator=network.stream(purpose))
    return sample_logits(network.net.head, features, masks, rate=rate)[0]


@checked
def logit_gaps(network: Inspection) -> dict[str, float]:
    """Return the mean lead of the true class's logit over the mean of the others."""
    images = network.image_set
    return {
        "train_logit_gap": _logit_gap(network.train.logits, images.train_labels),
        "test_logit_gap": _logit_gap(network.test.logits, images.test_labels),
    }


def _logit_gap(logits: Tensor, labels: Tensor) -> float:
    true = logits.gather(1, labels[:, None]).squeeze(1)  # (batch,)
    others = (logits.sum(1) - true) / (logits.shape[1] - 1)
    return float((true - others).mean())


@checked
def mixture_measures(
    network: Inspection, *, draws: Mapping[str, Draw], pairs: int, shares: Sequence[float]
) -> dict[str, float]:
    """Return where the features of mixed training images of two classes lie.

    ``NAME_plane`` for each of ``draws``: the mean share of their squared distance from the centre
    of the class means that lies in the plane of the two rows, for random mixtures of the method.
    ``path0_along``, ``path0_probability`` and so on: the path between two images under Mixup, one
    number for each of ``shares`` of the first image.
    """
    images, labels = _pairs_of_classes(network, pairs)
    classifier = network.net.linear.weight.detach()
    centre, row = network.statistics.means.mean(0), {}
    with evaluating(network.net), torch.no_grad():
        for name, draw in draws.items():
            drawn = network.stream(f"shown {name}")
            mixed, _ = mixtures(draw, images, labels, classes=len(classifier), generator=drawn)
            features = network.net.features(mixed)
            inside = plane_share(
                features, classifier, first=labels[0], second=labels[1], centre=centre
            )
            row[f"{name}_plane"] = float(inside.mean())
        for step, share in enumerate(shares):
            mixed = share * images[0] + (1 - share) * images[1]
            point = path_point(network.net(mixed), labels[0], labels[1])
            row |= {f"path{step}_{name}": value for name, value in asdict(point).items()}
    return row


@checked
def mixture_parts(network: Inspection, *, draw: Draw, pairs: int) -> dict[str, float]:
    """Return the mean shares of :func:`plane_parts` for mixed training images of two classes.

    They are ``plane``, ``others`` and ``blind``, with distances from the centre of the class means.
    """
    images, labels = _pairs_of_classes(network, pairs)
    classifier = network.net.linear.weight.detach()
    with evaluating(network.net), torch.no_grad():
        drawn = network.stream("shown parts")
        mixed, _ = mixtures(draw, images, labels, classes=len(classifier), generator=drawn)
        parts = plane_parts(
            network.net.features(mixed),
            classifier,
            first=labels[0],
            second=labels[1],
            centre=network.statistics.means.mean(0),
        )
    return {name: float(share.mean()) for name, share in vars(parts).items()}


@checked
def mixtures(
    draw: Draw,
    images: Float[Tensor, "two batch channel height width"],
    labels: Int64[Tensor, "two batch"],
    *,
    classes: int,
    generator: torch.Generator,
) -> tuple[Images, SoftTargets]:
    """Return each of ``images[0]`` mixed with its partner in ``images[1]``, and the targets."""
    count = images.shape[1]
    # One batch of both halves, in which image i meets image i of the other half.
    plan = draw((2 * count, *images.shape[2:]), generator=generator)
    partner = torch.arange(2 * count, device=images.device).roll(count)
    plan = replace(plan, partner=partner)  # type: ignore[type-var]
    mixed, targets = apply(plan, images.flatten(0, 1), labels.flatten(), classes=classes)
    return mixed[:count], targets[:count]


def _pairs_of_classes(network: Inspection, count: int) -> tuple[Tensor, Tensor]:
    """Return normalised training images (two, pair, ...) and labels of two different classes."""
    images = network.image_set
    order = torch.randperm(len(images.train_labels), generator=stream(network.seed, "mixed pairs"))
    pairs = order[: len(order) // 2 * 2].reshape(2, -1).to(images.train_labels.device)
    labels = images.train_labels[pairs]  # (two, pair)
    # Pairs of one class have no plane and no path between two classes.
    chosen = pairs[:, labels[0] != labels[1]][:, :count]
    normalised = data.normalise(images.train_images[chosen.flatten()], images)
    return normalised.unflatten(0, (2, -1)), images.train_labels[chosen]


@checked
def gradient_sources(
    network: Inspection,
    *,
    draw: Draw | None,
    smoothing: float,
    samples: int,
    rate: float,
    examples: int,
    repeats: int,
) -> dict[str, float]:
    """Return V_data, V_mixing and V_mask of the objective that a network was trained on.

    Of ``examples`` training images, ``repeats`` mixtures of each by ``draw``, with partners of
    their own, and ``repeats`` masks of each mixture at ``rate``: where the objective mixes and
    masks (``samples`` > 0) at all. ``smoothing`` is that of its targets where it does not mix.
    ``variance_...`` in squared nats per unit of the parameters.
    """
    checks.at_least(1, examples=examples, repeats=repeats)
    images, classes = network.image_set, len(network.image_set.classes)
    order = torch.randperm(
        len(images.train_labels), generator=stream(network.seed, "gradient images")
    )
    mixed_times, masked_times = (repeats if draw else 1), (repeats if samples else 1)
    chosen = order[:examples].to(images.train_labels.device).repeat_interleave(mixed_times)
    inputs = data.normalise(images.train_images[chosen], images)
    targets = smooth_targets(soft_targets(images.train_labels[chosen], classes), smoothing)
    if draw:
        inputs, targets = _with_partners(network, draw, inputs, chosen=chosen)
    rate = rate if samples else 0.0  # one mask that drops nothing
    shape = (len(inputs), network.statistics.width)
    masks = draw_masks(masked_times, shape, rate=rate, generator=network.stream("gradient masks"))
    sources = source_variance(
        network.net, inputs, targets, masks=masks, rate=rate, repeats=mixed_times
    )
    return {f"variance_{name}": value for name, value in asdict(sources).items()}


def _with_partners(
    network: Inspection, draw: Draw, inputs: Tensor, *, chosen: Tensor
) -> tuple[Tensor, Tensor]:
    images = network.image_set
    labels, drawn = images.train_labels, stream(network.seed, "gradient partners")
    partners = torch.randint(len(labels), (len(chosen),), generator=drawn).to(chosen.device)
    donors = data.normalise(images.train_images[partners], images)
    return mixtures(
        draw,
        torch.stack((inputs, donors)),
        torch.stack((labels[chosen], labels[partners])),
        classes=len(images.classes),
        generator=network.stream("gradient mixtures"),
    )


@checked
def shown_points(
    network: Inspection, *, classes: Sequence[int], count: int
) -> dict[str, str | list[list[float]]]:
    """Return features of three classes in the plane of their classifier rows.

    ``places_train`` and ``places_test``: (x, y) of ``count`` images of each class, to two decimals,
    in the order of the classes; ``points_train`` and ``points_test``: the same as text. The plane
    passes through the three rows; the origin is the mean of the three class means of the training
    features, the unit their mean distance from it.
    """
    if len(classes) != 3 or not all(0 <= one < network.net.linear.out_features for one in classes):
        raise ValueError(f"three of the network's classes are shown, got {list(classes)}")
    rows = network.net.linear.weight.detach()[list(classes)].to(torch.float64)
    basis, _ = torch.linalg.qr((rows[1:] - rows[0]).T)  # (feature, 2)
    means = network.statistics.means[list(classes)] @ basis  # (class, 2)
    centre = means.mean(0)
    unit = torch.linalg.vector_norm(means - centre, dim=1).mean()
    images = network.image_set
    columns: dict[str, str | list[list[float]]] = {}
    for name, part, labels in (
        ("train", network.train, images.train_labels),
        ("test", network.test, images.test_labels),
    ):
        index = torch.cat([torch.nonzero(labels == c).flatten()[:count] for c in classes])
        places = (part.features[index].to(torch.float64) @ basis - centre) / unit  # (image, 2)
        text = [(f"{x:.2f}", f"{y:.2f}") for x, y in places.tolist()]
        columns[f"points_{name}"] = ";".join(map(" ".join, text))
        columns[f"places_{name}"] = [[float(x), float(y)] for x, y in text]
    return columns
