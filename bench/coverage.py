"""Coverage: how often 95 % intervals hold the truth, for every kind of interval that reprlab shows.

    python bench/coverage.py [--repetitions N] [--out FILE]

Each kind is simulated at the smallest number at which it is shown and above, by the product's own functions,
from populations that are made like its data. `make coverage` repeats each 2,000 times and writes the table of
docs/explanation/coverage.md; tests/test_coverage.py repeats each 200 times.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reprlab.depths.moments import Powers
from reprlab.similarity.cka.cka import align
from reprlab.similarity.states import Held
from reprlab.statistics.bootstraps import bootstrap, draws, expanded, interval
from reprlab.statistics.intervals import contrast, difference, score_interval
from reprlab.statistics.normalised import normalised
from reprlab.statistics.orders import over_orders, sampled
from reprlab.statistics.rank_correlation import rank_correlation
from reprlab.statistics.resampled import Resampled, bootstrapped, grouped
from reprlab.training.fine_tuned import turning
from reprlab.verdicts.curves.loops import Peak, slopes

OUT = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "coverage.md"
REPETITIONS = 2000
WITHIN = 0.02  # of 95 %, at and above the smallest n at which an interval is shown
DRAWS = 1000
TRUTH = 400_000  # documents of a population whose truth has no formula
Chance = np.random.Generator
Simulate = Callable[[Chance, int], bool]  # whether one data set's interval holds the truth
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """A kind of interval: its name, what its data are like, at which n, and how it is simulated.

    `wanted` is the share that is aimed at: .95 of intervals hold the truth, or .05 of tests find what is not
    there (`most`: at most this). `stated` kinds lie outside the two points, and the table says so.
    """

    name: str
    population: str
    sizes: tuple[int, ...]
    simulate: Simulate
    wanted: float = 0.95
    most: bool = False
    stated: bool = False

    def share(self, size: int, repetitions: int) -> float:
        """The share of repetitions in which it holds."""
        seeds = [zlib.crc32(f"{self.name} {self.population}".encode()), size]
        chances = np.random.SeedSequence(seeds).spawn(repetitions)
        return float(np.mean([self.simulate(np.random.default_rng(one), size) for one in chances]))

    def within(self, share: float, tolerance: float) -> bool:
        """Whether a share is what it is aimed at, to a tolerance."""
        return share <= self.wanted + tolerance if self.most else abs(share - self.wanted) <= tolerance


def holds(ends: tuple[Any, Any], truth: float) -> bool:
    return bool(ends[0] <= truth <= ends[1])


# --- scores ---


def accuracy(chance: Chance, n: int) -> bool:
    return holds(score_interval("mean", chance.random(n) < 0.3, share=True), 0.3)


def unsaturated(chance: Chance, n: int) -> bool:
    return holds(score_interval("mean", chance.beta(0.6, 1.4, n)), 0.3)


def nearly_binary(chance: Chance, n: int) -> bool:
    first, turned = chance.random(n) < 0.4, chance.random(n)
    second = np.where(first, turned >= 0.2, turned < 0.1)  # true .40 and .38
    found = difference("mean", first, second)
    return holds((found.low, found.high), 0.02)


def likelihoods(chance: Chance, n: int, scale: float) -> Array:
    """Log-likelihoods of a last word: most are near 0, few are very low."""
    return -scale * chance.gamma(1.2, 1.0, n)


def perplexity(chance: Chance, n: int) -> bool:
    return holds(score_interval("perplexity", likelihoods(chance, n, 3.2)), math.exp(3.2 * 1.2))


def ratio(chance: Chance, n: int) -> bool:
    first = likelihoods(chance, n, 3.2)
    second = 0.6 * first + likelihoods(chance, n, 3.0)
    found = difference("perplexity", second, first)
    return holds((found.ratio_low, found.ratio_high), math.exp(1.2 * (3.0 - 0.4 * 3.2)))


def retained_items(chance: Chance, n: int) -> tuple[Array, Array, float]:
    """u of a schedule and of the full model, and the true R against a floor of 0."""
    full = chance.beta(2, 1.6, n)
    kept = chance.beta(3, 3, n)
    return full * kept, full, 0.5


def delta(chance: Chance, n: int) -> bool:
    some, full, truth = retained_items(chance, n)
    found = normalised("mean", some, full, floor=0.0)
    return holds((found.low, found.high), truth)


def drawn_retained(chance: Chance, n: int) -> bool:
    some, full, truth = retained_items(chance, n)
    times = draws(np.arange(n), DRAWS)
    one, other = (bootstrap("mean", items, None, times) for items in (some, full))
    return holds(interval(expanded(some.mean() / full.mean(), one / other, n)), truth)


def task_mean(chance: Chance, n: int) -> bool:
    """The mean of accuracy and F1, both .8, of a task with two metrics."""
    gold = chance.random(n) < 0.5
    guess = np.where(chance.random(n) < 0.8, gold, ~gold)
    pairs = np.stack([gold, guess], -1).astype(float)
    times = np.concatenate([np.ones((1, n)), draws(np.arange(n), DRAWS)])
    both = (bootstrap("mean", gold == guess, None, times) + bootstrap("f1", pairs, None, times)) / 2
    return holds(interval(expanded(both[0], both[1:], n)), 0.8)


# --- similarity, drift, lens ---


def documents(chance: Chance, n: int, spread: float, skewed: bool) -> tuple[Array, Array]:
    """Sums over tokens and lengths, log-normal; the mean of a document depends on its length, too."""
    lengths = np.maximum(3, np.exp(chance.normal(4, spread, n)).astype(int)).astype(float)
    own = chance.lognormal(0, 0.5, n) if skewed else chance.normal(0, 1, n)
    means = 0.8 + 0.03 * own - 0.03 * (np.log(lengths) - 4)
    return lengths * (means + 0.1 * chance.normal(size=n) / np.sqrt(lengths / 5)), lengths


@cache
def over_tokens(spread: float, skewed: bool) -> float:
    sums, lengths = documents(np.random.default_rng(0), 10 * TRUTH, spread, skewed)
    return float(sums.sum() / lengths.sum())


def over_documents(spread: float, skewed: bool = False) -> Simulate:
    def simulate(chance: Chance, n: int) -> bool:
        sums, lengths = documents(chance, n, spread, skewed)
        found = bootstrapped(sums[:, None, None], lengths)
        assert found is not None
        found = Resampled("bootstrap", found.matrices, documents=found.documents)
        low, high = found.interval(np.full((1, 1), sums.sum() / lengths.sum()))
        if np.isnan(low[0, 0]):  # too few, and so not shown
            return simulate(chance, n)
        return holds((low[0, 0], high[0, 0]), over_tokens(spread, skewed))

    return simulate


MAPS = np.random.default_rng(0).normal(size=(2, 6, 12))


def states(chance: Chance, n: int, spread: float) -> tuple[list[Array], list[int]]:
    """Two depths of 12 features that share six, documents with directions of their own."""
    lengths = np.maximum(3, np.exp(chance.normal(3, spread, n)).astype(int))
    shared = np.concatenate([chance.normal(size=(k, 6)) + chance.normal(size=6) for k in lengths])
    depths = [shared @ m + 1.5 * chance.normal(size=(len(shared), 12)) for m in MAPS]
    return depths, [0, *np.cumsum(lengths).tolist()]


@cache
def aligned(spread: float) -> float:
    x, y = (a - a.mean(0) for a in states(np.random.default_rng(1), 40_000, spread)[0])
    cross, own = np.square(x.T @ y).sum(), [np.square(a.T @ a).sum() for a in (x, y)]
    return float(cross / math.sqrt(own[0] * own[1]))


def jackknife(spread: float) -> Simulate:
    def simulate(chance: Chance, n: int) -> bool:
        pair, offsets = states(chance, n, spread)
        bounds = grouped(offsets)
        found = align(Held([torch.from_numpy(one) for one in pair]), bounds=bounds)
        resampled = Resampled("jackknife", found.without().numpy(), np.diff(bounds) / offsets[-1])
        if resampled.few:  # and so not shown
            return simulate(chance, n)
        low, high = resampled.interval(found.cka().numpy())
        return holds((low[0, 1], high[0, 1]), aligned(spread))

    return simulate


def variance(chance: Chance, n: int) -> bool:
    """The variance over tokens of 16 features, documents with means of their own; true 1.3 at any length."""
    lengths = np.maximum(3, np.exp(chance.normal(4, 0.3, n))).astype(int)
    means = math.sqrt(0.3) * chance.normal(size=(n, 1, 16))
    spread = np.sqrt(chance.gamma(20, 1 / 20, size=n))
    tokens = [
        mean + size * chance.normal(size=(k, 16))
        for mean, size, k in zip(means, spread, lengths, strict=True)
    ]
    first = np.stack([part.sum(0)[None] for part in tokens])
    second = np.array([[np.square(part).sum()] for part in tokens])
    powers = Powers(lengths.astype(float), first, second)
    found = np.log(powers.variance(np.concatenate([np.ones((1, n)), 1 - np.eye(n)])))
    low, high = Resampled("jackknife", found[1:], lengths / lengths.sum()).interval(found[0])
    return holds((low[0], high[0]), math.log(1.3))


# --- orders ---


def orders(documents_too: bool, skewed: bool = False) -> Simulate:
    """The mean over all orders, 0; documents' noise for all orders and for each, as large as orders'."""

    def simulate(chance: Chance, n: int) -> bool:
        effects = chance.lognormal(0, 1, n) - math.exp(0.5) if skewed else chance.normal(size=n)
        levels = np.repeat(effects[:, None], 1 + DRAWS, axis=1)
        if documents_too:
            answers = math.sqrt(60) * (chance.normal(size=60) + chance.normal(size=(n, 60)))
            times = np.concatenate([np.ones((1, 60)), draws(np.arange(60), DRAWS)])
            levels = effects[:, None] + answers @ times.T / 60
        name = f"random {chance.integers(10**9)}"
        return holds(interval(over_orders(levels, name)[1:]), 0.0)

    return simulate


def tau_slope(chance: Chance, n: int) -> bool:
    """The slope of R on tau over n orders at each of three starts; true .2."""
    tau = chance.uniform(-0.6, 0.6, (3, n))
    tau = (tau - tau.mean(1, keepdims=True)).ravel()
    level = (chance.normal(0, 0.1, (3, n)) + 0.2 * tau.reshape(3, n)).ravel()
    level = level - level.reshape(3, n).mean(1).repeat(n)
    value, free = float(tau @ level / (tau @ tau)), 3 * n - 4
    rest = level - value * tau
    apart = tau / (tau @ tau) * math.sqrt(rest @ rest / free)
    moved = sampled(apart, f"tau {chance.integers(10**9)}", DRAWS, degrees=free)
    return holds(interval(value + moved), 0.2)


# --- correlations, slopes, contrasts ---


def series(chance: Chance, n: int, likeness: float) -> Array:
    found = chance.normal(size=n)
    found[0] /= math.sqrt(1 - likeness**2)
    for at in range(1, n):
        found[at] += likeness * found[at - 1]
    return found


def unrelated(likeness: float) -> Simulate:
    def simulate(chance: Chance, n: int) -> bool:
        x, y = series(chance, n, likeness), series(chance, n, likeness)
        return rank_correlation(x, y, count=400).p_high <= 0.05

    return simulate


MIDDLES, COUNTS = np.array([3, 5, 7, 9, 11, 13]), np.arange(1, 17)
HEIGHTS = 0.7 - 0.3 * np.abs(np.log(COUNTS / MIDDLES[:, None] ** 0.7))  # (M, k): best near M^.7


def loops_slope(chance: Chance, n: int) -> bool:
    """The slope of the best counts of a population's R, by documents with effects of their own."""
    true = COUNTS[HEIGHTS.argmax(1)]
    logs = np.log(MIDDLES) - np.log(MIDDLES).mean()
    truth = float(logs @ np.log(true) / (logs @ logs))
    answers = HEIGHTS[..., None] + 0.5 * chance.normal(size=(*HEIGHTS.shape, n))
    times = draws(np.arange(n), DRAWS)
    level = answers.mean(-1)
    under = expanded(level[..., None], answers @ times.T / n, n)
    best, drawn = COUNTS[level.argmax(1)], COUNTS[under.argmax(1)].astype(float)
    peaks = [Peak(int(m), int(k), 0.5, own, "") for m, k, own in zip(MIDDLES, best, drawn, strict=True)]
    return holds(interval(slopes(peaks)[1:]), truth)


