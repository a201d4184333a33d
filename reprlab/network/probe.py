"""Whether an architecture does under schedules what reprlab says: found by running it on eight tokens."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from reprlab.errors import ReprlabError
from reprlab.files import cache_folder, write_whole
from reprlab.network.memory import out_of_memory
from reprlab.network.recorded import Recording, record
from reprlab.network.rewritten import installable, rewritten
from reprlab.progress import Say
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Step

TOKENS = 8
_LARGE = 1e9  # bytes of weights above which a probe is announced
_REFUSED = {"rwkv": "it rescales its states by position, so that a layer means another thing elsewhere"}
_UNCACHED = {"recurrent_gemma": "its layers keep one state in themselves, however often they run"}
TABLE = Path(__file__).with_name("architectures.json")
_FAULTS = (TypeError, ValueError, RuntimeError, LookupError, AttributeError, AssertionError)


@dataclass(frozen=True)
class Proof:
    """What does not hold, in a few words each; empty where it holds.

    `full`: all layers in their order are the model itself, bit for bit. `rewritten`: the rewritten module is
    the executor, bit for bit, under a skip and a repeat. `cached`: so is a step with a cache, to rounding.
    `tail`: norm and head take one token at a time. `captured`: states are what they seem.
    """

    full: str = ""
    rewritten: str = ""
    cached: str = ""
    tail: str = ""
    captured: str = ""


@cache
def proven(version: str = transformers.__version__) -> dict[str, str]:
    """The model types for which every check held, each with its kind: causal or masked.

    From the table that bench/architectures.py makes; none with a transformers that is older than the
    table's.
    """
    made = json.loads(TABLE.read_text(encoding="utf-8"))
    if _numbers(version) < _numbers(made["transformers"]):
        return {}
    return {row["model_type"]: row["kind"] for row in made["architectures"] if row["verdict"] == "proven"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


@dataclass(frozen=True)
class Subject:
    """A module with its layers, and eight tokens for it."""

    module: Any
    base: Any
    layers: nn.ModuleList
    batch: dict[str, Any]

    @cached_property
    def recording(self) -> Recording:
        return record(self.module, self.base, list(self.layers), self.batch)

    @cached_property
    def schedules(self) -> dict[Schedule, Tensor]:
        """One skip and one repeat, as near the middle as a layer may be left out, and what comes out."""
        n, run = len(self.layers), self.run
        for left_out in sorted(range(n), key=lambda layer: (abs(layer - n // 2), layer)):
            skip = Schedule([layer for layer in range(n) if layer != left_out] or [0])
            repeat = Schedule([*range(left_out + 1), *range(left_out, n)])
            with contextlib.suppress(ReprlabError):  # others may take its keys and values
                return {schedule: run(schedule.steps) for schedule in (skip, repeat)}
        return {}

    def run(self, steps: Sequence[Step]) -> Tensor:
        """What the module says where its layers run one by one."""
        return last(self.recording.finish(self.recording.run(steps)[-1]))

    def scheduled(self, schedule: Schedule) -> Any:
        """The module under a schedule."""
        return rewritten(self.module, self.layers, installable(schedule), "exact", self.recording.output)


def proof(subject: Subject, name: str, folder: Path | str | None, say: Say) -> Proof:
    """What does not hold for a module: by the table, by an earlier probe, or by a probe now.

    A probe's result is kept in the cache `folder`, where that can be written.
    """
    config = subject.module.config
    if config.model_type in _REFUSED:
        return probe(subject)
    own = type(subject.module).__module__.startswith("transformers.")  # no code that came with a checkpoint
    known = own and proven().get(config.model_type)
    if known == "causal" or (known and not generates(subject.module)):
        return Proof()
    if any(parameter.is_meta for parameter in subject.module.parameters()):
        kind = f"model type '{config.model_type}'"
        say(f"{name}: not proven: {kind} is not in the table, and layers lie on disk")
        return Proof()
    file = cache_folder(folder) / ".probes" / f"{_digest(subject)}.json"
    return _kept(file) or _probed(subject, name, file, keep=_wanted(folder), say=say)


def _wanted(folder: Path | str | None) -> bool:
    """Whether a folder for the cache was named, or is there."""
    return bool(folder or os.environ.get("REPRLAB_CACHE")) or cache_folder(folder).is_dir()


def _digest(subject: Subject) -> str:
    """Of what a probe's result depends on."""
    config, module = subject.module.config, subject.module
    what = [config.to_dict(), transformers.__version__, config._attn_implementation, str(module.dtype)]
    text = json.dumps([*what, type(module).__qualname__], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(file: Path) -> Proof | None:
    try:
        return Proof(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _probed(subject: Subject, name: str, file: Path, *, keep: bool, say: Say) -> Proof:
    size = sum(parameter.numel() * parameter.element_size() for parameter in subject.module.parameters())
    if size > _LARGE:
        say(
            f"{name}: model type '{subject.module.config.model_type}' is not in the table of proven "
            f"architectures: ten short passes try it ({size / 1e9:.1f} GB of weights)"
        )
    found = probe(subject)
    if keep:
        with contextlib.suppress(ReprlabError, OSError):  # a cache that is read only
            write_whole(file, json.dumps(asdict(found)) + "\n")
    return found


def probe(subject: Subject) -> Proof:
    """Try what must hold, in at most ten forward passes of eight tokens."""
    if reason := _REFUSED.get(subject.module.config.model_type):
        return Proof(*[reason] * 5)
    full = said(lambda: _full(subject))
    if full:
        return Proof(full, full, full, full)
    again = said(lambda: _rewritten(subject))
    cached = again or _UNCACHED.get(subject.module.config.model_type, "")
    if generates(subject.module) and not cached:
        cached = said(lambda: _cached(subject))
    tail = said(lambda: _tail(subject)) if generates(subject.module) else ""
    return Proof("", again, cached, tail)


def said(check: Callable[[], str]) -> str:
    """What a check says, or the error with which it ends."""
    try:
        return check()
    except ReprlabError as error:
        return str(error)
    except _FAULTS as error:
        if out_of_memory(error):
            raise
        return f"it fails there ({type(error).__name__}: {' '.join(str(error).split())[:120]})"


def generates(module: Any) -> bool:
    return hasattr(module, "generate") and bool(module.can_generate())


def last(output: Any) -> Tensor:
    """A module's logits, or its last states."""
    logits = getattr(output, "logits", None)
    return logits if logits is not None else output[0]


def same(found: Tensor, expected: Tensor) -> bool:
    """Bit for bit, NaN equal to NaN."""
    return found.shape == expected.shape and bool(
        ((found == expected) | (found.isnan() & expected.isnan())).all()
    )


def off(found: Tensor, expected: Tensor) -> float:
    """The largest difference, in parts of the largest expected value."""
    if found.shape != expected.shape:
        return float("inf")
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-30))


