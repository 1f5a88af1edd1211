"""Predictions in evaluation mode, and the network left as it was."""

from __future__ import annotations

import pytest
import torch

from runtheory.data import ChannelStatistics, normalise
from runtheory.data.image_set import channel_statistics
from runtheory.evaluation import accuracy, activations, predict, score_network
from runtheory.nets import Classifier, small_convnet
from runtheory.randomness import stream


@pytest.fixture
def images() -> torch.Tensor:
    shape = (23, 3, 9, 9)
    return torch.randint(256, shape, dtype=torch.uint8, generator=stream(0, "images"))


@pytest.fixture
def net() -> Classifier:
    net = small_convnet(channels=3, size=9, width=3, generator=stream(0, "initialisation"))
    net.head.eval()  # a mixed mode, which must survive
    return net


def test_predictions_are_those_of_normalised_images(net: Classifier, images: torch.Tensor) -> None:
    statistics = channel_statistics(images)
    logits = predict(net, images, statistics, batch_size=len(images))
    net.eval()
    torch.testing.assert_close(logits, net(normalise(images, statistics)))
    assert not logits.requires_grad


def test_activations_are_those_of_the_network_in_evaluation_mode(
    net: Classifier, images: torch.Tensor
) -> None:
    statistics = channel_statistics(images)
    joined = activations(net, images, statistics, batch_size=9)
    assert torch.equal(joined.logits, predict(net, images, statistics, batch_size=9))
    net.eval()
    with torch.no_grad():
        whole = net.activations(normalise(images, statistics))
    torch.testing.assert_close(joined.features, whole.features)
    assert len(joined.hidden) == len(whole.hidden)


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 100])
def test_predictions_do_not_depend_on_the_batch(
    net: Classifier, images: torch.Tensor, batch_size: int
) -> None:
    statistics = channel_statistics(images)
    expected = predict(net, images, statistics)
    torch.testing.assert_close(
        predict(net, images, statistics, batch_size=batch_size), expected, rtol=1e-5, atol=1e-5
    )


def test_the_network_is_left_as_it_was(net: Classifier, images: torch.Tensor) -> None:
    modes = [module.training for module in net.modules()]
    state = {name: value.clone() for name, value in net.state_dict().items()}
    predict(net, images, channel_statistics(images), batch_size=4)
    assert [module.training for module in net.modules()] == modes
    assert True in modes
    assert False in modes
    for name, value in net.state_dict().items():
        assert torch.equal(value, state[name])


def test_modes_are_restored_after_an_error(net: Classifier, images: torch.Tensor) -> None:
    modes = [module.training for module in net.modules()]
    with pytest.raises(RuntimeError):
        predict(net, images[:, :2], ChannelStatistics((0.5, 0.5), (0.1, 0.1)))
    assert [module.training for module in net.modules()] == modes
    assert torch.is_grad_enabled()


def test_a_network_is_given_all_scores(net: Classifier, images: torch.Tensor) -> None:
    statistics, labels = channel_statistics(images), torch.arange(23) % 10
    scores = score_network(net, images, labels=labels, statistics=statistics)
    assert sorted(scores) == ["accuracy", "brier_score", "calibration_error", "cross_entropy"]
    assert scores["accuracy"] == accuracy(predict(net, images, statistics), labels).item()
    assert all(type(value) is float for value in scores.values())


def test_nothing_to_predict_is_refused(net: Classifier, images: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="at least one uint8 image, got 0"):
        predict(net, images[:0], channel_statistics(images))
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        predict(net, images, channel_statistics(images), batch_size=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_predictions_have_the_precision_of_the_network(
    net: Classifier, images: torch.Tensor, dtype: torch.dtype
) -> None:
    statistics = channel_statistics(images)
    expected = predict(net, images, statistics)
    found = predict(net.to(dtype), images, statistics)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)
    assert activations(net, images, statistics).features.dtype == dtype
