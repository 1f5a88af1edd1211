"""Many masks with the noise of one: a control that tells the objective from the noise.

More masks leave the objective of dropout as it is and take noise away (thm-same-objective,
thm-variance-law). Whoever wants to know which of the two a network feels needs updates with the
objective of many masks and the noise of one. The second control in the code of [wei2020implicit]
makes them: it adds the scaled difference of two further losses, whose gradient has mean zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from runtheory.dropout.head import body_and_head, sample_logits
from runtheory.dropout.masks import check_rate, check_samples, draw_masks
from runtheory.dropout.objectives import mean_of_losses
from runtheory.randomness import Streams
from runtheory.shapes import SampleLogits, Scalar


@dataclass(frozen=True)
class RestoredNoiseObjective:
    r"""The mean loss of ``samples`` masks, and the gradient noise of a single one.

    With L_m the batch's loss under the m-th mask of every example and k = ``samples``,

    .. math:: \frac1k \sum_{m=1}^k L_m + \sqrt{1 - 1/k}\, (L_{k+1} - L_{k+2}) / \sqrt2 .

    The last term has mean zero and restores what the average took away: given the batch, the
    gradient has the mean and the covariance of one mask (prop-restored-noise). Its higher moments
    are other ones. The first k masks are drawn from ``streams["masks"]``, as
    :class:`MultiSampleObjective` draws them, the other two from ``streams["restoring masks"]``. The
    value is the estimate of the objective with that noise in it, and may be negative. The net is
    taken as ``MultiSampleObjective`` takes it, its body runs once. In nats.

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1); in a call, as ``MultiSampleObjective``.

    Examples
    --------
    >>> import torch
    >>> from runtheory.dropout import RestoredNoiseObjective
    >>> from runtheory.nets import perceptron
    >>> from runtheory.randomness import Streams
    >>> streams = Streams(0)
    >>> net = perceptron(inputs=64, classes=10, generator=streams["weights"])
    >>> objective = RestoredNoiseObjective(samples=8, rate=0.5)
    >>> images, labels = torch.rand(16, 1, 8, 8), torch.arange(16) % 10
    >>> objective(net, images, labels, streams).backward()
    """

    samples: int
    rate: float

    def __post_init__(self) -> None:
        check_samples(self.samples)
        check_rate(self.rate)

    def __call__(
        self, net: nn.Module, images: Float[Tensor, "batch ..."], targets: Any, streams: Streams
    ) -> Scalar:
        body, head = body_and_head(net)
        features = body(images)

        def logits(purpose: str, samples: int) -> SampleLogits:
            masks = draw_masks(samples, features.shape, rate=self.rate, generator=streams[purpose])
            return sample_logits(head, features, masks, rate=self.rate)

        mean = mean_of_losses(logits("masks", self.samples), targets)
        plus, minus = (mean_of_losses(one[None], targets) for one in logits("restoring masks", 2))
        share: float = ((1 - 1 / self.samples) / 2) ** 0.5
        return mean + share * (plus - minus)
