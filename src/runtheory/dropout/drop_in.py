"""A head that stands in for the last layer of any network and draws its own masks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from runtheory.dropout.masks import apply_masks, check_rate, check_samples, draw_masks
from runtheory.randomness import of_rank, process_rank, stream

_RANK_BYTES = 8  # of the state that is saved, before that of the generator


class MultiSampleDropout(nn.Module):
    """The layer ``head`` of a network under ``samples`` dropout masks per example [inoue2019multi].

    In training ``forward`` takes features (batch, *feature) and returns sample x batch rows: all
    examples under the first mask, then all under the second. The sample axis is folded into the
    batch because whatever comes between the head and the loss (a log-softmax over the axis of the
    classes, a reshaping, another layer) then works as before. The objectives of
    ``dropout.objectives`` take the rows as they are, ``mean_of_losses(net(images), labels)``, in
    training and in evaluation; any other loss needs its targets once for each sample,
    ``targets.repeat(samples)``, and refuses the unequal lengths if that is forgotten. In evaluation
    the module is ``head``: (batch, *feature) to (batch, class).

    Parameters keep the names that they have in ``head``: a pretrained ``fc.weight`` loads, and what
    is trained is saved as ``fc.weight``. Only ``modules()`` shows this module, and the parts of
    ``head``, in the place of ``head`` itself; ``net.fc = net.fc.head`` puts it back.

    Masks come from the stream ``purpose`` of ``seed``, which goes on from step to step. Give two
    heads of one network two seeds or purposes. With ``torch.distributed`` every rank has a stream
    of its own. The state dict holds its state as ``fc._extra_state``, so that a resumed run draws
    on; on another rank than the one that saved it a stream begins that depends on it. A state dict
    without it loads too and leaves the stream as it is. For a state dict of exactly the plain names
    put ``net.fc.head`` back first.

    ``torch.compile`` breaks the graph where masks are drawn and compiles what lies around; where
    the stream begins it may warn once that it cannot trace ``hashlib``, which does no harm. With
    ``fullgraph=True`` it refuses. With ``masks`` (sample, batch, *feature) handed in nothing is
    drawn and the whole compiles. Inside activation checkpointing masks must be handed in, because
    the second pass would draw others.

    >>> import torch
    >>> from torch import nn
    >>> from runtheory.dropout import MultiSampleDropout
    >>> from runtheory.dropout.objectives import mean_of_losses
    >>> _ = torch.manual_seed(0)
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(9, 4))
    >>> net[1] = MultiSampleDropout(net[1], samples=8, rate=0.5, seed=0)
    >>> [name for name, _ in net.named_parameters()]
    ['1.weight', '1.bias']
    >>> images, labels = torch.randn(5, 1, 3, 3), torch.tensor([0, 1, 2, 3, 0])
    >>> net(images).shape, net.eval()(images).shape
    (torch.Size([40, 4]), torch.Size([5, 4]))
    >>> mean_of_losses(net.train()(images), labels).backward()

    Raises
    ------
    ValueError
        If ``samples`` < 1 or ``rate`` is outside [0, 1); in ``forward``, if masks do not fit or a
        state of the stream comes from another kind of device.
    RuntimeError
        In ``forward``, if masks would be drawn while a gradient is computed.
    """

    head: nn.Module

    def __init__(
        self,
        head: nn.Module,
        *,
        samples: int,
        rate: float,
        seed: int,
        purpose: str = "masks",
        batch_shared: bool = False,
    ) -> None:
        super().__init__()
        check_samples(samples)
        check_rate(rate)
        self.samples, self.rate, self.seed, self.purpose = samples, rate, seed, purpose
        self.batch_shared = batch_shared
        self._generator: torch.Generator | None = None
        self._saved: Tensor | None = None  # a state that waits for the first draw
        # Not a child: the tables of the head are this module's own, so that names stay.
        object.__setattr__(self, "head", head)
        for table in ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"):
            self.__dict__[table] = getattr(head, table)
        self.training = head.training
        self.register_load_state_dict_pre_hook(_keep_the_stream)  # type: ignore[no-untyped-call]

    def forward(
        self,
        features: Float[Tensor, " batch *feature"],
        masks: Bool[Tensor, "sample batch *feature"] | None = None,
    ) -> Float[Tensor, "rows ..."]:
        """Return the head's outputs: of sample x batch rows in training, of the batch otherwise."""
        if self.head.training != self.training:
            self.head.training = self.training
        if self.training:
            if masks is None:
                masks = self.draw_masks(features)
            if len(masks) != self.samples:
                raise ValueError(f"masks must hold {self.samples} samples, got {len(masks)}")
            features = apply_masks(features, masks, rate=self.rate).flatten(0, 1)
        outputs: Tensor = self.head(features)
        return outputs

    def draw_masks(
        self, features: Float[Tensor, " batch *feature"]
    ) -> Bool[Tensor, "sample batch *feature"]:
        """Draw the next masks of this module's stream, on the device of ``features``."""
        if torch._C._current_graph_task_id() != -1:
            raise RuntimeError(
                "masks would be drawn anew while a gradient is computed, as activation "
                "checkpointing does: draw them before, and hand them to the head"
            )
        return draw_masks(
            self.samples,
            features.shape,
            rate=self.rate,
            generator=self.generator(features.device),
            batch_shared=self.batch_shared,
        )

    def generator(self, device: torch.device) -> torch.Generator:
        """Return this module's stream on ``device``, begun there at its first use."""
        if self._generator is None or self._generator.device != device:
            self._generator = self._begun(device)
            self._saved = None
        return self._generator

    @contextmanager
    def one_mask_from(self, generator: torch.Generator) -> Iterator[None]:
        """Draw one mask an example from ``generator`` meanwhile; the stream then goes on."""
        before = self.samples, self._generator, self._saved
        self.samples, self._generator, self._saved = 1, generator, None
        try:
            yield
        finally:
            self.samples, self._generator, self._saved = before

    def get_extra_state(self) -> Tensor:
        """Return rank and state of the stream (uint8), without a state before the first draw."""
        if self._saved is not None:
            return self._saved
        rank = torch.tensor([process_rank()]).view(torch.uint8)
        state = [] if self._generator is None else [self._generator.get_state()]
        return torch.cat([rank, *state])

    def set_extra_state(self, state: Any) -> None:
        """Go on from a state that ``get_extra_state`` gave, at the next draw."""
        if not isinstance(state, Tensor) or state.dtype != torch.uint8 or len(state) < _RANK_BYTES:
            raise ValueError(f"a stream's state must be uint8 numbers, got {type(state).__name__}")
        self._generator, self._saved = None, state.detach().cpu().clone()

    def extra_repr(self) -> str:
        return f"{self.head}, samples={self.samples}, rate={self.rate}, seed={self.seed}"

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy or a pickle holds: the state of the stream in place of its object."""
        return {**self.__dict__, "_saved": self.get_extra_state(), "_generator": None}

    def _begun(self, device: torch.device) -> torch.Generator:
        rank = process_rank()
        purpose = of_rank(self.purpose, rank)
        if self._saved is None or len(self._saved) == _RANK_BYTES:
            return stream(self.seed, purpose, device=device)
        state = self._saved[
            _RANK_BYTES:
        ].clone()  # from its own first byte, as `set_state` reads it
        if int(self._saved[:_RANK_BYTES].view(torch.int64)) != rank:
            past = hashlib.sha256(self._saved.numpy().tobytes()).hexdigest()
            return stream(self.seed, f"{purpose} after {past}", device=device)
        generator = torch.Generator(device=device)
        if len(state) != len(generator.get_state()):
            raise ValueError(
                f"the stream was saved on another kind of device than {device}: give the head "
                "another seed and an empty state to begin a new one"
            )
        return generator.set_state(state)


def _keep_the_stream(
    module: MultiSampleDropout, state_dict: dict[str, Any], prefix: str, *others: Any
) -> None:
    """Let a state dict of the plain head load under ``strict``: the stream stays as it is."""
    state_dict.setdefault(f"{prefix}_extra_state", module.get_extra_state())
