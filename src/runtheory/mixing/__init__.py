"""CutMix, mixup, Cutout and Random Erasing as draw-then-apply, with their laws.

Draw a plan with :mod:`draw` or :mod:`erasing`, carry it out with :func:`apply`, or let
:class:`Collate` do both in a ``DataLoader``; :mod:`placement` says where a box falls,
:mod:`pasting` how its pixels get there; :mod:`laws`, :mod:`distributions`, :mod:`pixel_laws` and
:mod:`kernels` state in closed form or by quadrature what the draws obey; :mod:`label_rules`
compares the labels of several libraries; :mod:`pairing` tells how noisy a mixed batch is by the way
its images are paired; :mod:`objective` trains on mixed batches; :mod:`patches`,
:mod:`patch_network` and :mod:`contributions` hold the patch model of rare features.
"""

from runtheory.mixing.apply import apply, apply_
from runtheory.mixing.boxes import Boxes
from runtheory.mixing.collate import Collate
from runtheory.mixing.draw import draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.erasing import ErasingPlan, draw_erasing
from runtheory.mixing.placement import (
    CLIPPED,
    EVEN_SIDES,
    INSIDE,
    PADDED,
    WHOLE_SIDES,
    Placement,
    TruncatedSides,
)
from runtheory.mixing.plans import CutmixPlan, CutoutPlan, MixupPlan

__all__ = [
    "CLIPPED",
    "EVEN_SIDES",
    "INSIDE",
    "PADDED",
    "WHOLE_SIDES",
    "Boxes",
    "Collate",
    "CutmixPlan",
    "CutoutPlan",
    "ErasingPlan",
    "MixupPlan",
    "Placement",
    "TruncatedSides",
    "apply",
    "apply_",
    "draw_cutmix",
    "draw_cutout",
    "draw_erasing",
    "draw_mixup",
]
