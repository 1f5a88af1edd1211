"""Neural collapse: what to measure, where it leads, and the models in which it is solved.

``statistics`` is the one streaming state; ``variability``, ``geometry`` and ``hull`` measure NC1 to
NC4 and their relatives, with the choices of ``conventions``; ``summary`` makes one row of them, and
``meter`` takes it from any network and loader.
``frames`` holds the limiting configurations, ``synthetic`` puts exact noise about them, and
``naive`` is the formula to avoid. ``models``, ``minimisers``, ``merging``, ``fitting`` and
``descent`` are the unconstrained-feature models, ``layers`` what depth leaves of them,
``vanishing`` what little decay does; ``near``, ``settled`` and ``decomposition`` surround them.
"""

from runtheory.collapse.conventions import Convention, Weighting
from runtheory.collapse.frames import angle_floor, coherence_bound, simplex_frame
from runtheory.collapse.geometry import (
    angle_error,
    angle_spread,
    centre_disagreement,
    frame_distance,
    nearest_centre,
    norm_spread,
    self_duality,
)
from runtheory.collapse.hull import one_vs_rest_distances
from runtheory.collapse.meter import CollapseReading, HeadTap, measure_collapse
from runtheory.collapse.minimisers import cross_entropy_minimiser, square_minimiser
from runtheory.collapse.models import FeatureModel, Minimiser
from runtheory.collapse.ranks import merge_across_ranks
from runtheory.collapse.statistics import ClassStatistics, class_statistics, merge_all
from runtheory.collapse.summary import CollapseMeasures, collapse_measures
from runtheory.collapse.variability import nearest_centre_error, variability_collapse

__all__ = [
    "ClassStatistics",
    "CollapseMeasures",
    "CollapseReading",
    "Convention",
    "FeatureModel",
    "HeadTap",
    "Minimiser",
    "Weighting",
    "angle_error",
    "angle_floor",
    "angle_spread",
    "centre_disagreement",
    "class_statistics",
    "coherence_bound",
    "collapse_measures",
    "cross_entropy_minimiser",
    "frame_distance",
    "measure_collapse",
    "merge_across_ranks",
    "merge_all",
    "nearest_centre",
    "nearest_centre_error",
    "norm_spread",
    "one_vs_rest_distances",
    "self_duality",
    "simplex_frame",
    "square_minimiser",
    "variability_collapse",
]
