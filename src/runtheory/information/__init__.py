"""Information-theoretic generalisation bounds: what is exact, what is estimated, what is certified.

``binary_gaussian`` solves one model completely, so that every bound stands beside the
gap it bounds; ``polar``, ``conditional_laws`` and ``loss_laws`` are what it is made of and
``surrogate_losses`` its other losses. ``contraction``, ``channels`` and ``hierarchy`` follow
information through layers, ``gibbs`` solves the Gibbs algorithm. ``divergences`` and ``transport``
compare two laws or samples; ``mutual_information`` and ``noisy_layer`` estimate dependence and say
what is known of the error. ``loss_information`` turns informations of losses into bounds,
``supersample``, ``supersample_bounds`` and ``perceptrons`` estimate them from many trained
replicates. ``pac_bayes``, ``certificates`` and ``network_certificates`` give what holds with
probability 1 - delta: an estimate of a bound is never called a certificate. Everything is in nats
and float64.
"""
