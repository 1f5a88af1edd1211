"""CutMix, mixup and Cutout as draw-then-apply, with their laws.

Draw a plan with :mod:`draw`, carry it out with :func:`apply`; :mod:`placement` says where a box
falls; :mod:`laws`, :mod:`distributions`, :mod:`pixel_laws` and :mod:`kernels` state in closed form
or by quadrature what the draws obey; :mod:`labels` compares published label rules;
:mod:`objective` trains on mixed batches; :mod:`patches`, :mod:`patch_network` and
:mod:`contributions` hold the patch model of rare features.
"""

from runtheory.mixing.apply import apply
from runtheory.mixing.draw import draw_cutmix, draw_cutout, draw_mixup
from runtheory.mixing.placement import CLIPPED, EVEN_SIDES, INSIDE, PADDED, EvenSides, Placement
from runtheory.mixing.plans import Boxes, CutmixPlan, CutoutPlan, MixupPlan

__all__ = [
    "CLIPPED",
    "EVEN_SIDES",
    "INSIDE",
    "PADDED",
    "Boxes",
    "CutmixPlan",
    "CutoutPlan",
    "EvenSides",
    "MixupPlan",
    "Placement",
    "apply",
    "draw_cutmix",
    "draw_cutout",
    "draw_mixup",
]
