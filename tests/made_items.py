"""Items as a benchmark would give them, and naive scores of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from lm_eval.api import metrics as harness
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import f1_score, matthews_corrcoef

from reprlab.statistics.aggregations import AGGREGATIONS

Array = NDArray[np.float64]
NAMES = list(AGGREGATIONS)
SMOOTH = [name for name in NAMES if AGGREGATIONS[name].terms]
CORRELATIONS = ["mcc", "pearson", "spearman"]
CLASSES = ["f1", "mcc"]
PAIRS = [*CLASSES, "pearson", "spearman"]  # of (gold, predicted)
seeds = st.integers(0, 2**31)


def some(name: str, n: int, *, seed: int = 0, schedules: tuple[int, ...] = ()) -> Array:
    """Items as a benchmark would give them: log-likelihoods, and the size of each document."""
    chance = np.random.default_rng(seed)
    if name in PAIRS:
        noise = chance.normal(size=(*schedules, n))
        gold = chance.integers(0, 11, n) / 2  # as of STS-B, with ties
        gold[:2] += 3  # of class 1, which f1 sees
        pairs = np.stack([np.broadcast_to(gold, noise.shape), (gold + noise).round(1)], -1)
        return np.where(name in CLASSES, pairs > 2, pairs).astype(np.float64)
    scores = -chance.gamma(2, 0.5, (*schedules, n))
    if AGGREGATIONS[name].columns == 1:
        return scores
    size = np.broadcast_to(chance.integers(5, 60, n), scores.shape)
    return np.stack([scores * size, size.astype(np.float64)], -1)


def naive(name: str, items: Array) -> float:
    """lm-evaluation-harness's own function, or scikit-learn's or scipy's; 0 of a constant column."""
    if name not in PAIRS:
        return float(getattr(harness, name)(items.tolist()))
    gold, predicted = items.T
    if not len(items):
        return math.nan
    if name == "f1":
        return float(f1_score(gold, predicted, zero_division=0))  # pyright: ignore[reportArgumentType]
    if not np.ptp(gold) or not np.ptp(predicted):
        return 0.0
    if name == "mcc":
        return float(matthews_corrcoef(gold, predicted))
    found: Any = pearsonr(gold, predicted) if name == "pearson" else spearmanr(gold, predicted)
    return float(found.statistic)


def clustered(chance: np.random.Generator, units: int, size: int, share: float = 0.5) -> Array:
    """Noise (units * size,) of variance 1 of which `share` is common to a unit."""
    common = chance.normal(size=units).repeat(size)
    return math.sqrt(share) * common + math.sqrt(1 - share) * chance.normal(size=units * size)
