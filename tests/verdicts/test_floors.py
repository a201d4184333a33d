"""Other floors: the level of ruins, and what scores do not know."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from judged import LAYERS, grid, loop_grid, painted, peaked, simulated, world

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.schedules.grids import RUINS
from reprlab.verdicts.floors import FIRST, FLOORS, MEASURED, floored, ruins


def test_ruins_are_the_mean_of_models_without_their_ends_and_of_a_shuffled_one() -> None:
    entries = [*grid(), *rl.paper_grid("ruins", LAYERS)]
    scores = simulated(lambda e, b: 0.2 if e.variant in RUINS else painted(e, b), entries=entries)
    results = scores.benchmarks["arc"]
    rows = [at for at, entry in enumerate(scores.entries) if entry.variant in RUINS]
    assert len(rows) == 4
    level = ruins(scores, results, "u")
    assert level == pytest.approx(results.items("u")[rows].mean())
    changed = floored(scores, "u", "ruins")
    assert changed is not None
    assert changed.benchmarks["arc"].floor == pytest.approx(level)
    assert np.shares_memory(changed.benchmarks["arc"].values, results.values)
    assert math.isnan(ruins(world(), world().benchmarks["arc"], "u"))
    assert floored(world(), "u", "ruins") is None
    loops = simulated(lambda e, b: peaked(e, b, 0.7), entries=loop_grid(counts=4))
    of_loops = floored(loops, "u", "ruins", scores)  # fig. 10's own scores have no ruins
    assert of_loops is not None
    shared = [name for name in of_loops.benchmarks if name in scores.benchmarks]
    assert shared
    for name in shared:
        wanted = ruins(scores, scores.benchmarks[name], "u")
        assert of_loops.benchmarks[name].floor == pytest.approx(wanted)


def test_older_scores_have_the_floor_of_version_1_and_know_no_other() -> None:
    scores = world()
    assert floored(scores, "u", MEASURED) is scores
    assert floored(scores, "u", FIRST) is scores
    assert floored(scores, "u", "uniform") is None
    assert math.isnan(FLOORS["uniform"](scores, scores.benchmarks["arc"], "u"))


def test_version_1_takes_the_larger_of_uniform_and_majority_guessing_on_the_rows(tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    scores = rl.sweep(net, [], ["builtin_science"], limit=40, cache=tmp_path)
    results = scores.results()
    (opened,) = open_benchmarks(["builtin_science"])
    golds = [opened.task.doc_to_target(doc) for doc in opened.docs]
    choices = [len(opened.task.doc_to_choice(doc)) for doc in opened.docs]
    majority = max(golds.count(gold) for gold in set(golds)) / len(golds)
    first = floored(scores, "u", FIRST)
    assert first is not None
    assert first.results().guess("u") == pytest.approx(max(majority, float(np.mean(1 / np.array(choices)))))
    assert results.guess("u") != first.results().guess("u")
