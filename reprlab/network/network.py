"""A model in memory: tokens in, hidden states, logits and texts out, under any schedule."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reprlab.arguments import of, optional, positive, several, string
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.models.inputs import Angles
from reprlab.network.angles import renew
from reprlab.network.batches import PackedRow, together
from reprlab.network.generated import NotNumbers, generated
from reprlab.network.layers import find_layers
from reprlab.network.limits import check_growth, check_tokens, position_limit
from reprlab.network.masks import alike, padded, unmixed
from reprlab.network.memory import out_of_memory, within_memory
from reprlab.network.module_digest import numbers_digest
from reprlab.network.probe import TOKENS, Proof, Subject, proof
from reprlab.network.recorded import Recording, record
from reprlab.network.rewritten import StandIn, installable, rewritten
from reprlab.network.traced import trace, trace_schedule, wrap
from reprlab.network.unsaved import unsaved
from reprlab.network.updates import Known, Means
from reprlab.progress import Say
from reprlab.schedules.schedule import Schedule

Batch = dict[str, Any]


MEMORY = "memory:"  # what the names of modules in memory begin with


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

    def __repr__(self) -> str:
        return f"<Network {self.label}: {counted(self.n_layers, 'layer')}, {self.dtype} on {self.device}>"

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

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's configuration as a dictionary."""
        return self.module.config.to_dict()

    def weights(self) -> str:
        """The digest of the weights. Raises `ReprlabError` where a module in memory has changed since."""
        if self.digest.startswith(MEMORY) and numbers_digest(self.module) not in self.digest:
            raise ReprlabError(
                f"the weights of '{self.name}' have changed since rl.load took the module: it is another "
                "model now, give it to rl.load once more"
            )
        return self.digest

    @cached_property
    def angles(self) -> Angles:
        """The lengths at which rotary angles depend on the longest text of a batch."""
        return Angles.of(self.config)

    @cached_property
    def _unused_positions(self) -> int:
        """The rows of a table of positions before the first token's: RoBERTa's begin after the padding's."""
        named = ((name.rpartition(".")[2], part) for name, part in self.base.named_modules())
        tables = [part for name, part in named if name == "position_embeddings"]
        pads = [getattr(table, "padding_idx", None) for table in tables]
        return max([0, *(pad + 1 for pad in pads if pad is not None)])

    @property
    def _position_limit(self) -> int | None:
        """How many positions the configuration allows, where it sets a limit."""
        limit = position_limit(self.module.config.get_text_config(decoder=True))
        return limit and limit - self._unused_positions

    @property
    def max_tokens(self) -> int:
        """The longest text, in tokens: the smaller of the position limit and the tokenizer's limit."""
        return min(self._position_limit or 1 << 20, self.tokenizer.model_max_length)

    @property
    def positions(self) -> int:
        """How many positions there are, as lm-eval counts: by the configuration, else by the tokenizer."""
        said = min(self.tokenizer.model_max_length, 1 << 20)
        return self._position_limit or (said if said < 1 << 20 else 2048)

    @property
    def vocabulary(self) -> int:
        """How many logits the language head gives."""
        return self.module.config.get_text_config(decoder=True).vocab_size

    @cached_property
    def embeddings(self) -> int:
        """How many token ids it has an embedding for."""
        return int(self.module.get_input_embeddings().weight.shape[0])

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

    @property
    def filler(self) -> int:
        """The token that fills up texts that have ended while others go on."""
        named = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id)
        return next((one for one in named if one is not None), 0)

    def check_tokens(self, ids: Sequence[Sequence[int]], names: Sequence[str]) -> None:
        """Raises `ReprlabError` for the first row, by its name, with a token that has no embedding."""
        check_tokens(ids, names, self.name, self.embeddings)

    def batch(self, ids: Sequence[Sequence[int]], side: str = "right") -> Batch:
        """A padded batch on the network's device, (document, token) each: tokens, and a mask of the padding.

        A text in it has the states of the model's own call on that text alone. Positions are given only where
        padding before a text would move them. Raises `ReprlabError` for lengths that cannot share a batch.
        """
        kind = self.kind if side == "right" else self.growing_kind
        lengths = sorted(set(map(len, ids)))
        if len(set(map(kind, lengths))) > 1:
            raise ReprlabError(
                f"texts of {lengths[0]} and {lengths[-1]} tokens cannot share a batch of '{self.name}': the "
                "longer one changes the other's states; give one length at a time, or let rl.capture do it"
            )
        return self._padded(ids, side, positions=side == "left" and len(lengths) > 1 and bool(self._left))

    def _padded(self, ids: Sequence[Sequence[int]], side: str, *, positions: bool) -> Batch:
        longest = max(map(len, ids))
        pads = [longest - len(row) for row in ids]
        pad = self.tokenizer.pad_token_id or 0
        if side == "left" and not positions:  # who counts positions by tokens knows its own padding only
            pad = self.config.get("pad_token_id") or pad

        def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
            pairs = zip(rows, pads, strict=True)
            right = side == "right"
            return torch.tensor([[*r, *[fill] * n] if right else [*[fill] * n, *r] for r, n in pairs])

        batch = {"input_ids": padded(ids, pad), "attention_mask": padded([[1] * len(row) for row in ids], 0)}
        if positions:
            batch["position_ids"] = padded([range(len(row)) for row in ids], 0)
        return self._placed(batch)

    def rows(self, rows: Sequence[PackedRow]) -> Batch:
        """A batch of rows, each padded after its end; branches become a mask of who sees whom."""
        pad = self.tokenizer.pad_token_id or 0
        return self._placed(padded(rows, pad, self.base.dtype, causal=self.attention == "sdpa"))

    def kind(self, length: int) -> int:
        """A number that texts share if they may lie in one batch, padded after their ends."""
        return self.angles.kind(length) if self._right else length

    def growing_kind(self, length: int, new: int = 0) -> int:
        """The same for texts padded before their starts, to each of which `new` tokens are added."""
        return length if self._left is None else self.angles.kind(length, new)

    def row_kind(self, length: int) -> int:
        """The same for rows of tokens: where it is equal, a row may also hold what begins it."""
        return self.angles.kind(length) if self._causal else length

    @cached_property
    def _right(self) -> bool:
        """Whether padding after a text's end leaves it as it is."""
        return self._probed(lambda rows: self._padded(rows, "right", positions=False))

    @cached_property
    def _left(self) -> bool | None:
        """Whether positions are given with padding before a text; None where that changes the text anyway."""
        for positions in (True, False):

            def padded(rows: Sequence[Sequence[int]], given: bool = positions) -> Batch:
                return self._padded(rows, "left", positions=given and len(rows) > 1)

            if self._probed(padded, left=True):
                return positions
        return None

    @cached_property
    def _causal(self) -> bool:
        """Whether nothing that follows in a row changes what is before it."""

        def plain(rows: Sequence[Sequence[int]]) -> Batch:
            return self.rows([PackedRow(tuple(r), tuple(range(len(r))), (0,) * len(r), ()) for r in rows])

        return self._probed(plain, causal=True)

    def _probed(self, batch: Callable[[Sequence[Sequence[int]]], Batch], **how: bool) -> bool:
        """Whether a text stays itself in such batches, found by trying."""
        try:
            with within_memory("trying whether texts may share a batch"):
                return unmixed(
                    lambda rows: record(self.module, self.base, self.layers, batch(rows)),
                    self.n_layers,
                    **{"left": False} | how,
                )
        except (TypeError, ValueError, RuntimeError, IndexError):
            return False

    @cached_property
    def packed_limit(self) -> int:
        """How many positions a packed row may have; 0 where the architecture does not take a mask of its own.

        Found by trying: every layer must do to a packed row what it does to its rows one by one. A mask given
        from outside knows no sliding window, so a packed row must lie inside the smallest one.
        """
        config = self.module.config.get_text_config(decoder=True)
        if getattr(config, "window_size", None):
            return 0  # GPT-Neo counts its window along the row, whatever mask it is given
        kinds = getattr(config, "layer_types", None) or ["sliding"]
        sizes = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
        windows = [size for size in sizes if size and set(kinds) != {"full_attention"}]
        limits = [self.max_tokens, *windows, *([self.angles.limit] if self.angles.limit else [])]
        return min(limits) if self._causal and self._takes_masks() else 0

    def _takes_masks(self) -> bool:
        try:
            return alike(lambda rows: self.record(self.rows(rows)), self.n_layers, self.width)
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            if out_of_memory(error):
                raise
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
        optional(of((str, Schedule), "a schedule or its text"))("schedule", schedule)
        if isinstance(schedule, str):
            return Schedule.parse(schedule, self.n_layers)
        if schedule is not None:
            schedule.check(self.n_layers)
        return schedule or self.full()

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of some texts, each of one token at least."""
        if isinstance(texts, str):
            raise ReprlabError("one text was given, not a list of them: write [text]")
        texts = several(string, (), "texts")("texts", texts)
        ids = self.tokenize(texts) if texts else []
        empty = [place for place, row in enumerate(ids) if not row]
        if empty or not ids:
            raise ReprlabError(f"text {empty[0]} has no tokens" if empty else "no texts were given")
        self.check_tokens(ids, [f"text {place}" for place in range(len(ids))])
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

    def hidden_states(
        self, batch: Batch, schedule: Schedule | str | None = None, means: Means | None = None
    ) -> list[Tensor]:
        """The hidden states at every depth of a schedule, from one nnsight trace of the base model.

        Returns depths 0..steps (by default 0..n_layers) as tensors of (document, token, width), pads
        included, equal bit for bit to what the module itself computes. The head does not run. `means` are the
        mean states of the calibrations that blocks `=digest` name, (depth, width) each.
        """
        self._itself()
        renew(self.base, self.angles)
        schedule = self._checked(schedule)
        if schedule == self.full():
            self._refuse(self.prove().captured, "captured")
            states = trace(self._wrapped, self._wrapped_layers, batch)
            self._three_axes(states[0])
            return states
        recording = self.record(batch, means)
        if recording.shared:
            recording.run(schedule)  # says in words what a trace could not
        known = Known(batch, means=means or {})
        layers, form = self._wrapped_layers, recording.output
        return trace_schedule(self._wrapped, layers, schedule.steps, known, form)

    def record(self, batch: Batch, means: Means | None = None) -> Recording:
        """A batch made ready for the local executor, which runs any schedules on it.

        `means` are the mean states of the calibrations that blocks `=digest` name, (depth, width) each.
        """
        self._itself()
        renew(self.base, self.angles)
        self._refuse(self.prove().full, "run layer by layer")
        recording = record(self.module, self.base, self.layers, batch)
        self._three_axes(recording.start)
        tail = self.prove().tail
        tailless = tail and self._refusal(tail, "scored token by token")
        return replace(recording, tailless=tailless, means=means or {})

    def prove(self, cache: Path | str | None = None, say: Say = lambda _: None) -> Proof:
        """What of schedules does not hold for this architecture; found once, and kept in the cache.

        Architectures of the table in docs/reference/models.md are proven; others run ten times over eight
        tokens. `record`, `hidden_states` and `scheduled` refuse what does not hold.
        """
        if "_proof" not in self.__dict__:
            batch = self.batch([range(1, TOKENS + 1)])
            subject = Subject(self.module, self.base, self.layer_list, batch)
            with within_memory("trying its layers on eight tokens"):
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

        Runs the local executor on texts that may share a batch. Raises `ReprlabError` for a model without a
        language head.

        >>> import reprlab as rl
        >>> net = rl.load("tiny-llama")
        >>> [tuple(part.shape) for part in net.logits(["ab", "abc"], rl.Schedule.parse("0:2 [2:4] 4:6"))]
        [(2, 260), (3, 260)]
        """
        schedule = self._checked(schedule)
        ids = self._ids(texts)
        logits: dict[int, Tensor] = {}
        for places in together(list(map(len, ids)), self.kind):
            with within_memory("running a text"):
                recording = self.record(self.batch([ids[place] for place in places]))
                output = recording.finish(recording.run(schedule)[-1])
            if getattr(output, "logits", None) is None:
                raise ReprlabError(f"'{self.name}' has no language head, so it has no logits")
            logits |= {place: output.logits[row, : len(ids[place])] for row, place in enumerate(places)}
        return [logits[place] for place in range(len(ids))]

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
        steps, proof = installable(self._checked(schedule)), self.prove()
        self._refuse(proof.full or proof.rewritten, "run under a schedule")
        uncached = proof.cached and self._refusal(
            f"{proof.cached}; in Python, use_cache=False runs without one",
            "run under a schedule with a cache",
        )
        _ = self._right, self._left  # inside, `batch` cannot try any more
        running = rewritten(self.module, self._found[1], steps, kv, self._form, uncached=uncached)
        with running as module, unsaved(self.module):
            yield module

    def generate(
        self,
        prompts: Sequence[str],
        schedule: Schedule | str | None = None,
        *,
        max_new_tokens: int = 64,
        kv: str = "exact",
        say: Say = lambda _: None,
        **options: Any,
    ) -> list[str]:
        """Continue each prompt under a schedule, greedily unless `options` for `generate` say else.

        `say` gets a line where texts were chosen from logits that are no numbers (NaN).

        >>> import reprlab as rl
        >>> len(rl.load("tiny-llama").generate(["ab", "abc"], max_new_tokens=3))
        2
        """
        if not self.has_lm_head:
            raise ReprlabError(f"'{self.name}' has no language head, so it cannot generate")
        positive("max_new_tokens", max_new_tokens)
        ids = self._ids(prompts)
        check_growth(max(map(len, ids)), max_new_tokens, self.name, self._position_limit)
        options = {"do_sample": False, "pad_token_id": self.filler, **options}
        schedule = self._checked(schedule)
        installable(schedule)
        options |= {"kv": kv, "max_new_tokens": max_new_tokens}
        return self.continued(ids, schedule, say=say, **options)

    def continued(
        self,
        prompts: Sequence[Sequence[int]],
        schedule: Schedule,
        *,
        max_new_tokens: int,
        kv: str = "exact",
        say: Say = lambda _: None,
        **options: Any,
    ) -> list[str]:
        """What the module's own `generate` adds to prompts of tokens, as texts.

        Prompts that may share a batch run together, padded before their starts.
        """
        texts: dict[int, list[str]] = {}
        lost = 0
        for places in together(list(map(len, prompts)), lambda n: self.growing_kind(n, max_new_tokens)):
            batch = self._padded([prompts[place] for place in places], "left", positions=False)
            given = {key: batch[key] for key in ("input_ids", "attention_mask") if key in batch}
            renew(self.base, self.angles)
            watch = NotNumbers()
            with within_memory("generating"), self.scheduled(schedule, kv=kv) as module:
                output = generated(module, watch, **given, max_new_tokens=max_new_tokens, **options)
            lost += watch.of(len(places))
            new = output[:, given["input_ids"].shape[1] :]
            said = self.tokenizer.batch_decode(new, skip_special_tokens=True)
            each = len(said) // len(places)  # several, where `num_return_sequences` says so
            texts |= {place: said[n * each : (n + 1) * each] for n, place in enumerate(places)}
        if lost:
            whole = counted(len(prompts), "text")
            say(f"warning: {lost} of {whole} under {schedule} came from NaN and mean nothing")
        return [text for place in range(len(prompts)) for text in texts[place]]
