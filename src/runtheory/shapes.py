"""The code half of the book's notation page: one name for each kind of tensor.

Axes are words. ``batch`` counts examples, ``sample`` counts dropout masks drawn for one example,
``feature`` counts the coordinates at the input of the head and ``class`` the classes. The aliases
are executed as run-time checks in the tests and cost nothing elsewhere.
"""

from __future__ import annotations

from jaxtyping import Bool, Float, Int64, Integer, UInt8
from torch import Tensor

Images = Float[Tensor, "batch channel height width"]
RawImages = UInt8[Tensor, "batch channel height width"]
Labels = Int64[Tensor, "batch"]
AnyLabels = Integer[Tensor, "batch"]
Indices = Int64[Tensor, "batch"]
Features = Float[Tensor, "batch feature"]
Logits = Float[Tensor, "batch class"]
Probabilities = Float[Tensor, "batch class"]
SoftTargets = Float[Tensor, "batch class"]
KeepMasks = Bool[Tensor, "sample batch feature"]
SampleFeatures = Float[Tensor, "sample batch feature"]
SampleLogits = Float[Tensor, "sample batch class"]
Scalar = Float[Tensor, ""]
