"""What the recipes of the chapter on the interplay measure on a trained network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from runtheory import data, evaluation, nets
from runtheory.collapse.statistics import ClassStatistics, class_statistics
from runtheory.dropout.head import sample_logits
from runtheory.dropout.masks import draw_masks
from runtheory.instruments.collapse import Activations, activations, linear_map
from runtheory.interplay.free_dropout import evenness
from runtheory.interplay.gaussian_classes import divergence_kept
from runtheory.interplay.mixtures import path_point, plane_share
from runtheory.interplay.sources import source_variance
from runtheory.mixing.apply import apply
from runtheory.mixing.draw import draw_cutmix, draw_mixup
from runtheory.mixing.laws import label_smoothing
from runtheory.mixing.plans import Plan
from runtheory.mixing.targets import soft_targets
from runtheory.modes import evaluating
from runtheory.randomness import stream
from runtheory.shapes import Images, Labels, RawImages, SoftTargets

RATE = 0.5
MASKS = 64
MIXED = 500
SHARES = tuple(step / 10 for step in range(11))
SHOWN_CLASSES = (0, 1, 6)
SHOWN = 25
EXAMPLES = 256
REPEATS = 3
DRAWS: dict[str, Callable[..., Plan]] = {"mixup": draw_mixup, "cutmix": draw_cutmix}


@dataclass(frozen=True, eq=False)
class Inspection:
    """One network and its images; every network of one ``seed`` meets the same draws."""

    net: nets.Classifier
    image_set: data.ImageSet
    seed: int

    @cached_property
    def train(self) -> Activations:
        return activations(self.net, self.image_set.train_images, self.image_set)

    @cached_property
    def test(self) -> Activations:
        return activations(self.net, self.image_set.test_images, self.image_set)

    @cached_property
    def statistics(self) -> ClassStatistics:
        held = self.image_set
        return class_statistics(self.train.features, held.train_labels, classes=len(held.classes))

    def stream(self, purpose: str) -> torch.Generator:
        """Return the generator of one purpose, where the images are."""
        return stream(self.seed, purpose, device=self.image_set.train_images.device)


def pair_counts(seen: Inspection, held_images: RawImages, held_labels: Labels) -> dict[str, int]:
    """Return how many pairs are wrong on the held copy alone, the trained one alone, and on both.

    ``gained`` counts the first (test less training loss is +1), ``lost`` the second.
    """
    logits = evaluation.predict(seen.net, held_images, seen.image_set)
    held = logits.argmax(1) != held_labels
    trained = seen.train.logits.argmax(1) != seen.image_set.train_labels
    return {
        "pairs": len(held),
        "gained": int((held & ~trained).sum()),
        "lost": int((trained & ~held).sum()),
        "both_wrong": int((trained & held).sum()),
    }


def dropout_measures(seen: Inspection) -> dict[str, float]:
    """Return what dropout of rate 1/2 on the features does to this network, trained with it or not.

    ``divergence_kept`` is the share of the divergence between two classes that is left, averaged
    over pairs (``divergence``, in nats, is the geometric mean before), ``evenness`` how alike the
    coordinates count; ``dropped_accuracy`` and ``dropped_loss`` are those of one mask for each
    test image, ``dropped_train_loss`` that for each training image.
    """
    linear = linear_map(seen.net)
    statistics = seen.statistics
    assert statistics.scatter is not None
    covariance = statistics.scatter / statistics.counts.sum()
    masks = torch.rand(MASKS, statistics.width, generator=seen.stream("kept")).to(covariance.device)
    kept = divergence_kept(statistics.means, covariance, masks >= RATE)
    test, train = (
        _dropped(seen, part.features, f"dropped, {name}")
        for name, part in (("test", seen.test), ("train", seen.train))
    )
    labels = seen.image_set.test_labels
    return {
        "divergence": math.exp(float(kept.before.log().mean())),
        "divergence_kept": float(kept.share.mean()),
        "evenness": float(evenness(linear.weight.detach(), seen.train.features)),
        "dropped_accuracy": evaluation.accuracy(test, labels).item(),
        "dropped_loss": evaluation.cross_entropy(test, labels).item(),
        "dropped_train_loss": evaluation.cross_entropy(train, seen.image_set.train_labels).item(),
    }


@torch.no_grad()
def _dropped(seen: Inspection, features: Tensor, purpose: str) -> Tensor:
    masks = draw_masks(1, features.shape, rate=RATE, generator=seen.stream(purpose))
    return sample_logits(seen.net.head, features, masks, rate=RATE)[0]


def logit_gaps(seen: Inspection) -> dict[str, float]:
    """Return the mean lead of the true class's logit over the mean of the others."""
    found = {}
    labels = {"train": seen.image_set.train_labels, "test": seen.image_set.test_labels}
    for part, seen_part in (("train", seen.train), ("test", seen.test)):
        logits, own = seen_part.logits, labels[part][:, None]
        classes = logits.shape[1]
        true = logits.gather(1, own).squeeze(1)
        rest = (logits.sum(1) - true) / (classes - 1)
        found[f"{part}_logit_gap"] = float((true - rest).mean())
    return found


