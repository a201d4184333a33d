"""Evidence made for tests of verdicts: scores around given R, similarities, and the paper's world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import kendalltau

import reprlab as rl
from reprlab.provenance import Provenance
from reprlab.schedules.grids import Entry
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.similarity.matrix import Similarity
from reprlab.statistics.resampled import bootstrapped
from reprlab.verdicts.basis import Basis
from reprlab.verdicts.judging import _eight
from reprlab.verdicts.values import Finding, Verdict
from reprlab.verdicts.view import AS_RULED, AS_RULED_2, Setting, View

LAYERS, MIDDLE = 20, range(4, 18)
STARTS = (4, 5, 6, 7, 8)  # M = 11, 9, 7, 5, 3; W are the last four
KINDS = {"arc": "reasoning", "gsm8k_nll": "reasoning", "hellaswag": "semantic", "winogrande": "semantic"}
FLOOR, FULL = 0.25, 0.75
DRAWS = 400
DRAWS_2 = 1000  # so that a p may pass Holm's correction over 20 findings
Level = Callable[[Entry, str], float]  # the R that an entry shall have on a benchmark


# --- making evidence ---


@cache
def grid(starts: tuple[int, ...] = STARTS, seeds: int = 5, layers: int = LAYERS) -> tuple[Entry, ...]:
    variants = rl.paper_grid("fig11", layers, starts=starts, seeds=range(seeds))
    single = [Entry("skip_one", rl.Schedule.skip_one(layers, n), layer=n) for n in range(layers)]
    return (*variants, *single)


@cache
def matched(starts: tuple[int, ...] = STARTS, layers: int = LAYERS) -> tuple[Entry, ...]:
    """Stand-ins for the controls of version 2: a schedule that is like no other, labelled as such a one."""
    names = ("repeat_matched", "reverse_matched", "parallel_matched", "random_direction", "mean_ablation")
    return tuple(
        Entry(name, rl.Schedule.parse(f"0:{layers} {' '.join([str(start)] * (1 + at))}"), start=start)
        for at, name in enumerate(names)
        for start in starts
    )


@cache
def loop_grid(starts: tuple[int, ...] = tuple(range(2, 9)), counts: int = 8) -> tuple[Entry, ...]:
    loops = rl.paper_grid("fig10", LAYERS, starts=starts, loops=range(1, counts + 1))
    return (Entry("full", rl.Schedule.full(LAYERS)), *loops)


def simulated(
    wanted: Level,
    seed: int = 0,
    *,
    entries: Sequence[Entry] = (),
    kinds: Mapping[str, str] = KINDS,
    full: Mapping[str, float] = {},
    documents: int = 40,
    noise: float = 1.0,
    orders: float = 0.05,
    accuracy: Level | None = None,
) -> Scores:
    """Scores around given R. Documents differ for all schedules, for all of a variant, and by themselves.

    The second benchmark has two documents a unit. A random order has an effect of its own, on all of them.
    """
    rng, entries = np.random.default_rng(seed), entries or grid()
    variants = {name: at for at, name in enumerate(dict.fromkeys(e.variant for e in entries))}
    of = np.array([variants[e.variant] for e in entries])
    own = np.array([rng.normal(0, orders) if e.seed is not None else 0 for e in entries])
    parts: dict[str, Results] = {}
    for number, (name, kind) in enumerate(kinds.items()):
        units = np.arange(documents) // 2 if number == 1 else np.arange(documents)
        for_all = rng.normal(0, 0.1, documents)[units]
        for_variant = rng.normal(0, 0.12, (len(variants), documents))[:, units][of]
        apart = noise * (for_all + for_variant + rng.normal(0, 0.15, (len(entries), documents)))
        found = [
            FLOOR + (full.get(name, FULL) - FLOOR) * (_wanted(one, entries, name) + own)[:, None] + apart
            for one in filter(None, (wanted, accuracy))
        ]
        parts[name] = benchmark(name, kind, found, units)
    layers = len(entries[0].schedule)
    return Scores("m", "", "float32", layers, tuple(entries), parts, {})


def _wanted(one: Level, entries: Sequence[Entry], name: str) -> np.ndarray:
    return np.array([1 if e.variant == "full" else one(e, name) for e in entries])


def benchmark(name: str, kind: str, found: Sequence[np.ndarray], units: np.ndarray) -> Results:
    columns = (Column("u", "mean", 1, True), Column("acc", "mean", 1, True))[: len(found)]
    ids = tuple(map(str, range(len(units))))
    about = (name, name, kind, "multiple_choice", 0, "paper", "d", FLOOR, 100)
    values, wrong = np.stack(found, -1), np.zeros(len(found[0]), np.int64)
    return Results(*about, columns, ids, tuple(map(str, units)), values, wrong)


def similarity(
    inner: float, outer: float, seed: int = 0, *, spread: float = 0.25, profile: Sequence[float] = ()
) -> Similarity:
    """A cosine of 40 documents with one mean inside the middle and one elsewhere; documents differ in both.

    `profile` is added to every pair of a depth.
    """
    rng = np.random.default_rng(seed)
    middle = np.isin(np.arange(LAYERS + 1), MIDDLE)
    block, each = middle[:, None] & middle, rng.normal(0, spread, (2, 40))
    sums = np.where(block, (inner + each[0])[:, None, None], (outer + each[1])[:, None, None])
    if len(profile):
        sums = sums + np.array(profile)[:, None] + np.array(profile)
    source = Provenance(
        **dict.fromkeys(("note", "corpus", "dtype"), ""),
        **{"model": "m", "documents": len(sums), "tokens": 1, "excluded": 0, "policy": "no-sinks"},
        **{"sink_factor": 4.0, "layers": LAYERS, "made_with": {}},
    )
    return Similarity(sums.mean(0), "cosine", source, resampled=bootstrapped(sums, np.ones(len(sums))))


def alike(inner: float = 0.9, outer: float = 0.5, null: float = 0.6, **how: Any) -> dict[str, Similarity]:
    null_how = {name: value for name, value in how.items() if name != "profile"}
    return {
        "cosine no-sinks": similarity(inner, outer, **how),
        "residual null": similarity(null, 0.5, **null_how),
    }


@cache
def groups(
    starts: tuple[int, ...] = (1, MIDDLE.start, MIDDLE.stop), stable: float = 0.95, reason: str = ""
) -> rl.Groups:
    found = rl.group(replace(similarity(0.9, 0.5), resampled=None), count=len(starts))
    cut = replace(found.cut, starts=starts, reason=reason)
    return replace(found, cut=cut, stable=(stable,) * (len(starts) - 1))


def evidence(scores: Scores | None = None, **parts: Any) -> rl.Evidence:
    return rl.Evidence("m", "", scores.layers if scores else LAYERS, scores=scores, **parts)


def ruled(found: rl.Evidence, setting: Setting = AS_RULED) -> dict[int, Verdict]:
    """The verdicts without their sensitivity."""
    return {one.number: one for one in _eight(Basis(found, DRAWS), setting)}


def ruled_2(found: rl.Evidence, setting: Setting = AS_RULED_2) -> dict[int, Verdict]:
    """The verdicts by version 2 without their sensitivity."""
    return {one.number: one for one in _eight(Basis(found, DRAWS_2, setting.floor), setting)}


def alike_2(inner: float = 0.9, outer: float = 0.5, null: float = 0.6, **how: Any) -> dict[str, Similarity]:
    """`alike`, with the measures and the controls of version 2."""
    null_how = {name: value for name, value in how.items() if name != "profile"}
    near, control = similarity(inner, outer, **how), similarity(null, 0.5, **null_how)
    names = ("shuffled null", "cosine-centred residual null", "cka residual null")
    more = {"cosine-centred no-sinks": near, "cka no-sinks": near, **dict.fromkeys(names, control)}
    return {**alike(inner, outer, null, **how), **more}


def view(scores: Scores, setting: Setting = AS_RULED, **parts: Any) -> View:
    return View(Basis(evidence(scores, **parts), DRAWS), setting)


def part(found: Mapping[int, Verdict], number: int, key: str = "h") -> Finding:
    return next(one for one in found[number].findings if one.key == key)


# --- the paper's world: everything that it says holds ---


RETAINED = {
    "skip": 0.62,
    "middle_repeat": 0.3,
    "reverse": 0.86,
    "random": 0.93,
    "parallel": 0.75,
    "looped_parallel": 0.94,
}
CONTROLLED = {
    "repeat_matched": 0.35,
    "reverse_matched": 0.88,
    "parallel_matched": 0.93,
    "random_direction": 0.7,
    "mean_ablation": 0.65,
}
HARDER = {"arc": 0.14, "gsm8k_nll": 0.2}  # of reasoning, under other orders
DEEP = np.abs(np.arange(LAYERS) - 9.5)  # how far from the middle a layer is


def painted(entry: Entry, name: str) -> float:
    if entry.variant == "skip_one":
        return 1 - (0.7 if entry.layer in {0, LAYERS - 1} else 0.02 + 0.004 * DEEP[entry.layer])
    near = 0.1 * tau(entry) if entry.seed is not None else 0.0
    harder = HARDER.get(name, 0.0) if entry.variant in {"reverse", "random", "parallel"} else 0.0
    return {**RETAINED, **CONTROLLED}[entry.variant] + near - harder


def tau(entry: Entry) -> float:
    middle = entry.schedule.steps[entry.start + 1 : LAYERS - entry.start]
    return kendalltau(range(len(middle)), middle).statistic


def peaked(entry: Entry, name: str, power: float = 1.0) -> float:
    best = (LAYERS - 2 * entry.start - 1) ** power
    return 0.7 - 0.3 * abs(math.log(entry.times / best))


@cache
def looped(power: float = 1.0) -> Scores:
    return simulated(lambda e, b: peaked(e, b, power), entries=loop_grid(counts=16), noise=0.03)


PROFILE = np.array([0, *(-0.01 * DEEP)])  # by depth; the first is the embedding's
PAINTED = {"noise": 0.2, "orders": 0.005}


@cache
def paper_world() -> rl.Evidence:
    how = {"similarities": alike(profile=PROFILE), "groups": groups(), "loops": looped()}
    return evidence(simulated(painted, entries=grid(seeds=10), **PAINTED), **how)


def painted_2(entry: Entry, name: str) -> float:
    """The paper's world, in which parallel is better than skip on mathematics, too."""
    return painted(entry, name) - (0.14 if entry.variant == "skip" and entry.start < 8 else 0.0)


@cache
def paper_world_2() -> rl.Evidence:
    """The paper's world with all that version 2 asks."""
    how = {"similarities": alike_2(profile=PROFILE), "groups": groups(), "loops": looped()}
    return evidence(simulated(painted_2, entries=(*grid(seeds=10), *matched()), **PAINTED), **how)


# --- worlds in which one thing is otherwise ---


def world(wanted: Level = painted, seed: int = 0, **how: Any) -> Scores:
    return simulated(wanted, seed, **{"entries": grid(seeds=5), **PAINTED, **how})
