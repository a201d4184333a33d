"""Differences of tuned and frozen scores, and the share at which tuning stops helping."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuned import Whole

import reprlab as rl
from reprlab.cli.finetune import _crossing as crossing_line
from reprlab.errors import ReprlabError
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.training.fine_tuned import FineTuned, turning


def test_the_table_has_both_scores_and_their_difference(whole: Whole, tmp_path: Path) -> None:
    made = whole.made
    frame = made.to_dataframe()
    assert len(frame) == 2 * len(made.frozen.results().metrics)
    for found in frame.itertuples():
        place = made.frozen.row_of(found.schedule)
        one, other = (s.results().items(found.metric)[place, :, 0] for s in (made.frozen, made.tuned))
        assert (found.frozen, found.tuned) == (pytest.approx(one.mean()), pytest.approx(other.mean()))
        assert found.difference == pytest.approx((other - one).mean())
        assert np.isnan([found.low, found.high]).all()  # too few documents
    assert made.save(tmp_path / "a.csv") == [tmp_path / "a.csv"]
    for file, scores in zip(made.save(tmp_path / "a.npz"), (made.frozen, made.tuned), strict=True):
        assert np.array_equal(Scores.load(file).results().values, scores.results().values)
    with pytest.raises(ReprlabError, match=r"saved as \.csv or \.npz, not as 'a.txt'"):
        made.save(tmp_path / "a.txt")


def naive(shares: list[float], gains: list[float]) -> float:
    for (x, a), (y, b) in zip(zip(shares, gains), list(zip(shares, gains))[1:]):  # noqa: B905
        if a > 0 >= b:
            return x + (y - x) * a / (a - b)
    return math.inf if max(gains) > 0 else -math.inf


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-3, 3).map(float), min_size=4, max_size=4), min_size=1, max_size=6))
def test_turning_is_the_first_change_of_sign(draw: list[list[float]]) -> None:
    shares = [0.0, 0.25, 0.25, 1.0]
    found = turning(np.array(shares), np.array(draw).T)
    assert found.tolist() == pytest.approx([naive(shares, gains) for gains in draw])


def planted(
    gains: dict[str, Any], documents: int = 40, spread: float = 0.0, units: int | None = None
) -> FineTuned:
    """Frozen scores of 0.5 and tuned ones that differ by a gain, the same up to noise for every document."""
    chance = np.random.default_rng(0)
    entries = tuple(rl.Entry("full" if t == "0:10" else "custom", rl.Schedule.parse(t)) for t in gains)
    frozen = np.full((len(entries), documents, 1), 0.5)
    tuned = (
        frozen + np.array(list(gains.values()))[:, None, None] + spread * chance.standard_normal(frozen.shape)
    )
    names = tuple(map(str, range(documents)))
    cells = tuple(str(n % (units or documents)) for n in range(documents))
    results = Results(
        *("arc", "arc_challenge", "", "multiple_choice", 0, "paper", "", 0.25, 9),
        columns=(Column("u", "mean", 1, True),),
        ids=names,
        units=cells,
        values=frozen,
        nonfinite=np.zeros(len(entries), np.int64),
    )
    scores = Scores("m", "", "float32", 10, entries, {"arc": results}, {})
    return FineTuned(scores, replace(scores, benchmarks={"arc": replace(results, values=tuned)}), ())


def test_a_planted_turn_is_found_in_any_order_of_entries() -> None:
    gains = {"0:10": 0.1, "0:4 9": -0.3, "0:4 6:10": 0.2, "0:4 8:10": -0.2, "1 0 2:10": -0.9}
    crossing = planted(gains).crossing(count=50)
    assert [round(gain.share, 9) for gain in crossing.differences] == [0, 0.2, 0.4, 0.5]
    assert [gain.value for gain in crossing.differences] == pytest.approx([0.1, 0.2, -0.2, -0.3])
    assert crossing.value == pytest.approx(0.3)  # from 0.2 at 20 % to -0.2 at 40 %
    assert (crossing.low, crossing.high) == (pytest.approx(0.3), pytest.approx(0.3))
    assert (crossing.none, crossing.reason) == (0, "")


def test_ends_outside_the_shares_are_said_to_lie_on_their_side() -> None:
    made = planted({"0:4 6:10": 0.002, "0:4 8:10": -0.002}, spread=0.5)
    crossing = replace(made.crossing(count=50), low=-math.inf, high=math.inf)
    assert "(95 %: before 0.20 to beyond 0.40, " in crossing_line(crossing)


def test_the_interval_is_that_of_paired_draws_of_units() -> None:
    made = planted({"0:10": 0.05, "0:4 6:10": 0.02, "0:4 8:10": -0.05}, spread=0.2, units=20)
    crossing = made.crossing(count=400)
    one, other = (s.results().items("u")[..., 0] for s in (made.frozen, made.tuned))
    units = np.array(made.frozen.results().unit_codes)
    found = []
    for times in draws(units, 400):
        weight = times[units].astype(float)
        gains = ((other - one) * weight).sum(1) / weight.sum()
        found.append(naive([0, 0.2, 0.4], gains.tolist()))
    none = np.isinf(found).mean()
    found.sort()
    assert (crossing.low, crossing.high) == (pytest.approx(found[9]), pytest.approx(found[390]))
    assert crossing.none == pytest.approx(none)
    assert crossing.low < crossing.value < crossing.high
    assert 0 < crossing.none < 1
    gain = bootstrap("mean", (other - one)[..., None], units, np.ones((1, 20)))[:, 0]
    assert [one.value for one in crossing.differences] == pytest.approx(gain.tolist())


@pytest.mark.parametrize(
    ("gains", "end", "says"),
    [
        ((0.0, -0.1), -math.inf, "no turn: the difference of u is positive at no share"),
        ((0.1, 0.2), math.inf, "no turn: the difference of u is positive at 0.40, the last share"),
        ((-0.1, 0.2), math.inf, "no turn: the difference of u is positive at 0.40, the last share"),
    ],
    ids=str,
)
def test_without_a_turn_there_is_no_number_and_a_reason(
    gains: tuple[float, ...], end: float, says: str
) -> None:
    crossing = planted(dict(zip(("0:10", "0:4 8:10"), gains, strict=True))).crossing(count=20)
    assert math.isnan(crossing.value)
    assert (crossing.low, crossing.high, crossing.none, crossing.reason) == (end, end, 1, says)


def test_a_turn_to_exactly_nothing_is_there_where_the_gain_is_gone() -> None:
    assert planted({"0:10": 0.1, "0:4 8:10": 0.0}).crossing(count=9).value == pytest.approx(0.4)


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(ReprlabError, match="unknown metric of benchmark 'arc' 'acc'"):
        planted({"0:10": 0.0}).crossing("acc")
