"""Scores made up for tests: benchmarks whose u lies around a level for each variant."""

import numpy as np

import reprlab as rl
from reprlab.schedules.grids import Entry
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores

LAYERS = 12


def made(
    values: np.ndarray, *, name: str = "one", floor: float = 0.25, units: list[str] | None = None
) -> Results:
    """A benchmark with the metric u: (schedule, document)."""
    ids = tuple(str(i) for i in range(values.shape[1]))
    return Results(
        *(name, name, "semantic", "multiple_choice", 0, "paper", "d", floor, 100),
        (Column("u", "mean", 1, True),),
        *(ids, tuple(units or ids), values[..., None], np.zeros(len(values), np.int64)),
    )


def scores(*results: Results, entries: list[Entry]) -> Scores:
    return Scores("m", "", "float32", LAYERS, tuple(entries), {r.name: r for r in results}, {})


def some(seed: int = 0, **levels: float) -> Scores:
    """Two benchmarks of 80 documents; each schedule's u is around a level."""
    rng = np.random.default_rng(seed)
    entries = rl.paper_grid("fig11", LAYERS, starts=[3, 4], seeds=[0, 1, 2])
    level = [levels.get(entry.variant, 0.6) for entry in entries]
    parts = [np.clip(np.array(level)[:, None] + rng.normal(0, 0.1, (len(entries), 80)), 0, 1) for _ in "ab"]
    return scores(made(parts[0], name="a"), made(parts[1], name="b"), entries=entries)
