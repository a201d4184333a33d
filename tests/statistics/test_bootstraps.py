"""Draws are draws of units, and a bootstrap is the loop over draws."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from lm_eval.api import metrics as harness
from made_items import NAMES, SMOOTH, naive, some

from reprlab.statistics import aggregations
from reprlab.statistics.aggregations import aggregate
from reprlab.statistics.bootstraps import bootstrap, draws, pooled, seeds_spread
from reprlab.statistics.intervals import standard_error


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SMOOTH])
def test_draws_are_walked_through_in_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items, counts = some(name, 400), draws(np.arange(400), 4000)
    monkeypatch.setattr(aggregations, "BLOCK", 1 << 17)
    tracemalloc.start()
    bootstrap(name, items, None, counts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * 8 * (1 << 17)  # bytes: 1.3 MB, where all draws at once are 12.8


@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_is_the_loop_over_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items, units = some(name, 24, seed=3), np.arange(24) % 9
    counts = draws(units, 101)
    looped = [naive(name, items.repeat(times[units], 0)) for times in counts]
    np.testing.assert_allclose(bootstrap(name, items, units, counts), looped, rtol=1e-12)
    weighted = [float(aggregate(name, items, times[units])) for times in counts]
    np.testing.assert_allclose(weighted, looped, rtol=1e-12)
    monkeypatch.setattr(aggregations, "BLOCK", 50)  # a few draws at a time
    np.testing.assert_allclose(bootstrap(name, items, units, counts), looped, rtol=1e-12)
    assert (draws(units, 101) == counts).all()


@pytest.mark.parametrize("odd", [-math.inf, math.nan])
@pytest.mark.parametrize("name", NAMES)
def test_a_draw_without_the_odd_document_is_finite(name: str, odd: float) -> None:
    items = some(name, 12)
    items.reshape(12, -1)[4, 0] = odd
    counts = draws(np.arange(12), 200)
    found = bootstrap(name, items, None, counts)
    free = counts[:, 4] == 0
    np.testing.assert_allclose(found[free], bootstrap(name, items, None, counts[free]))
    assert np.isfinite(found[free]).all()
    assert free.any()
    if name not in ("nanmean", "median", "spearman") or (math.isnan(odd) and name != "nanmean"):
        assert not np.isfinite(found[~free]).any()
    np.testing.assert_allclose(found[:3], [float(aggregate(name, items, times)) for times in counts[:3]])


def test_draws_are_draws_of_units() -> None:
    counts = draws(["b", "a", "b", "c"], 4000, seed=5)
    assert counts.shape == (4000, 3)
    assert (counts.sum(1) == 3).all()
    assert (counts[:100] == draws([1, 2, 3], 100, seed=5)).all()
    assert not (counts == draws([1, 2, 3], 4000, seed=6)).all()
    assert counts.mean(0) == pytest.approx([1, 1, 1], abs=0.05)
    assert counts.var(0) == pytest.approx([2 / 3] * 3, abs=0.05)


def test_seeds_apart_from_documents() -> None:
    items = some("mean", 40, schedules=(5,))[..., None]
    mean, spread = seeds_spread(aggregate("mean", items))
    assert mean == pytest.approx(aggregate("mean", pooled(items)))
    assert spread == pytest.approx(np.std(items.mean((1, 2)), ddof=1))
    assert pooled(items).shape == (40, 1)
    assert standard_error("mean", pooled(items)) == pytest.approx(
        harness.mean_stderr(items.mean(0)[:, 0].tolist())
    )
    assert math.isnan(seeds_spread([0.3])[1])
    assert all(map(math.isnan, seeds_spread([])))
    logs = np.log([float(aggregate("perplexity", seed)) for seed in items])
    assert aggregate("perplexity", pooled(items)) == pytest.approx(math.exp(logs.mean()))
