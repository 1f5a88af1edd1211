"""Whether the probability that a classifier gives to its answer is the share of right answers."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from runtheory import checks
from runtheory.boundary import checked
from runtheory.evaluation.metrics import accuracy, check_scored, each_example, wide_blocks
from runtheory.evaluation.outliers import max_probability
from runtheory.shapes import AnyLabels, Logits, Scalar


@checked
def confidence_gap(logits: Logits, labels: AnyLabels) -> Scalar:
    """Return mean confidence less accuracy, in [-1, 1]: negative is under-confident.

    Raises as the scores of ``metrics`` do.
    """
    return max_probability(logits).mean() - accuracy(logits, labels)


@checked
def expected_calibration_error(logits: Logits, labels: AnyLabels, *, bins: int = 15) -> Scalar:
    """Return the expected calibration error of [guo2017calibration], in [0, 1].

    Σ_m |B_m| / n · |accuracy(B_m) - confidence(B_m)|, where B_m holds the examples whose largest
    probability lies in ((m - 1) / bins, m / bins]. The estimate is biased upwards when bins hold
    few examples; compare only equal ``bins`` and equal sample sizes. Takes logits, not
    probabilities: what a softmax has passed already is not told from logits.

    Raises
    ------
    ValueError
        If ``bins`` is not positive, or as the scores of ``metrics`` do (``TypeError`` too).

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import expected_calibration_error
    >>> logits = torch.tensor([[0.9, 0.1], [0.9, 0.1]]).log()
    >>> expected_calibration_error(logits, torch.tensor([0, 1]))
    tensor(0.4000, dtype=torch.float64)
    """
    named = check_scored(logits, labels)
    checks.at_least(1, bins=bins)
    confidence = max_probability(logits)
    inner = torch.arange(1, bins, dtype=torch.float64, device=logits.device) / bins
    bin_of_example = torch.bucketize(confidence, inner)  # (batch,)
    # |B_m| · |accuracy - confidence| is the absolute sum of the bin's surpluses. A product with the
    # membership matrix, unlike a scatter, adds them in the same order every time on a GPU.
    members = bin_of_example[:, None] == torch.arange(bins, device=logits.device)  # (batch, bin)
    surplus = _surplus(logits, named)
    return (surplus @ members.to(torch.float64)).abs().sum() / len(named)


@checked
def adaptive_calibration_error(logits: Logits, labels: AnyLabels, *, bins: int = 15) -> Scalar:
    """Return the calibration error with bins of equal numbers of examples, in [0, 1].

    As ``expected_calibration_error``, but the examples are sorted by their largest probability (the
    earlier first among equals) and cut into ``bins`` runs whose lengths differ by one at most. No
    bin is then nearly empty, and none is a fixed range: examples of one confidence may be parted.

    Raises
    ------
    ValueError
        If ``bins`` is not positive or exceeds the number of examples, or as the scores of
        ``metrics`` do (``TypeError`` too).

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import adaptive_calibration_error
    >>> logits = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]).log()
    >>> adaptive_calibration_error(logits, torch.tensor([0, 1, 0, 1]), bins=2)
    tensor(0.2500, dtype=torch.float64)
    """
    named = check_scored(logits, labels)
    checks.at_least(1, bins=bins)
    if bins > len(named):
        raise ValueError(f"bins must be at most the {len(named)} examples, got {bins}")
    order = max_probability(logits).argsort(stable=True)
    runs = _surplus(logits, named)[order].tensor_split(bins)
    return torch.stack([run.sum() for run in runs]).abs().sum() / len(named)


@checked
def classwise_calibration_error(logits: Logits, labels: AnyLabels, *, bins: int = 15) -> Scalar:
    """Return the mean over classes of the calibration error of each class's probability.

    (1/K) Σ_k Σ_m |B_mk| / n · |share of class k in B_mk - mean p_k in B_mk|, where B_mk holds the
    examples whose probability of class k lies in ((m - 1) / bins, m / bins] (0 in the first). In
    [0, 2/K]: all classes count, most of their probabilities are small, and so is the mean.

    Raises
    ------
    ValueError
        If ``bins`` is not positive, or as the scores of ``metrics`` do (``TypeError`` too).

    Examples
    --------
    >>> import torch
    >>> from runtheory.evaluation import classwise_calibration_error
    >>> logits = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]).log()
    >>> classwise_calibration_error(logits, torch.tensor([0, 1, 0, 1]))
    tensor(0.2500, dtype=torch.float64)
    """
    named = check_scored(logits, labels)
    checks.at_least(1, bins=bins)
    classes = logits.shape[1]
    inner = torch.arange(1, bins, dtype=torch.float64, device=logits.device) / bins
    first = torch.arange(classes, device=logits.device) * bins  # cell of a class's first bin
    sums = torch.zeros(classes * bins, dtype=torch.float64, device=logits.device)
    for block, own in wide_blocks(logits, named):
        probabilities = block.softmax(dim=1)
        cells = torch.bucketize(probabilities, inner) + first  # (batch, class)
        surplus = torch.nn.functional.one_hot(own, classes) - probabilities
        sums = sums.index_add(0, cells.flatten(), surplus.flatten())
    return sums.abs().sum() / (classes * len(named))


def _surplus(logits: Tensor, labels: Tensor) -> Float64[Tensor, "batch"]:
    """Return 1 or 0 for a right or a wrong answer, less the confidence in it."""

    def surplus(block: Tensor, own: Tensor) -> Tensor:
        confidence, prediction = block.softmax(dim=1).max(dim=1)
        return (prediction == own).to(torch.float64) - confidence

    return each_example(surplus, logits, labels)
