"""Benchmarks as data: their names, their classes, and which rows are one unit."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from made_benchmarks import OFFICIAL, opened, ready

import reprlab as rl
from reprlab.benchmarks.rows import read_rows
from reprlab.benchmarks.table import GROUPS, expand


def together(labels: Sequence[str]) -> list[int]:
    """Which documents share a unit, whatever it is called: the first place of each label."""
    return [list(labels).index(label) for label in labels]


def test_twins_of_winogrande_are_one_unit(folder: Path) -> None:
    units = [document.unit for document in ready(opened("winogrande", folder)).documents]
    assert together(units) == [0, 0, 2, 2]


@pytest.mark.parametrize("name", GROUPS["builtin"])
def test_built_in_rows_name_themselves_and_their_unit(name: str) -> None:
    benchmark = ready(opened(name), 50)
    rows = read_rows(Path(rl.__file__).parent / "benchmarks" / "builtin" / f"{name}.jsonl")[:50]
    assert [document.id for document in benchmark.documents] == [row["id"] for row in rows]
    assert together([d.unit for d in benchmark.documents]) == together([row["unit"] for row in rows])
    assert benchmark.opened.kind in {"semantic", "reasoning"}


def test_names_of_lm_eval_are_ours_and_groups_their_members() -> None:
    assert expand(["arc_challenge", "arc", "lambada_openai", "gsm8k"]) == ["arc", "lambada", "gsm8k"]
    assert expand(["paper"]) == ["lambada", "arc", "hellaswag", "winogrande", "gsm8k_nll"]
    assert expand(["builtin_cloze", "builtin"]) == list(GROUPS["builtin"])
    assert expand(["other", "own.yaml"]) == ["other", "own.yaml"]


def test_the_papers_tasks_carry_its_classes(folder: Path) -> None:
    kinds = [opened(name, folder).kind for name in [*OFFICIAL, "gsm8k_nll"]]
    assert kinds == ["", "reasoning", "semantic", "semantic", "reasoning", "reasoning"]
