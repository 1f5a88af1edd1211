"""The three sources of variance, the divergence that dropout leaves, the geometry of mixtures."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional

from runtheory.dropout.objectives import MultiSampleObjective
from runtheory.dropout.variance import minibatch_variance
from runtheory.interplay.gaussian_classes import divergence_kept
from runtheory.interplay.mixtures import path_point, plane_share
from runtheory.interplay.sources import source_variance
from runtheory.nets import Classifier
from runtheory.randomness import Streams, stream


def tiny_net() -> Classifier:
    generator = stream(0, "weights")
    body = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh())
    head = nn.Linear(3, 3)
    for parameter in [*body.parameters(), *head.parameters()]:
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return Classifier(body, head)


def loop_gradient(
    net: Classifier, image: torch.Tensor, target: torch.Tensor, mask: torch.Tensor, rate: float
) -> torch.Tensor:
    logits = net.head(net.body(image[None]) * mask / (1 - rate))
    loss = functional.cross_entropy(logits, target[None])
    parts = torch.autograd.grad(loss, list(net.parameters()))
    return torch.cat([part.flatten() for part in parts]).double()


@pytest.mark.parametrize(("repeats", "samples"), [(3, 2), (1, 3), (3, 1), (1, 1)])
def test_source_variance_is_the_nested_analysis_written_as_a_loop(
    repeats: int, samples: int
) -> None:
    net, rate, examples = tiny_net(), 0.5 if samples > 1 else 0.0, 4
    generator = stream(1, "inputs")
    images = torch.randn(examples * repeats, 1, 2, 2, generator=generator)
    targets = torch.rand(len(images), 3, generator=generator).softmax(1)
    masks = torch.rand(samples, len(images), 3, generator=generator) >= rate
    found = source_variance(net, images, targets, masks, rate=rate, repeats=repeats)
    table = torch.stack(
        [
            torch.stack(
                [
                    loop_gradient(net, images[i], targets[i], masks[m, i], rate)
                    for m in range(samples)
                ]
            )
            for i in range(len(images))
        ]
    ).reshape(examples, repeats, samples, -1)
    mask = table.var(2).sum(-1).mean() if samples > 1 else torch.tensor(0.0)
    middle = table.mean(2)
    mixing = torch.tensor(0.0)
    if repeats > 1:
        mixing = middle.var(1).sum(-1).mean() - mask / samples
    data = middle.mean(1).var(0).sum() - mixing / repeats - mask / (repeats * samples)
    assert found.mask == pytest.approx(float(mask), rel=1e-5, abs=1e-12)
    assert found.mixing == pytest.approx(float(mixing), rel=1e-5, abs=1e-12)
    assert found.data == pytest.approx(float(data), rel=1e-5)


def test_the_three_parts_add_up_to_the_variance_of_a_batch() -> None:
    """A population of three images, mixed with each other by a share of 0 or 0.4; all is known."""
    net, rate, samples, batch = tiny_net(), 0.5, 2, 4
    images = torch.randn(3, 1, 2, 2, generator=stream(2, "inputs"))
    eye = torch.eye(3)
    patterns = [torch.tensor(p) for p in itertools.product((0.0, 1.0), repeat=3)]
    rows = []
    for i in range(3):
        for j, share in itertools.product(range(3), (0.0, 0.4)):
            mixed = (1 - share) * images[i] + share * images[j]
            target = (1 - share) * eye[i] + share * eye[j]
            rows.append([loop_gradient(net, mixed, target, p, rate) for p in patterns])
    table = torch.stack([torch.stack(row) for row in rows]).reshape(3, 6, 8, -1)
    mask = table.var(2, correction=0).sum(-1).mean()
    mixing = table.mean(2).var(1, correction=0).sum(-1).mean()
    data = table.mean((1, 2)).var(0, correction=0).sum()
    expected = float((data + mixing + mask / samples) / batch)
    loss = MultiSampleObjective(samples, rate)

    def objective(
        net: nn.Module, chosen: torch.Tensor, labels: torch.Tensor, streams: Streams
    ) -> torch.Tensor:
        partner = torch.randint(3, (len(chosen),), generator=streams["partners"])
        share = 0.4 * torch.randint(2, (len(chosen),), generator=streams["shares"])
        weight = share[:, None, None, None]
        mixed = (1 - weight) * chosen + weight * images[partner]
        targets = (1 - share[:, None]) * eye[labels] + share[:, None] * eye[partner]
        return loss(net, mixed, targets, streams)

    seen = minibatch_variance(
        net,
        images,
        torch.arange(3),
        objective,
        batch=batch,
        repetitions=3000,
        streams=Streams(0),
    )
    assert abs(seen.value - expected) < 5 * seen.error


def test_mixtures_must_be_whole_groups() -> None:
    images, masks = torch.zeros(5, 1, 2, 2), torch.ones(1, 5, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match="groups of 2"):
        source_variance(
            tiny_net(), images, torch.zeros(5, dtype=torch.int64), masks, rate=0.0, repeats=2
        )


@pytest.mark.parametrize("correlation", [-0.6, 0.0, 0.7])
def test_two_coordinates_of_some_correlation_keep_what_the_closed_form_says(
    correlation: float,
) -> None:
    rate, shift = 0.3, 1.7
    covariance = torch.tensor([[1.0, correlation], [correlation, 1.0]], dtype=torch.float64)
    means = torch.tensor([[0.0, 0.0], [shift, shift]], dtype=torch.float64)
    chances = {(True, True): (1 - rate) ** 2, (True, False): rate * (1 - rate)}
    chances |= {(False, True): rate * (1 - rate), (False, False): rate**2}
    counts = {pattern: round(chance * 100) for pattern, chance in chances.items()}
    masks = torch.tensor([pattern for pattern, count in counts.items() for _ in range(count)])
    kept = divergence_kept(means, covariance, masks, noise=1e-9)
    assert float(kept.before) == pytest.approx(shift**2 / (1 + correlation), rel=1e-6)
    expected = (1 - rate) ** 2 + (1 - rate) * rate * (1 + correlation)
    assert float(kept.share) == pytest.approx(expected, rel=1e-6)


def test_independent_coordinates_keep_the_share_of_the_mask() -> None:
    generator = stream(0, "means")
    means = torch.randn(4, 6, generator=generator, dtype=torch.float64)
    covariance = torch.diag(torch.rand(6, generator=generator, dtype=torch.float64) + 0.1)
    masks = torch.tensor(list(itertools.product((True, False), repeat=6)))
    kept = divergence_kept(means, covariance, masks)
    assert torch.allclose(kept.share, torch.full((6,), 0.5, dtype=torch.float64))


def test_noise_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="noise must be positive"):
        divergence_kept(
            torch.zeros(3, 4), torch.eye(4), torch.ones(2, 4, dtype=torch.bool), noise=0.0
        )


def test_a_feature_in_the_plane_of_its_rows_has_share_one() -> None:
    generator = stream(0, "rows")
    rows = torch.randn(5, 7, generator=generator, dtype=torch.float64)
    centred = rows - rows.mean(0)
    centre = torch.randn(7, generator=generator, dtype=torch.float64)
    first, second = torch.tensor([0, 3]), torch.tensor([4, 1])
    inside = centre + 2.0 * centred[first] - 0.3 * centred[second]
    assert torch.allclose(
        plane_share(inside, rows, first, second, centre=centre), torch.ones(2).double()
    )
    normal = torch.linalg.svd(centred)[2][-1]  # orthogonal to all centred rows
    length = (inside - centre).norm(dim=1, keepdim=True)
    shares = plane_share(inside + length * normal, rows, first, second, centre=centre)
    assert torch.allclose(shares, torch.full((2,), 0.5).double())
    with pytest.raises(ValueError, match="two different classes"):
        plane_share(inside, rows, first, first, centre=centre)


def test_path_coordinates_of_one_logit_vector() -> None:
    logits = torch.tensor([[3.0, 1.0, -1.0, -2.0]])
    point = path_point(logits, torch.tensor([0]), torch.tensor([1]))
    assert point.along == pytest.approx(2.0)
    assert point.across == pytest.approx(3.5)
    assert point.probability == pytest.approx(float(logits.softmax(1)[0, 0]), rel=1e-6)
    with pytest.raises(ValueError, match="three classes"):
        path_point(logits[:, :2], torch.tensor([0]), torch.tensor([1]))
