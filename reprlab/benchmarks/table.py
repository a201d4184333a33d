"""Benchmarks as data: lm-eval's task for each name, its files, its class, its shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprlab.benchmarks import rows
from reprlab.benchmarks.rows import JsonObject, Shape
from reprlab.row_files import ROW_FILES

BUILTIN = Path(__file__).parent / "builtin"
PRESETS = {"paper": "0-shot, GSM8K 5-shot, no BOS", "leaderboard": "ARC 25, HellaSwag 10, others 5 shots"}
CLASSES = ("semantic", "reasoning")


def own_unit(row: JsonObject) -> str | None:
    """The unit that a row names itself: the template, fact or pair that it comes from."""
    return row.get("unit")


def twins(row: JsonObject) -> str:
    """WinoGrande's pairs: two sentences that share their options are one unit."""
    return " / ".join(sorted((row["option1"], row["option2"])))


@dataclass(frozen=True)
class Named:
    """A benchmark that reprlab knows. `file` is lm-eval's own, below its tasks folder, or a built-in one.

    `files` are a split's rows under --data-dir; `kind` is the paper's class; `shots` goes by preset.
    `nll`: instead of generating an answer, score the reference solution (see `solution`). `majority`: the
    share of the commonest right answer in the whole split; a constant, never counted on the rows at hand.
    """

    task: str
    file: str
    files: Mapping[str, str]
    shape: type[Shape] = Shape
    kind: str = ""
    shots: Mapping[str, int] = field(default_factory=dict[str, int])
    unit: Callable[[JsonObject], Any] = own_unit
    nll: bool = False
    majority: float | None = None

    @property
    def builtin(self) -> bool:
        return "/" not in self.file


def _builtin(name: str, kind: str) -> Named:
    return Named(name, f"{name}.yaml", {"test": f"{name}.jsonl"}, kind=kind)


_FIVE = {"paper": 5, "leaderboard": 5}

BENCHMARKS: Mapping[str, Named] = {
    "lambada": Named(
        "lambada_openai",
        "lambada/lambada_openai.yaml",
        ROW_FILES["lambada"].files,
        rows.Lambada,
    ),
    "arc": Named(
        "arc_challenge",
        "arc/arc_challenge.yaml",
        ROW_FILES["arc"].files,
        rows.Arc,
        "reasoning",
        {"leaderboard": 25},
        majority=0.2654,  # of 1,172 test rows
    ),
    "hellaswag": Named(
        "hellaswag",
        "hellaswag/hellaswag.yaml",
        ROW_FILES["hellaswag"].files,
        rows.Hellaswag,
        "semantic",
        {"leaderboard": 10},
    ),
    "winogrande": Named(
        "winogrande",
        "winogrande/default.yaml",
        ROW_FILES["winogrande"].files,
        rows.Winogrande,
        "semantic",
        {"leaderboard": 5},
        twins,
        majority=0.5043,  # of 1,267 validation rows
    ),
    "gsm8k": Named("gsm8k", "gsm8k/gsm8k.yaml", ROW_FILES["gsm8k"].files, rows.Gsm8k, "reasoning", _FIVE),
    "gsm8k_nll": Named(
        "gsm8k", "gsm8k/gsm8k.yaml", ROW_FILES["gsm8k"].files, rows.Gsm8k, "reasoning", _FIVE, nll=True
    ),
    "builtin_cloze": _builtin("builtin_cloze", "semantic"),
    "builtin_science": _builtin("builtin_science", "semantic"),
    "builtin_commonsense": _builtin("builtin_commonsense", "semantic"),
    "builtin_pronoun": _builtin("builtin_pronoun", "semantic"),
    "builtin_arithmetic_1": _builtin("builtin_arithmetic_1", "reasoning"),
    "builtin_arithmetic_2": _builtin("builtin_arithmetic_2", "reasoning"),
}

GROUPS: Mapping[str, tuple[str, ...]] = {
    "builtin": tuple(name for name in BENCHMARKS if name.startswith("builtin_")),
    "paper": ("lambada", "arc", "hellaswag", "winogrande", "gsm8k_nll"),
}
ALIASES = {named.task: name for name, named in reversed(BENCHMARKS.items())}


def expand(names: list[str]) -> list[str]:
    """Benchmark names without repeats, groups as their members, lm-eval's names as ours.

    >>> expand(["lambada_openai", "paper"])[:2]
    ['lambada', 'arc']
    """
    members = (member for name in names for member in GROUPS.get(name, (ALIASES.get(name, name),)))
    return list(dict.fromkeys(members))
