"""Neural collapse: what to measure, where it leads, and the models in which it is solved.

``statistics`` is the one streaming state; ``variability``, ``geometry`` and ``hull`` measure NC1 to
NC4 and their relatives, with the choices of ``conventions``; ``summary`` makes one row of them.
``frames`` holds the limiting configurations, ``synthetic`` puts exact noise about them, and
``naive`` is the formula to avoid. ``models``, ``minimisers``, ``merging``, ``fitting`` and
``descent`` are the unconstrained-feature models; ``near`` and ``decomposition`` surround them.
"""
