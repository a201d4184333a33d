"""A model in memory: tokens in, hidden states, logits and texts out, under any schedule."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reprlab.errors import ReprlabError
from reprlab.network.batches import PackedRow
from reprlab.network.layers import find_layers
from reprlab.network.masks import alike, padded
from reprlab.network.probe import TOKENS, Proof, Subject, proof
from reprlab.network.recorded import Recording, record
from reprlab.network.rewritten import StandIn, rewritten
from reprlab.network.traced import trace, trace_schedule, wrap
from reprlab.progress import Say
from reprlab.schedules.schedule import Schedule

Batch = dict[str, Any]


@dataclass(frozen=True)
class Network:
    """A model in memory with its tokenizer. `module` is the ordinary Hugging Face module.

    `local` weights were given by their path; `alias` is what results call them where their name is taken.
    """

    name: str
    note: str
    module: Any
    tokenizer: Any
    dtype: str
    device: str
    digest: str
    tokenizer_digest: str
    local: bool = False
    alias: str = ""

    @property
    def label(self) -> str:
        """What results call the model: its name, or another where other weights have that name."""
        return self.alias or self.name

    @cached_property
    def base(self) -> Any:
        """The module without its head."""
        return self.module.base_model

    @cached_property
    def _found(self) -> tuple[str, nn.ModuleList]:
        return find_layers(self.base, self.module.config)

    @cached_property
    def layers(self) -> tuple[nn.Module, ...]:
        """The layers, 0..n-1."""
        return tuple(self._found[1])

    @property
    def layer_list(self) -> nn.ModuleList:
        """The list that the model walks."""
        return self._found[1]

    @property
    def n_layers(self) -> int:
        return len(self.layers)

    @property
    def width(self) -> int:
        return self.module.config.get_text_config(decoder=True).hidden_size

    @property
    def max_tokens(self) -> int:
        """The longest text, in tokens: the smaller of the position limit and the tokenizer's limit."""
        config = self.module.config.get_text_config(decoder=True)
        limit = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
        return min(limit or 1 << 20, self.tokenizer.model_max_length)

    @property
    def positions(self) -> int:
        """How many positions there are, as lm-eval counts: by the configuration, else by the tokenizer."""
        config = self.module.config.get_text_config(decoder=True)
        own = (getattr(config, name, None) for name in ("n_positions", "max_position_embeddings", "n_ctx"))
        said = min(self.tokenizer.model_max_length, 1 << 20)
        return next((limit for limit in own if limit), said if said < 1 << 20 else 2048)

    @property
    def vocabulary(self) -> int:
        """How many logits the language head gives."""
        return self.module.config.get_text_config(decoder=True).vocab_size

    @property
    def has_lm_head(self) -> bool:
        """Whether it has a causal language head."""
        return hasattr(self.module, "generate") and bool(self.module.can_generate())

    @property
    def attention(self) -> str:
        """The attention implementation in use, part of a capture's identity."""
        return str(self.module.config._attn_implementation)

    @property
    def adds_bos(self) -> bool:
        """Whether the tokenizer puts a first token of its own before a text."""
        ids = self.tokenizer("a").input_ids
        return bool(ids) and ids[0] in {self.tokenizer.bos_token_id, self.tokenizer.cls_token_id} - {None}

    def tokenize(self, texts: Sequence[str], max_tokens: int | None = None) -> list[list[int]]:
        """Token ids of each text, as the model's own tokenizer makes them by default, cut to the limit."""
        limit = min(max_tokens or self.max_tokens, self.max_tokens)
        return self.tokenizer(list(texts), truncation=True, max_length=limit, verbose=False).input_ids

    def batch(self, ids: Sequence[Sequence[int]], side: str = "right") -> Batch:
        """A padded batch with explicit positions, on the network's device: (document, token) each."""
        longest = max(map(len, ids))
        pads = [longest - len(row) for row in ids]
        pad = self.tokenizer.pad_token_id or 0

        def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
            pairs = zip(rows, pads, strict=True)
            right = side == "right"
            return torch.tensor([[*r, *[fill] * n] if right else [*[fill] * n, *r] for r, n in pairs])

        batch = {
            "input_ids": padded(ids, pad),
            "attention_mask": padded([[1] * len(row) for row in ids], 0),
            "position_ids": padded([range(len(row)) for row in ids], 0),
            "token_type_ids": padded([[0] * len(row) for row in ids], 0),
        }
        return self._placed(batch)

    def rows(self, rows: Sequence[PackedRow]) -> Batch:
        """A batch of rows, each padded after its end; branches become a mask of who sees whom."""
        pad = self.tokenizer.pad_token_id or 0
        return self._placed(padded(rows, pad, self.base.dtype, causal=self.attention == "sdpa"))

    @cached_property
    def packed_limit(self) -> int:
        """How many positions a packed row may have; 0 where the architecture does not take a mask of its own.

        Found by trying: every layer must do to a packed row what it does to its rows one by one. A mask given
        from outside knows no sliding window, so a packed row must lie inside the smallest one.
        """
        config = self.module.config.get_text_config(decoder=True)
        kinds = getattr(config, "layer_types", None) or ["sliding"]
        sizes = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
        windows = [size for size in sizes if size and set(kinds) != {"full_attention"}]
        return min([self.max_tokens, *windows]) if self._takes_masks() else 0

    def _takes_masks(self) -> bool:
        try:
            return alike(lambda rows: self.record(self.rows(rows)), self.n_layers, self.width)
        except (TypeError, ValueError, RuntimeError, IndexError):
            return False

    def _placed(self, batch: Batch) -> Batch:
        """What the model takes of a batch, on its device."""
        where = self.base.device if self.base.device.type != "meta" else "cpu"  # offloaded: accelerate moves
        taken = {key: value.to(where) for key, value in batch.items() if key in self._accepted}
        return taken | ({"use_cache": False} if "use_cache" in self._accepted else {})

    @cached_property
    def _accepted(self) -> set[str]:
        return set(inspect.signature(self.base.forward).parameters)

    @cached_property
    def _wrapped(self) -> Any:
        with warnings.catch_warnings(action="ignore"):  # BERT's modules named `output` are not asked for
            return wrap(self.base)

    @cached_property
    def _wrapped_layers(self) -> list[Any]:
        module: Any = self._wrapped
        for part in self._found[0].split("."):
            module = getattr(module, part)
        return [module[i] for i in range(self.n_layers)]

    def _checked(self, schedule: Schedule | str | None) -> Schedule:
        """A schedule or its text, checked against the layers there are; by default the model as it is."""
        if isinstance(schedule, str):
            return Schedule.parse(schedule, self.n_layers)
        if schedule is not None:
            schedule.check(self.n_layers)
        return schedule or self.full()

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of some texts, each of one token at least."""
        if isinstance(texts, str):
            raise ReprlabError("one text was given, not a list of them: write [text]")
        ids = self.tokenize(texts) if texts else []
        empty = [place for place, row in enumerate(ids) if not row]
        if empty or not ids:
            raise ReprlabError(f"text {empty[0]} has no tokens" if empty else "no texts were given")
        return ids

    @cached_property
    def _form(self) -> Any:
        """What a layer returns, for its form."""
        return record(self.module, self.base, self.layers, self.batch([[0]])).output

    def _itself(self) -> None:
        if any(isinstance(layer, StandIn) for layer in self._found[1]):
            raise ReprlabError("this network runs a schedule: leave its `scheduled` block first")

    def full(self) -> Schedule:
        """The schedule of the model as it is."""
        return Schedule.full(self.n_layers)

    def hidden_states(self, batch: Batch, schedule: Schedule | str | None = None) -> list[Tensor]:
        """The hidden states at every depth of a schedule, from one nnsight trace of the base model.

        Returns depths 0..steps (by default 0..n_layers) as tensors of (document, token, width), pads
        included, equal bit for bit to what the module itself computes. The head does not run.
        """
        self._itself()
        schedule = self._checked(schedule)
        if schedule == self.full():
            self._refuse(self.prove().captured, "captured")
            states = trace(self._wrapped, self._wrapped_layers, batch)
            self._three_axes(states[0])
            return states
        recording = self.record(batch)
        if recording.shared:
            recording.run(schedule)  # says in words what a trace could not
        return trace_schedule(self._wrapped, self._wrapped_layers, batch, schedule.steps, recording.output)

    def record(self, batch: Batch) -> Recording:
        """A batch made ready for the local executor, which runs any schedules on it."""
        self._itself()
        self._refuse(self.prove().full, "run layer by layer")
        recording = record(self.module, self.base, self.layers, batch)
        self._three_axes(recording.start)
        tail = self.prove().tail
        return replace(recording, tailless=tail and self._refusal(tail, "scored token by token"))

    def prove(self, cache: Path | str | None = None, say: Say = lambda _: None) -> Proof:
        """What of schedules does not hold for this architecture; found once, and kept in the cache.

        Architectures of the table in docs/reference/models.md are proven; others run ten times over eight
        tokens. `record`, `hidden_states` and `scheduled` refuse what does not hold.
        """
        if "_proof" not in self.__dict__:
            batch = self.batch([range(1, TOKENS + 1)])
            subject = Subject(self.module, self.base, self.layer_list, batch)
            self.__dict__["_proof"] = proof(subject, self.name, cache, say)
        return self.__dict__["_proof"]

    def _refuse(self, reason: str, what: str) -> None:
        if reason:
            raise ReprlabError(self._refusal(reason, what))

    def _refusal(self, reason: str, what: str) -> str:
        return f"'{self.name}' (model type '{self.module.config.model_type}') cannot be {what}: {reason}"

    def _three_axes(self, state: Tensor) -> None:
        if state.dim() != 3:
            shape = ", ".join(map(str, state.shape))
            self._refuse(f"its states have the axes ({shape})", "read as (document, token, width)")

    def logits(self, texts: Sequence[str], schedule: Schedule | str | None = None) -> list[Tensor]:
        """The logits of each text under a schedule (default: the model as it is): (token, vocabulary) each.

        Runs the local executor on one batch. Raises `ReprlabError` for a model without a language head.

        >>> import reprlab as rl
        >>> net = rl.load("tiny-llama")
        >>> [tuple(part.shape) for part in net.logits(["ab", "abc"], rl.Schedule.parse("0:2 [2:4] 4:6"))]
        [(2, 260), (3, 260)]
        """
        schedule = self._checked(schedule)
        ids = self._ids(texts)
        recording = self.record(self.batch(ids))
        output = recording.finish(recording.run(schedule)[-1])
        if getattr(output, "logits", None) is None:
            raise ReprlabError(f"'{self.name}' has no language head, so it has no logits")
        return [output.logits[row, : len(text)] for row, text in enumerate(ids)]

    @contextmanager
    def scheduled(self, schedule: Schedule | str, *, kv: str = "exact") -> Generator[Any]:
        """The ordinary Hugging Face module, running a schedule until the block ends.

        For `generate`, lm-eval, training, anyone's own code. Each applied step owns its cache slot, so cached
        equals uncached; `kv="paper"` averages a set's keys and values into one slot, as the authors' code
        does. `output_hidden_states` of the rewritten module means nothing: use `hidden_states`.

        >>> import reprlab as rl
        >>> net = rl.load("tiny-llama")
        >>> with net.scheduled(rl.Schedule.parse("0:2 3:6")) as module:
        ...     module(**net.batch(net.tokenize(["ab"]))).logits.shape
        torch.Size([1, 2, 260])
        """
        steps, proof = self._checked(schedule).steps, self.prove()
        self._refuse(proof.full or proof.rewritten, "run under a schedule")
        uncached = proof.cached and self._refusal(
            f"{proof.cached}; in Python, use_cache=False runs without one",
            "run under a schedule with a cache",
        )
        with rewritten(self.module, self._found[1], steps, kv, self._form, uncached=uncached) as module:
            yield module

    def generate(
        self,
        prompts: Sequence[str],
        schedule: Schedule | str | None = None,
        *,
        max_new_tokens: int = 64,
        kv: str = "exact",
        **options: Any,
    ) -> list[str]:
        """Continue each prompt under a schedule, greedily unless `options` for `generate` say else.

        >>> import reprlab as rl
        >>> len(rl.load("tiny-llama").generate(["ab", "abc"], max_new_tokens=3))
        2
        """
        if not self.has_lm_head:
            raise ReprlabError(f"'{self.name}' has no language head, so it cannot generate")
        if max_new_tokens < 1:
            raise ReprlabError(f"--max-new-tokens {max_new_tokens}: give 1 or more")
        batch = self.batch(self._ids(prompts), side="left")
        given = {key: batch[key] for key in ("input_ids", "attention_mask")}
        pad = self.tokenizer.pad_token_id
        chosen = {"do_sample": False, "max_new_tokens": max_new_tokens, "pad_token_id": pad, **options}
        with self.scheduled(schedule or self.full(), kv=kv) as module, torch.no_grad():
            output = module.generate(**given, **chosen)
        return self.tokenizer.batch_decode(output[:, given["input_ids"].shape[1] :], skip_special_tokens=True)
