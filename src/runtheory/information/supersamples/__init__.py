"""Bounds on the gap from super-samples, and their estimates from many trained replicates.

``supersample`` draws the pairs and trains the ``perceptrons``, ``symbols`` codes what a pair shows,
``loss_information`` turns informations of losses into bounds, ``estimates`` does it with measured
ones: an estimate of a bound is never called a certificate.
"""
