"""The variants of CutMix draw what CutMix draws, and differ from it in one thing each."""

from __future__ import annotations

import torch

from runtheory.mixing.plans import CutmixPlan
from runtheory.randomness import stream
from runtheory.recipes.cutmix import cutmix_variants as variants

SHAPE = torch.Size((2000, 1, 28, 28))


def plan(name: str, shape: torch.Size = SHAPE, *, seed: int = 0) -> CutmixPlan:
    draw = variants.VARIANTS[name].bind(variants.SMALL)
    assert draw is not None
    drawn = draw(shape, generator=stream(seed, "plans"))
    assert isinstance(drawn, CutmixPlan)
    return drawn


def test_the_nominal_label_moves_no_pixel() -> None:
    own, nominal = plan("cutmix"), plan("cutmix, nominal label")
    assert torch.equal(own.partner, nominal.partner)
    assert torch.equal(own.boxes.edges, nominal.boxes.edges)


def test_the_nominal_label_leaves_the_generator_where_cutmix_does() -> None:
    after = []
    for name in ("cutmix", "cutmix, nominal label"):
        generator = stream(0, "plans")
        draw = variants.VARIANTS[name].bind(variants.SMALL)
        assert draw is not None
        draw(SHAPE, generator=generator)
        after.append(generator.get_state())
    assert torch.equal(*after)


def test_the_nominal_label_is_the_area_of_the_box_before_it_is_clipped() -> None:
    drawn = plan("cutmix, nominal label")
    top, bottom, left, right = drawn.boxes.edges.unbind(1)
    inside = (top > 0) & (left > 0) & (bottom < 28) & (right < 28)
    side = drawn.nominal.sqrt()
    # Pixels whose centres lie in an interval of length side * 28 number that, to less than one.
    assert ((bottom - top)[inside] - 28 * side[inside]).abs().max() < 1
    assert (drawn.nominal - drawn.share).mean() > 0.1


def test_nominal_targets_sum_to_one_and_use_the_nominal_share() -> None:
    drawn = plan("cutmix, nominal label")
    targets = drawn.mix_targets(torch.eye(len(drawn.partner)))
    assert torch.allclose(targets.sum(1), torch.ones(len(targets)))
    elsewhere = drawn.partner != torch.arange(len(targets))
    partner = targets.gather(1, drawn.partner[:, None])[:, 0]
    assert torch.allclose(partner[elsewhere], drawn.nominal.float()[elsewhere])


def test_half_of_the_steps_are_mixed_whole_and_the_others_not_at_all() -> None:
    small = torch.Size((50, 1, 28, 28))
    shares = torch.stack(
        [plan("cutmix, half of the steps", small, seed=seed).share for seed in range(200)]
    )
    mixed = shares.max(1).values > 0
    assert 70 < mixed.sum() < 130  # 100 expected, standard deviation 7
    assert abs(shares[mixed].mean().item() - 77 / 240) < 0.02  # 5,000 boxes: 0.003
