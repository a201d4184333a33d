"""The full model is one and guessing nought, and intervals in between hold the truth."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval.api import metrics as harness
from made_items import NAMES, PAIRS, SMOOTH, clustered, seeds, some

from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.statistics.normalised import Guess, guessing, normalised


def test_intervals_of_normalised_scores_hold_the_truth() -> None:
    chance, held = np.random.default_rng(1), 0
    units = np.arange(60).repeat(3)
    for _ in range(2000):
        full = 0.75 + 0.3 * clustered(chance, 60, 3)
        some_loss = 0.5 + 0.7 * (full - 0.75) + 0.2 * clustered(chance, 60, 3)
        found = normalised("mean", some_loss, full, floor=0.25, units=units)
        held += found.low <= 0.5 <= found.high
    assert 0.93 < held / 2000 < 0.97


@pytest.mark.parametrize(
    ("name", "floor"),
    [("mean", -9), ("median", -9), ("nanmean", -9), ("perplexity", 99), *((name, 0) for name in PAIRS)],
)
def test_the_full_model_is_one_and_guessing_nought(name: str, floor: float) -> None:
    full = some(name, 60)
    whole = normalised(name, full, full, floor=floor)
    assert (whole.value, whole.stderr, whole.low, whole.high, whole.reason) == (1, 0, 1, 1, "")
    guess = np.full(60, -math.log(floor) if name == "perplexity" else floor)
    guess = full * [1, 0] if name in PAIRS else guess
    assert normalised(name, guess, full, floor=floor).value == pytest.approx(0, abs=1e-12)


@given(seeds, st.floats(0.1, 10), st.floats(-5, 5))
@settings(deadline=None, max_examples=40)
def test_a_normalised_mean_has_no_unit(seed: int, scale: float, shift: float) -> None:
    score, full = np.add(some("mean", 50, seed=seed, schedules=(2,)), [[0], [4]])
    one = normalised("mean", score, full, floor=-1)
    two = normalised("mean", scale * score + shift, scale * full + shift, floor=shift - scale)
    assert (two.value, two.stderr, two.low) == pytest.approx((one.value, one.stderr, one.low), rel=1e-6)


def test_perplexities_are_normalised_as_log_likelihoods() -> None:
    score, full = some("perplexity", 80, schedules=(2,))
    found = normalised("perplexity", score * 2, full, floor=500)
    assert found == normalised("mean", score * 2, full, floor=-math.log(500))
    ratio = math.log(500 / aggregate("perplexity", score * 2)) / math.log(500 / aggregate("perplexity", full))
    assert found.value == pytest.approx(ratio)
    score, full = some("bits_per_byte", 80, schedules=(2,))
    bits, words = (
        normalised(n, score, full, floor=f) for n, f in [("bits_per_byte", 8), ("weighted_perplexity", 256)]
    )
    assert (bits.value, bits.stderr, bits.low) == pytest.approx((words.value, words.stderr, words.low))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "median"])
def test_a_normalised_error_is_that_of_paired_draws(name: str) -> None:
    score, full = some(name, 400, seed=6, schedules=(2,))
    floors = {"mean": -8, "nanmean": -8, "bits_per_byte": 12, **dict.fromkeys(PAIRS, 0.1)}
    units, floor = np.arange(400) // 2, floors.get(name, 3000)
    how, counts = AGGREGATIONS[name], draws(units, 20_000 if name in SMOOTH else 4000)
    guess = how.unlink(np.array(floor, np.float64))
    top, bottom = (how.unlink(bootstrap(name, x, units, counts)) - guess for x in (score, full))
    found = normalised(name, score, full, floor=floor, units=units)
    near = 0.03 if name in SMOOTH else 0.08  # of its own 1,000 draws
    assert found.stderr == pytest.approx((top / bottom).std(ddof=1), rel=near)


def test_at_guessing_there_is_no_normalised_score() -> None:
    full = np.arange(100) % 13 < 3  # 24 of 100
    found = normalised("mean", full, full, floor=0.25)
    assert all(map(math.isnan, (found.value, found.stderr, found.low, found.high)))
    error = harness.mean_stderr(full.tolist())
    scored = f"the full model scores {full.mean():.3f} +- {error:.3f}, which is"
    assert found.reason == f"{scored} not above chance (0.250)"
    near = normalised("mean", full, full, floor=0.2).reason
    margin = (full.mean() - 0.2) / error
    assert near == f"{scored} {margin:.1f} standard errors above chance (0.200); 5 are needed"
    assert normalised("mean", full, full, floor=0.1, guess_margin=2).value == 1
    assert "5 are needed" in normalised("mean", full, full, floor=0.1).reason
    worse = normalised("perplexity", [-9.0, -9.1, -9.2], [-9.0, -9.1, -9.2], floor=1000)
    assert worse.reason == ("the full model scores 8955.293 +- 517.034, which is not above chance (1000.000)")


def test_scores_that_are_not_finite_have_a_reason() -> None:
    full = np.full(20, -1.0) + np.arange(20) % 2
    for name, floor in [("mean", -math.log(300)), ("perplexity", 300)]:
        lost = normalised(name, np.where(np.arange(20) == 3, -math.inf, full), full, floor=floor)
        assert lost.value == -math.inf
        assert lost.reason == "the score is -inf: some document was given probability 0"
        assert math.isnan(lost.stderr)
        gone = normalised(name, np.where(np.arange(20) == 3, math.nan, full), full, floor=floor)
        assert math.isnan(gone.value)
        assert gone.reason == "the score is nan: some document has no number"
        for bad in (math.nan, -math.inf):
            none = normalised(name, full, np.where(np.arange(20) == 3, bad, full), floor=floor)
            assert math.isnan(none.value)
            assert none.reason.startswith("the full model scores")
    huge = normalised("perplexity", full - 5000, full, floor=300)  # past the range only after the link
    assert math.isfinite(huge.value)
    assert math.isfinite(huge.stderr)


@given(
    st.lists(st.integers(2, 6).flatmap(lambda k: st.tuples(st.integers(0, k - 1), st.just(k))), min_size=1)
)
def test_guessing_counts(documents: list[tuple[int, int]]) -> None:
    golds, choices = zip(*documents, strict=True)
    found = guessing([[gold] for gold in golds], choices)
    assert found.uniform == pytest.approx(sum(1 / k for k in choices) / len(choices))
    assert found.majority == max(golds.count(g) for g in golds) / len(golds)
    order = random.Random(0).sample(documents, len(documents))
    assert guessing([[gold] for gold, _ in order], [k for _, k in order]) == found
    both = guessing([{gold, k - 1} for gold, k in documents], choices)
    assert both.uniform >= found.uniform


def test_guess() -> None:
    assert guessing([[n % 4] for n in range(100)], [4] * 100) == Guess(0.25, 0.25)
    assert guessing([[n, (n + 1) % 4] for n in range(4)], [4] * 4) == Guess(0.5, 0.5)


def test_a_floor_a_document_that_is_constant_is_one_number() -> None:
    rng = np.random.default_rng(1)
    full, score, units = rng.uniform(0.4, 1, 80), rng.uniform(0, 1, 80), np.arange(80) // 2
    for name, one, items in (("mean", 0.25, 0.25), ("perplexity", 500.0, -math.log(500))):
        x, y = (score, full) if name == "mean" else (score * 2 - 3, full * 2 - 3)
        by_number = normalised(name, x, y, floor=one, units=units)
        by_items = normalised(name, x, y, floor=np.full(80, items), units=units)
        for part in ("value", "stderr", "low", "high"):
            assert getattr(by_items, part) == pytest.approx(getattr(by_number, part)), (name, part)


def test_the_error_of_r_is_that_of_draws_of_the_floor_too() -> None:
    rng = np.random.default_rng(2)
    hard = rng.normal(0, 0.2, 300)
    floor = 0.2 + hard + rng.normal(0, 0.1, 300)  # easy documents are easy without a model, too
    full, score = 0.8 + hard + rng.normal(0, 0.1, 300), 0.5 + hard + rng.normal(0, 0.1, 300)
    found = normalised("mean", score, full, floor=floor)
    counts = rng.multinomial(300, [1 / 300] * 300, size=20_000)
    low = counts @ floor
    drawn = (counts @ score - low) / (counts @ full - low)
    assert found.stderr == pytest.approx(drawn.std(), rel=0.05)
    fixed = normalised("mean", score, full, floor=float(floor.mean()))
    assert found.value == pytest.approx(fixed.value)
    assert abs(found.stderr / fixed.stderr - 1) > 0.1


def test_a_floor_of_other_documents_or_of_a_median_is_refused() -> None:
    x = np.arange(9.0)
    for name, size in (("mean", 8), ("median", 9)):
        with pytest.raises(ReprlabError, match=r"one for each document of a mean \(9 documents\)"):
            normalised(name, x, x, floor=np.zeros(size))
