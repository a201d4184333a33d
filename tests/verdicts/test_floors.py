"""Other floors: the level of ruins, and what scores do not know."""

from __future__ import annotations

import math

import numpy as np
import pytest
from judged import FLOOR, grid, painted, simulated, world

from reprlab.scores.results import Results
from reprlab.verdicts.floors import FIRST, FLOORS, MEASURED, floored, ruins


def test_ruins_are_the_mean_of_schedules_that_change_nearly_all_layers() -> None:
    scores = simulated(painted, entries=grid((0, 1, 5), seeds=2))
    results = scores.benchmarks["arc"]
    rows = [
        at
        for at, e in enumerate(scores.entries)
        if e.variant in {"skip", "reverse", "random"} and e.start in {0, 1}
    ]
    assert ruins(scores, results, "u") == pytest.approx(results.items("u")[rows].mean())
    changed = floored(scores, "u", "ruins")
    assert changed is not None
    assert changed.benchmarks["arc"].floor == pytest.approx(ruins(scores, results, "u"))
    assert np.shares_memory(changed.benchmarks["arc"].values, results.values)
    assert math.isnan(ruins(world(), world().benchmarks["arc"], "u"))
    assert floored(world(), "u", "ruins") is None


def test_older_scores_have_the_floor_of_version_1_and_know_no_other() -> None:
    scores = world()
    assert floored(scores, "u", MEASURED) is scores
    assert floored(scores, "u", FIRST) is scores
    if not hasattr(Results, "baselines"):
        assert floored(scores, "u", "uniform") is None
        assert math.isnan(FLOORS["uniform"](scores, scores.benchmarks["arc"], "u"))


def test_version_1_takes_the_larger_of_uniform_and_majority_of_scores_that_have_baselines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"uniform": 0.25, "majority": 0.27, "shortest": 0.304}
    monkeypatch.setattr(Results, "baselines", lambda self, metric: known, raising=False)
    scores = world()
    assert {one.floor for one in scores.benchmarks.values()} == {FLOOR}
    first, uniform = floored(scores, "u", FIRST), floored(scores, "u", "uniform")
    assert first is not None
    assert {one.floor for one in first.benchmarks.values()} == {0.27}
    assert uniform is scores
