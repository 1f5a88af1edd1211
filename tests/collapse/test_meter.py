"""One call for any network and loader, beside the measures of features held all at once."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from runtheory.collapse.geometry import bias_residual, centre_disagreement
from runtheory.collapse.meter import HeadTap, measure_collapse
from runtheory.collapse.statistics import class_statistics
from runtheory.collapse.summary import collapse_measures
from runtheory.dropout import MultiSampleDropout
from runtheory.randomness import stream
from tests.collapse.examples import clouds


def network(seed: int = 0, *, bias: bool = True) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3, bias=bias))
    generator = stream(seed, "meter")
    with torch.no_grad():
        for tensor in net.parameters():
            tensor.copy_(torch.randn(tensor.shape, generator=generator))
    net[2].eval()  # a mode of its own
    return net


def examples() -> tuple[Tensor, Tensor]:
    features, labels = clouds([9, 12, 14], 6, noise=0.8)
    order = torch.randperm(len(labels), generator=stream(1, "order"))
    return features[order].float(), labels[order].to(torch.int32)


def loader() -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(TensorDataset(*examples()), batch_size=8)


@pytest.mark.parametrize("bias", [True, False])
def test_a_reading_is_that_of_all_features_at_once(bias: bool) -> None:
    net, (inputs, labels) = network(bias=bias), examples()
    reading = measure_collapse(net, loader(), classes=3)
    held = network(bias=bias).eval()
    with torch.no_grad():
        features, logits = nn.Sequential(*list(held)[:3])(inputs), held(inputs)
    state = class_statistics(features, labels, classes=3)
    head = HeadTap(net, classes=3)
    weight, offset = head.weight, head.bias
    assert (offset is not None) == bias
    expected = collapse_measures(state, weight, offset).row()
    row = reading.row()
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    disagreement = float(centre_disagreement(features, logits, state.means))
    assert 0 < disagreement < 1
    assert row["centre_disagreement"] == pytest.approx(disagreement, abs=1e-12)
    assert row["angle_floor"] == row["coherence_bound"] == 0
    zero = torch.zeros(3) if offset is None else offset
    relative = bias_residual(weight, zero, state.means.mean(0), relative=True)
    assert row["relative_bias_residual"] == pytest.approx(float(relative), rel=1e-5)


class Counted:
    """A loader that counts how often it was started."""

    def __init__(self) -> None:
        self.starts = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.starts += 1
        yield from loader()


def test_with_the_class_means_of_an_earlier_reading_one_pass_is_enough() -> None:
    twice, once = Counted(), Counted()
    first = measure_collapse(network(), twice, classes=3)
    again = measure_collapse(network(), once, classes=3, centres=first.statistics.means)
    assert (twice.starts, once.starts) == (2, 1)
    assert first.row() == again.row()
    with pytest.raises(ValueError, match="shape of the classifier"):
        measure_collapse(network(), loader(), classes=3, centres=first.statistics.means[:2])
    with pytest.raises(ValueError, match="centres must be finite"):
        measure_collapse(network(), loader(), classes=3, centres=torch.full((3, 5), math.nan))


class Named(nn.Module):
    """A network of somebody else: a record as output, a layer after the head, twice a body."""

    def __init__(self, *, uses: int = 1, tokens: bool = False) -> None:
        super().__init__()
        self.trunk, self.fc, self.auxiliary = nn.Linear(6, 5), nn.Linear(5, 3), nn.Linear(5, 2)
        self.uses, self.tokens = uses, tokens

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        features = self.trunk(inputs).relu()
        if self.tokens:
            features = features[:, None]
        for _ in range(self.uses):
            logits = self.fc(features)
        return {"logits": logits if self.uses else inputs, "other": self.auxiliary(features)}


def test_a_head_is_named_and_the_network_may_return_what_it_likes() -> None:
    net = Named()
    with torch.no_grad():
        inputs, labels = examples()
        features = net.trunk(inputs).relu()
    reading = measure_collapse(net, loader(), classes=3, layer="fc")
    expected = class_statistics(features, labels, classes=3)
    torch.testing.assert_close(reading.statistics.means, expected.means, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="'auxiliary' must have a weight of shape"):
        measure_collapse(net, loader(), classes=3)
    with pytest.raises(ValueError, match="name of a module"):
        measure_collapse(net, loader(), classes=3, layer="head")
    with pytest.raises(ValueError, match="a linear layer, got none"):
        measure_collapse(nn.ReLU(), loader(), classes=3)


@pytest.mark.parametrize(
    ("net", "text"),
    [
        (Named(uses=0), "once in a forward pass, got 0 calls"),
        (Named(uses=2), "once in a forward pass, got 2 calls"),
        (Named(tokens=True), r"must get \(batch, feature\), got \(8, 1, 5\)"),
    ],
)
def test_a_head_that_is_not_called_once_with_vectors_is_refused(net: nn.Module, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        measure_collapse(net, loader(), classes=3, layer="fc")


def failing() -> Iterator[tuple[Tensor, Tensor]]:
    yield from list(loader())[:1]
    raise OSError("the disk is gone")


@pytest.mark.parametrize("broken", [False, True])
def test_hooks_and_modes_are_as_before_even_after_an_error(broken: bool) -> None:
    net = network()
    modes = [module.training for module in net.modules()]
    before = {name: value.clone() for name, value in net.state_dict().items()}
    if broken:
        with pytest.raises(OSError, match="the disk is gone"):
            measure_collapse(net, failing(), classes=3)
    else:
        measure_collapse(net, loader(), classes=3)
    assert [module.training for module in net.modules()] == modes
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())


def test_what_a_loader_must_give_is_said() -> None:
    batches = list(loader())
    with pytest.raises(ValueError, match="the same examples twice, got 35 and 0"):
        measure_collapse(network(), iter(batches), classes=3)
    both = iter([batches, batches[1:] + batches[1:2]])  # as many, but others

    class Dropping:
        def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
            return iter(next(both))

    with pytest.raises(ValueError, match=r"twice, got 35 and 35, not as many in each class"):
        measure_collapse(network(), Dropping(), classes=3)
    with pytest.raises(ValueError, match=r"pairs \(inputs, labels\), got tuple of 3"):
        measure_collapse(network(), [(*batches[0], 1)], classes=3)
    with pytest.raises(ValueError, match="every class needs a sample"):
        measure_collapse(network(), [], classes=3)
    with pytest.raises(ValueError, match="labels must lie in 0 to 2, got 3"):
        measure_collapse(network(), [(x, y + 1) for x, y in batches], classes=3)


def test_autocast_narrows_the_network_and_not_the_statistics() -> None:
    wide = measure_collapse(network(), loader(), classes=3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow = measure_collapse(network(), loader(), classes=3)
    assert narrow.statistics.means.dtype == torch.float64
    assert not torch.equal(narrow.statistics.means, wide.statistics.means)
    torch.testing.assert_close(
        narrow.measures.variability, wide.measures.variability, rtol=0.05, atol=0
    )


def test_dead_features_have_no_measure() -> None:
    net = network()
    with torch.no_grad():
        for parameter in net[:3].parameters():
            parameter.zero_()
    row = measure_collapse(net, loader(), classes=3).row()
    assert row["rank"] == 0
    for name in ("variability", "trace_ratio", "distance_normalised_variance", "self_duality"):
        assert math.isnan(row[name])


def test_a_tap_in_a_loop_of_ones_own() -> None:
    net, (inputs, _) = network(), examples()
    with HeadTap(net, classes=3) as tap:
        logits = net(inputs)
        features, taken = tap.taken()
        assert torch.equal(taken, logits)
        assert not taken.requires_grad
        assert torch.equal(net[3](features), logits)
        net(inputs)
    assert not net[3]._forward_hooks


@pytest.mark.parametrize("known", [True, False])
def test_logits_that_are_no_numbers_decide_nothing(known: bool) -> None:
    net = network()
    centres = measure_collapse(net, loader(), classes=3).statistics.means if known else None
    head = net[3]
    assert isinstance(head, nn.Linear)
    head.bias.data[0] = math.nan
    reading = measure_collapse(net, loader(), classes=3, centres=centres)
    assert math.isnan(reading.disagreement)
    assert not math.isnan(reading.measures.variability)


def test_no_hook_stays_of_a_tap_that_was_entered_twice() -> None:
    net = network()
    with HeadTap(net, classes=3) as tap, tap:
        pass
    assert not net[3]._forward_hooks


def test_a_head_may_take_its_features_by_name() -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(6, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            return self.head(input=inputs)

    inputs = examples()[0]
    net = Named()
    with HeadTap(net, classes=3) as tap:
        logits = net(inputs)
        assert all(map(torch.equal, tap.taken(), (inputs, logits)))


def test_a_head_that_stands_in_for_the_last_layer_is_found() -> None:
    net = nn.Sequential(nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 3))  # the first would fit too
    plain = measure_collapse(net, loader(), classes=3).row()
    net[2] = MultiSampleDropout(net[2], samples=4, rate=0.5, seed=0)
    assert measure_collapse(net, loader(), classes=3).row() == pytest.approx(plain)