def mixture_measures(seen: Inspection) -> dict[str, float]:
    """Return where the features of mixed training images of two classes lie.

    ``mixup_plane`` and ``cutmix_plane``: the mean share of their squared distance from the centre
    of the class means that lies in the plane of the two rows, for random mixtures of the method.
    ``path0_along`` to ``path10_probability``: the path between two images under Mixup, at the share
    0, 0.1, ... 1 of the first.
    """
    images, labels = _mixed_pairs(seen)
    classifier = linear_map(seen.net).weight.detach()
    centre, found = seen.statistics.means.mean(0), {}
    with evaluating(seen.net), torch.no_grad():
        for name, draw in DRAWS.items():
            mixed, _ = mixtures(
                draw,
                images,
                labels,
                classes=len(classifier),
                generator=seen.stream(f"shown {name}"),
            )
            features = seen.net.features(mixed)
            shares = plane_share(features, classifier, labels[0], labels[1], centre=centre)
            found[f"{name}_plane"] = float(shares.mean())
        for step, share in enumerate(SHARES):
            mixed = share * images[0] + (1 - share) * images[1]
            point = path_point(seen.net(mixed), labels[0], labels[1])
            found |= {f"path{step}_{name}": value for name, value in asdict(point).items()}
    return found


def mixtures(
    draw: Callable[..., Plan],
    images: Float[Tensor, "two batch channel height width"],
    labels: Int64[Tensor, "two batch"],
    *,
    classes: int,
    generator: torch.Generator,
) -> tuple[Images, SoftTargets]:
    """Return each of ``images[0]`` mixed with its partner in ``images[1]``, and the targets."""
    count = images.shape[1]
    plan = draw((2 * count, *images.shape[2:]), generator=generator)
    partner = torch.arange(2 * count, device=images.device).roll(count)
    plan = replace(plan, partner=partner)  # type: ignore[type-var]
    mixed, targets = apply(plan, images.flatten(0, 1), labels.flatten(), classes=classes)
    return mixed[:count], targets[:count]


def _mixed_pairs(seen: Inspection) -> tuple[Tensor, Tensor]:
    """Return normalised training images (two, pair, ...) and labels of two different classes."""
    held = seen.image_set
    order = torch.randperm(len(held.train_labels), generator=stream(seen.seed, "mixed pairs"))
    pairs = order[: len(order) // 2 * 2].reshape(2, -1).to(held.train_labels.device)
    labels = held.train_labels[pairs]
    chosen = pairs[:, labels[0] != labels[1]][:, :MIXED]
    images = data.normalise(held.train_images[chosen.flatten()], held)
    return images.unflatten(0, (2, -1)), held.train_labels[chosen]


def gradient_sources(seen: Inspection, *, mixing: str, samples: int) -> dict[str, float]:
    """Return V_data, V_mixing and V_mask of the objective that this network was trained on.

    256 training images, three mixtures of each with partners of their own and three masks of each
    mixture, where the objective mixes and masks at all. ``variance_...`` in squared nats per unit
    of the parameters.
    """
    held, draw = seen.image_set, DRAWS.get(mixing)
    order = torch.randperm(len(held.train_labels), generator=stream(seen.seed, "gradient images"))
    chosen = order[:EXAMPLES].to(held.train_labels.device).repeat_interleave(REPEATS if draw else 1)
    images = data.normalise(held.train_images[chosen], held)
    targets = soft_targets(held.train_labels[chosen], len(held.classes))
    if mixing == "smoothing":
        targets = smoothed(targets)
    if draw:
        images, targets = _with_partners(seen, draw, images, chosen)
    rate = RATE if samples else 0.0
    shape = (len(images), seen.statistics.width)
    masks = draw_masks(
        REPEATS if samples else 1, shape, rate=rate, generator=seen.stream("gradient masks")
    )
    found = source_variance(
        seen.net, images, targets, masks, rate=rate, repeats=REPEATS if draw else 1
    )
    return {f"variance_{name}": value for name, value in asdict(found).items()}


def _with_partners(
    seen: Inspection, draw: Callable[..., Plan], images: Tensor, chosen: Tensor
) -> tuple[Tensor, Tensor]:
    held = seen.image_set
    total = len(held.train_labels)
    partners = torch.randint(
        total, (len(chosen),), generator=stream(seen.seed, "gradient partners")
    ).to(chosen.device)
    donors = data.normalise(held.train_images[partners], held)
    labels = torch.stack((held.train_labels[chosen], held.train_labels[partners]))
    return mixtures(
        draw,
        torch.stack((images, donors)),
        labels,
        classes=len(held.classes),
        generator=seen.stream("gradient mixtures"),
    )


def smoothed(targets: SoftTargets) -> SoftTargets:
    """Return targets smoothed by the mean pasted share of CutMix at alpha 1."""
    amount = label_smoothing(1.0, 1.0)
    return (1 - amount) * targets + amount / targets.shape[1]


def shown_points(seen: Inspection) -> dict[str, str]:
    """Return features of three classes in the plane of their classifier rows, as text.

    ``points_train`` and ``points_test``: 25 images of each class, "x y" in the order of the
    classes, joined by semicolons. The plane passes through the three rows; the origin is the mean
    of the three class means of the training features, the unit their mean distance from it.
    """
    rows = linear_map(seen.net).weight.detach()[list(SHOWN_CLASSES)].to(torch.float64)
    basis, _ = torch.linalg.qr((rows[1:] - rows[0]).T)
    means = seen.statistics.means[list(SHOWN_CLASSES)] @ basis
    centre = means.mean(0)
    unit = torch.linalg.vector_norm(means - centre, dim=1).mean()
    found, held = {}, seen.image_set
    parts = (("train", seen.train, held.train_labels), ("test", seen.test, held.test_labels))
    for name, part, labels in parts:
        index = torch.cat([torch.nonzero(labels == c).flatten()[:SHOWN] for c in SHOWN_CLASSES])
        places = (part.features[index].to(torch.float64) @ basis - centre) / unit
        found[f"points_{name}"] = ";".join(f"{x:.2f} {y:.2f}" for x, y in places.tolist())
    return found