SHARES = np.linspace(0, 0.6, 12)


def gains(chance: Chance, n: int, *, helps: float = 0.0) -> Array:
    """Gains in u of tuning by share and document, correlated over shares; with random signs where 0."""
    common = chance.normal(0, 0.1, n)
    found = common + chance.normal(0, 0.15, (len(SHARES), n))
    signs = chance.choice([-1, 1], n)
    return found * signs + np.where(SHARES <= 0.3, helps, -helps)[:, None]


def contrasted(chance: Chance, n: int) -> bool:
    found = contrast("mean", gains(chance, n, helps=0.02), np.zeros((len(SHARES), n)), SHARES <= 0.3)
    return holds((found.low, found.high), 0.04)


def contrast_alarm(chance: Chance, n: int) -> bool:
    found = contrast("mean", gains(chance, n), np.zeros((len(SHARES), n)), SHARES <= 0.3)
    return not holds((found.low, found.high), 0.0)


def turn_alarm(chance: Chance, n: int) -> bool:
    return math.isfinite(turning(SHARES, gains(chance, n).mean(1)[:, None])[0])


ALARM: Mapping[str, Any] = {"wanted": 0.05, "most": True}
KINDS = (
    Kind("share of documents, Wilson with t", "accuracy .3", (40, 100, 400), accuracy),
    Kind("score, t", "u, mean .3", (40, 100), unsaturated),
    Kind("difference of scores, paired t", "right or wrong, 14 % of pairs differ", (40, 100), nearly_binary),
    Kind("perplexity, t on the log scale", "gamma log-likelihoods", (40, 100, 400), perplexity),
    Kind("ratio of two perplexities", "gamma log-likelihoods", (40, 100, 400), ratio),
    Kind("R, delta method", "u of LAMBADA's kind", (20, 50, 100), delta),
    Kind("R, bootstrap spread by t", "u of LAMBADA's kind", (20, 50, 100), drawn_retained),
    Kind("mean of a GLUE task's metrics", "accuracy and F1 of .8", (40, 100, 277), task_mean),
    Kind("cosine, percentile-t", "lengths log-normal, sd .3", (12, 20, 50, 100), over_documents(0.3)),
    Kind("cosine, percentile-t", "lengths log-normal, sd 1", (200, 400), over_documents(1.0)),
    Kind(
        "lens, percentile-t", "skewed documents, lengths sd .3", (12, 20, 50, 100), over_documents(0.3, True)
    ),
    Kind("CKA, jackknife", "lengths log-normal, sd .3", (12, 20, 50), jackknife(0.3)),
    Kind("CKA, jackknife", "lengths log-normal, sd 1", (200,), jackknife(1.0)),
    Kind("variance of drift, jackknife of its logarithm", "lengths sd .3", (12, 20, 50, 100), variance),
    Kind("mean over random orders", "normal orders, documents without noise", (3, 5, 10), orders(False)),
    Kind("mean over random orders", "normal orders, documents as noisy", (3,), orders(True), stated=True),
    Kind("mean over random orders", "normal orders, documents as noisy", (5, 10), orders(True)),
    Kind(
        "mean over random orders", "log-normal orders (skewed)", (3, 5, 10), orders(False, True), stated=True
    ),
    Kind("slope of R on tau", "three starts, n orders each", (3, 5, 10), tau_slope),
    Kind("slope of fig. 10", "best count near M^.7", (64, 100, 400), loops_slope, stated=True),
    Kind("contrast of fig. 13", "12 shares, true .04", (40, 100, 400), contrasted),
    Kind(
        "false alarms of fig. 13's contrast", "signs of gains at random", (40, 400), contrast_alarm, **ALARM
    ),
    Kind("'turns' found in fig. 13", "signs at random", (40, 400), turn_alarm, stated=True, **ALARM),
    *(
        Kind("false alarms of rank correlations", f"AR(1) of {r:g}", (26, 30), unrelated(r), **ALARM)
        for r in (0.0, 0.5, 0.8, 0.9)
    ),
)