def tolerance(dtype: torch.dtype) -> float:
    """How far a step with a cache may be off for its rounding."""
    return 1e-3 if dtype in (torch.float32, torch.float64) else 5e-2


def _full(subject: Subject) -> str:
    with torch.no_grad():
        expected = last(subject.module(**subject.batch))
    found = subject.run(range(len(subject.layers)))
    if same(found, expected):
        return ""
    return f"the model does something between its layers (off by {off(found, expected):.2g})"


def _tail(subject: Subject) -> str:
    recording = subject.recording
    if recording.start.dim() != 3:
        return ""
    expected = last(recording.finish(recording.start)).flatten(0, 1)
    differs = off(recording.head(recording.start.flatten(0, 1)), expected)
    return "" if differs <= tolerance(expected.dtype) else "its norm and head do not take tokens one by one"


def _rewritten(subject: Subject) -> str:
    for schedule, expected in subject.schedules.items():
        with subject.scheduled(schedule), torch.no_grad():
            found = last(subject.module(**subject.batch))
        if not same(found, expected):
            return f"'{schedule}' differs from its layers run one by one (by {off(found, expected):.2g})"
    return ""


def _cached(subject: Subject) -> str:
    ids = subject.batch["input_ids"][:, :-1]
    for schedule in subject.schedules:
        with subject.scheduled(schedule):
            differs = cache_off(subject.module, ids, 2)
        if not differs <= tolerance(subject.module.dtype):
            return f"'{schedule}' with a cache differs from without (by {differs:.2g})"
    return ""


def cache_off(module: Any, ids: Tensor, new: int) -> float:
    """How far the logits of the last of some tokens generated with a cache are from those without."""
    options: dict[str, Any] = {
        "max_new_tokens": new,
        "min_new_tokens": new,
        "do_sample": False,
        "pad_token_id": 0,
    }
    with torch.no_grad():
        made = module.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            use_cache=True,
            output_logits=True,
            return_dict_in_generate=True,
            **options,
        )
        whole = last(module(made.sequences[:, :-1], use_cache=False))[:, -1]
    return off(made.logits[-1].to(whole.dtype), whole)
