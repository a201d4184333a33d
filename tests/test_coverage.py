"""Every kind of interval holds the truth about as often as it says: 200 repetitions of `make coverage`."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
REPETITIONS = 200


def _module() -> Any:
    """bench/coverage.py, which is no package's."""
    spec = importlib.util.spec_from_file_location("bench_coverage", ROOT / "bench" / "coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bench: Any = _module()
CASES = [(kind, size) for kind in bench.KINDS for size in kind.sizes[:1]]


@pytest.mark.parametrize(
    ("kind", "size"), CASES, ids=[f"{kind.name}, {kind.population}" for kind, _ in CASES]
)
def test_an_interval_holds_the_truth_as_often_as_it_says(kind: Any, size: int) -> None:
    share = kind.share(size, REPETITIONS)
    rate = kind.wanted
    noise = 3 * math.sqrt(rate * (1 - rate) / REPETITIONS)  # binomial
    if not kind.stated:
        assert kind.within(share, bench.WITHIN + noise)


def test_the_committed_table_has_every_kind_within_two_points() -> None:
    page = (ROOT / "docs" / "explanation" / "coverage.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ") and "%" in line]
    wanted = {(kind.name, size) for kind in bench.KINDS for size in kind.sizes if not kind.stated}
    found = {(row[0].removeprefix("| "), int(row[2])) for row in rows}
    assert wanted <= found
    for row in rows:
        share, aim = float(row[4]), row[5]
        if aim.startswith("at most"):
            assert share <= 0.07, row
        elif aim.startswith("95"):
            assert 0.93 <= share <= 0.97, row


def test_what_is_stated_only_is_not_as_it_says() -> None:
    turns = next(kind for kind in bench.KINDS if kind.name == "'turns' found in fig. 13")
    assert turns.share(100, REPETITIONS) > 0.5