def table(repetitions: int) -> str:
    """The page, from simulations of all kinds."""
    lines: list[str] = []
    for kind in KINDS:
        for size in kind.sizes:
            share = kind.share(size, repetitions)
            aim = f"at most {kind.wanted:.0%}" if kind.most else f"{kind.wanted:.0%}"
            aim = "stated only" if kind.stated else aim.replace("%", " %")
            least = "yes" if size == kind.sizes[0] else ""
            lines.append(f"| {kind.name} | {kind.population} | {size} | {least} | {share:.3f} | {aim} |")
            print(lines[-1], flush=True)
    head = ("kind", "population", "n", "smallest n", "share", "aim")
    rule = "| " + " | ".join("---" for _ in head) + " |"
    return "\n".join([PAGE.format(repetitions=repetitions), "| " + " | ".join(head) + " |", rule, *lines, ""])


PAGE = """# Coverage of intervals

A 95 % interval is to hold the truth in 95 of 100 data sets. This table says how often it does, for each kind
of interval that reprlab shows. `make coverage` makes it by the product's own functions on simulated data,
with {repetitions:,} repetitions a row. Every kind lies within two points of its aim at the smallest n at
which it is shown and above, or says "stated only". Below that n there is no interval. Its ends are NaN, and
tables print "too few".

n counts documents, or units of documents that belong together. For random orders it counts orders, for rank
correlations layers. Cosines need 12 documents, and 200 where lengths differ much: there the squared sum of
lengths is below .75 n times the sum of their squares. CKA takes more there, too. Plain percentiles of a
bootstrap hold a token-weighted cosine in 75 % at 12 documents of very unequal lengths, and in 90 % at 100.

Rows that are stated only:

- Intervals of three orders hold more than 95 % where documents make orders differ as much as the orders do.
- Best counts of fig. 10 are whole numbers. Percentiles of their slope hold more than 95 %.
- Intervals of orders with skewed effects hold less than 95 %: t assumes means that are normal.
- A "turn" in fig. 13 is found in most data sets without one. It is no test; the contrast is.

Spreads over seeds of training are standard deviations of the seeds that there are. Ranges of sizes of groups
are ranges over resamples. Neither is an interval of a truth, and neither is in this table.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    given.out.write_text(table(given.repetitions), encoding="utf-8")


if __name__ == "__main__":
    main()
