"""Interactive figures that live in Jupyter and on a static page without a kernel.

``curves`` stores a grid of numbers, from which a script of the book (``book/theme/explorables.js``)
draws lines, points, bars and heat maps, between the places of the grid too where the quantity is
smooth. ``frames`` stores pictures, for what only a picture shows. Both have a picture of their
first state for readers without the script, and sliders of ``ipywidgets`` in a running notebook.
"""

from runtheory.explore.figures import curves
from runtheory.explore.marks import (
    GREY,
    Axis,
    Bars,
    Heat,
    Line,
    Panel,
    Picture,
    Points,
    Rule,
    Step,
)
from runtheory.explore.settings import MIME, Smooth
from runtheory.explore.stills import frames

__all__ = [
    "GREY",
    "MIME",
    "Axis",
    "Bars",
    "Heat",
    "Line",
    "Panel",
    "Picture",
    "Points",
    "Rule",
    "Smooth",
    "Step",
    "curves",
    "frames",
]
