"""What a public function takes, read once from its annotations and asked at every call.

``@checked`` stands above a public function. What an annotation says of an argument (a tensor of
floats with these axes, an integer, a generator) is then true of the value, or the call ends in one
sentence: a ``TypeError`` for the wrong kind, a ``ValueError`` for the wrong shape. Values in range
are the function's own matter (:mod:`runtheory.checks`). While ``torch.compile`` traces, nothing is
asked.
"""

from runtheory.boundary.guard import checked

__all__ = ["checked"]
