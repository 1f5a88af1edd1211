"""The one training loop of the book: a generator of rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from runtheory.data import ImageSet, batches, normalise
from runtheory.randomness import Streams
from runtheory.shapes import Images, Labels, Scalar
from runtheory.training import checkpoint as checkpoints
from runtheory.training import ranks as several
from runtheory.training.progress import Progress
from runtheory.training.ranks import Objective, RankStreams
from runtheory.training.rows import Row
from runtheory.training.settings import Settings, steps_per_epoch

Evaluate = Callable[[nn.Module], Mapping[str, float]]


def classification(net: nn.Module, images: Images, labels: Labels, streams: Streams) -> Scalar:
    """Return the mean cross-entropy (nats) of ``net(images)``: the plain objective."""
    return functional.cross_entropy(net(images), labels)


def no_measures(net: nn.Module) -> dict[str, float]:
    """Return no measures: the rows then hold the loss alone."""
    return {}


def train(
    net: nn.Module,
    image_set: ImageSet,
    objective: Objective,
    settings: Settings,
    *,
    streams: Streams,
    evaluate: Evaluate = no_measures,
    checkpoint: Path | None = None,
) -> Iterator[Row]:
    """Train ``net`` in place and yield a row whenever one is due.

    Stochastic gradient descent with Nesterov momentum on ``objective(net, images, labels,
    streams)``, which gets normalised float32 images on the device of the image set. The order of
    each epoch is drawn from ``streams["batches"]``; batches that do not fill are left out. Networks
    with convolutions are put into channels-last layout (measured: up to twice as fast on one core).

    The host does not wait for the device at each step. Losses are read, and their finiteness is
    checked, when a row or a checkpoint is due; all losses since the last reading are kept, so the
    step named in the error is the first bad one, even though it is noticed later.

    With ``checkpoint`` the run goes on from that file if it exists: it yields the rows of the
    earlier part again, as they were, and ends with the numbers of an uninterrupted run, bit for bit
    on the same machine, device and thread count. What an objective draws from the global generator
    or keeps outside ``net`` and ``streams`` is not saved.

    On several ranks (see ``training.ranks``) each takes its share of every batch of the same order,
    gradients and losses are means over the ranks, each rank evaluates, and rank 0 alone writes the
    checkpoint, which all must be able to read. An objective that is a mean over examples and draws
    nothing gives the numbers of one process but for the order of sums. Rank 0 has the streams of
    one process and the others have their own, so masks keep their law, not their values; what acts
    within a batch, say mixing, acts within the share. With batch normalisation the statistics are
    those of the whole batch. All trained parameters must take part in every step.

    Raises
    ------
    ValueError
        If the sets of images, settings and network do not fit each other.
    CheckpointMismatch
        If the checkpoint belongs to another run.
    FloatingPointError
        While iterating, if a loss or a parameter is not finite.
    """
    _check(net, image_set, settings)
    if any(isinstance(module, nn.Conv2d) for module in net.modules()):
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = _Run(net, image_set, objective, settings, streams=streams)
    if checkpoint is None:
        return _rows(run, evaluate, save=_save_nothing)
    writes = run.ranks.index == 0
    holder = checkpoints.Holder(net, run.optimiser, run.streams, _identity(run), writes)
    run.progress = checkpoints.restore(checkpoint, holder)
    run.progress.order = run.progress.order.to(image_set.train_images.device)
    several.check_restored(run.progress.step, run.ranks)
    return _rows(run, evaluate, save=partial(checkpoints.save, checkpoint, holder))


def _rows(run: _Run, evaluate: Evaluate, save: Callable[[Progress], None]) -> Iterator[Row]:
    progress, settings = run.progress, run.settings
    yield from tuple(progress.rows)
    while progress.step < settings.steps:
        rows_every = settings.evaluate_every or settings.steps
        saves_every = settings.checkpoint_every or rows_every
        stops = (_next_multiple(every, progress.step) for every in (rows_every, saves_every))
        run.advance(min(*stops, settings.steps))
        last = progress.step == settings.steps
        row_due = last or progress.step % rows_every == 0
        if row_due:
            progress.rows.append(run.row(evaluate))
        if last or progress.step % saves_every == 0:
            save(progress)
        if row_due:
            yield progress.rows[-1]


class _Run:
    """The moving parts of one call of :func:`train`."""

    def __init__(
        self,
        net: nn.Module,
        image_set: ImageSet,
        objective: Objective,
        settings: Settings,
        *,
        streams: Streams,
    ) -> None:
        self.net = net
        self.image_set = image_set
        self.settings = settings
        self.ranks = several.current()
        several.check_share(settings.batch_size, self.ranks)
        self.streams = RankStreams(streams, self.ranks) if self.ranks.count > 1 else streams
        self.loss = several.step(net, objective, self.streams, ranks=self.ranks)
        self.optimiser = _optimiser(net, settings)
        self.progress = Progress()

    def advance(self, stop: int) -> None:
        """Take the steps up to ``stop``, then read their losses: the one wait for the device."""
        progress = self.progress
        self.net.train()
        started = time.perf_counter()
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            pending = [self._step(step) for step in range(progress.step, stop)]
        losses = self.ranks.mean(torch.stack(pending).to(torch.float64)).tolist()
        progress.seconds += time.perf_counter() - started
        for step, loss in enumerate(losses, start=progress.step):
            if not math.isfinite(loss):
                raise FloatingPointError(_diagnosis(step, loss, self.settings))
        progress.losses += losses
        progress.step = stop

    def row(self, evaluate: Evaluate) -> Row:
        """Measure the network as it is now; the losses since the row before go into the mean."""
        progress, settings = self.progress, self.settings
        _check_parameters(self.net, progress.step, settings)
        losses, progress.losses = progress.losses, []
        return Row(
            step=progress.step,
            epoch=progress.step / self._steps_per_epoch(),
            seconds=progress.seconds,
            loss=math.fsum(losses) / len(losses),
            learning_rate=settings.rate(progress.step - 1),
            measures=dict(evaluate(self.net)),
        )

    def _step(self, step: int) -> Tensor:
        images, labels = self._batch(step)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate(step)
        with self._precision(images.device.type):
            loss = self.loss(images, labels)
        if loss.ndim != 0:
            raise ValueError(f"an objective returns one number, got shape {tuple(loss.shape)}")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        size, position = self.settings.batch_size, step % self._steps_per_epoch()
        if position == 0:
            self.progress.order = self._shuffle()
        index = self.ranks.share(self.progress.order[position * size : (position + 1) * size])
        images = self.image_set.train_images[index]
        # The layout is changed while a pixel is one byte.
        images = images.contiguous(memory_format=torch.channels_last)
        return normalise(images, self.image_set), self.image_set.train_labels[index]

    def _shuffle(self) -> Tensor:
        epoch = batches(
            len(self.image_set.train_images),
            self.settings.batch_size,
            generator=self.streams["batches"],
            drop_last=True,
        )
        return torch.cat(list(epoch)).to(self.image_set.train_images.device)

    def _steps_per_epoch(self) -> int:
        return steps_per_epoch(len(self.image_set.train_images), self.settings.batch_size)

    def _precision(self, device: str) -> AbstractContextManager[object]:
        if self.settings.mixed_precision and device == "cuda":
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()


def _optimiser(net: nn.Module, settings: Settings) -> torch.optim.SGD:
    parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
    groups = [
        {
            "params": [parameter for parameter in parameters if parameter.ndim >= 2],
            "weight_decay": settings.weight_decay,
        },
        {
            "params": [parameter for parameter in parameters if parameter.ndim < 2],
            "weight_decay": 0.0,
        },
    ]
    return torch.optim.SGD(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,
        foreach=True,
    )


def _identity(run: _Run) -> dict[str, object]:
    images = run.image_set.train_images
    return {
        "settings": asdict(run.settings),
        "seed": run.streams.seed,
        "images": [run.image_set.name, list(images.shape), list(run.image_set.mean)],
        "network": {name: list(value.shape) for name, value in run.net.state_dict().items()},
        "device": images.device.type,
        "streams": run.streams.device.type,
        "torch": torch.__version__,
        **({"ranks": run.ranks.count} if run.ranks.count > 1 else {}),
    }


def _check(net: nn.Module, image_set: ImageSet, settings: Settings) -> None:
    steps_per_epoch(len(image_set.train_images), settings.batch_size)
    devices = {parameter.device for parameter in net.parameters()}
    if devices != {image_set.train_images.device}:
        raise ValueError(
            f"the images are on {image_set.train_images.device}, "
            f"the parameters on {sorted(map(str, devices)) or 'no device: there are none'}"
        )


def _check_parameters(net: nn.Module, step: int, settings: Settings) -> None:
    finite = torch.stack([torch.isfinite(parameter).all() for parameter in net.parameters()])
    if not bool(finite.all()):
        raise FloatingPointError(
            f"parameters are not finite after step {step} of {settings.steps}, though every loss "
            f"was; the learning rate was {settings.rate(step - 1):.3g}: {_TOO_HIGH}"
        )


_TOO_HIGH = (
    "the usual cause is a learning rate that is too high; input values far out of range do the same"
)


def _diagnosis(step: int, loss: float, settings: Settings) -> str:
    where = f"the loss is {loss} at step {step + 1} of {settings.steps}"
    if step == 0:
        return (
            f"{where}, before any update of the weights: look at the input values, the initial "
            "weights and the objective"
        )
    return (
        f"{where} (learning rate {settings.rate(step):.3g}, peak {settings.learning_rate:.3g}); "
        f"all losses before it were finite: {_TOO_HIGH}"
    )


def _next_multiple(every: int, step: int) -> int:
    return (step // every + 1) * every


def _save_nothing(progress: Progress) -> None:
    """Stand in where no checkpoint was asked for."""
