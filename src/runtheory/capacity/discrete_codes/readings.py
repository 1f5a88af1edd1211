"""Codes of several machines read side by side: those of networks, and those of k-means."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from runtheory import checks, lazy, tensor_checks
from runtheory.boundary import checked
from runtheory.capacity.discrete_codes.machine import Machines
from runtheory.capacity.discrete_codes.measures import Reading, code_targets, read_code
from runtheory.capacity.discrete_codes.network import (
    CodedNetwork,
    Codes,
    choose_codes,
    features_of,
    logits,
)


@checked
def codes_of(net: CodedNetwork, inputs: Float[Tensor, "replicate input feature"]) -> Codes:
    """Return the codes that a network takes for its inputs.

    Raises
    ------
    ValueError
        If the network has no codes, or inputs do not fit or are not finite.
    """
    return choose_codes(net, features_of(net, inputs))


@checked
def numbered(codes: Codes) -> Int64[Tensor, "replicate input"]:
    """Return a number for each set of codes that occurs in a replicate, counted from zero."""
    return torch.stack([one.unique(dim=0, return_inverse=True)[1] for one in codes])


@checked
def read_all(codes: Codes, machines: Machines) -> Sequence[Reading]:
    """Read the codes of each machine's inputs; codes that are used together count as one.

    Raises
    ------
    ValueError
        If there is not one row of codes for each input of each machine.
    """
    tensor_checks.equal_lengths(codes=codes, machines=machines.law)
    parts = zip(numbered(codes), machines.law, machines.states, machines.targets, strict=True)
    return [read_code(*one) for one in parts]


@checked
def divergence_from_best(net: CodedNetwork, machines: Machines) -> Float64[Tensor, " replicate"]:
    """Return the mean divergence of a network's answers from the best answers to its codes.

    In nats; the network's loss is that and H(Y | C) where it has no by-pass (thm-discrete-layer).

    Raises
    ------
    ValueError
        As ``codes_of``, or if there is not a machine for each replicate.
    """
    codes = codes_of(net, machines.inputs)
    found = logits(net, machines.inputs).double().log_softmax(2)
    losses = []
    for number, law, targets, answer in zip(
        numbered(codes), machines.law, machines.targets, found, strict=True
    ):
        best = code_targets(number, law, targets)[number]
        losses.append((law[:, None] * (torch.xlogy(best, best) - best * answer)).sum())
    return torch.stack(losses)


@checked
def k_means(
    features: Float[Tensor, "replicate input width"],
    machines: Machines,
    *,
    codes: int,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "replicate code width"], Codes]:
    """Return the books and codes of k-means on the features of each machine's inputs.

    Raises as ``nearest_centres``, and ``ValueError`` for another number of machines.
    """
    tensor_checks.equal_lengths(features=features, machines=machines.law)
    found = [
        nearest_centres(rows, codes=codes, law=law, generator=generator)
        for rows, law in zip(features, machines.law, strict=True)
    ]
    books, places = zip(*found, strict=True)
    return torch.stack(books), torch.stack(places)[..., None]


@checked
def nearest_centres(
    features: Float[Tensor, "input width"],
    *,
    codes: int,
    law: Float[Tensor, " input"],
    generator: torch.Generator,
    restarts: int = 10,
) -> tuple[Float[Tensor, "code width"], Int64[Tensor, " input"]]:
    """Return k-means of weighted rows (scikit-learn): the centres, and the centre of each row.

    Raises
    ------
    ValueError
        If ``codes`` is outside 1 to the number of rows, ``restarts`` is below one, a number is not
        finite, or a weight is negative.
    """
    checks.in_interval(1, len(features), codes=codes)
    checks.at_least(1, restarts=restarts)
    tensor_checks.finite(features=features, law=law)
    checks.not_negative(law=float(law.min()))
    with lazy.needed_by(__name__, extra="data"):
        from sklearn.cluster import KMeans

    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    rows = features.detach().cpu().double().numpy()
    found = KMeans(codes, n_init=restarts, random_state=seed).fit(rows, sample_weight=law.cpu())
    centres = torch.from_numpy(found.cluster_centers_).to(features)
    return centres, torch.from_numpy(found.labels_).to(features.device, torch.int64)
