"""Baselines of choices against naive ones, and the bias of the floor that they make."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from reprlab.benchmarks.choice_baselines import (
    ENDING_SCORES,
    ScoredEndings,
    forecast,
    majority_share,
    picked,
    sharpness,
)
from reprlab.benchmarks.measured import folds
from reprlab.statistics.floors import SPLITS, floor_of, halves, quarters

ENDINGS = ["the cook eats figs", "figs", "it rains", "a cook"]


def test_what_each_baseline_chooses() -> None:
    chosen = {
        name: np.flatnonzero((scores := score("The cook dried some figs.", ENDINGS)) == scores.max()).tolist()
        for name, score in ENDING_SCORES.items()
    }
    assert chosen == {
        "uniform": [0, 1, 2, 3],
        "shortest ending": [1],
        "longest ending": [0],
        "most words of the context": [0],
    }


def test_equal_scores_are_chosen_by_lot_and_several_may_be_right() -> None:
    scores = [np.array([1.0, 1.0, 0.0]), np.array([0.0, 2.0]), np.array([3.0, 3.0, 3.0])]
    assert picked(scores, [[1], [0], [0, 2]]) == pytest.approx([1 / 2, 0, 2 / 3])


def some(seed: int, count: int, pull: float) -> tuple[list[np.ndarray], list[list[int]]]:
    """Scores of 2 to 4 choices, the right one drawn by softmax(pull x score)."""
    rng = np.random.default_rng(seed)
    scores = [rng.normal(size=rng.integers(2, 5)) for _ in range(count)]
    chances = [np.exp(pull * row) / np.exp(pull * row).sum() for row in scores]
    return scores, [[int(rng.choice(len(row), p=row))] for row in chances]


def naive(scores: list[np.ndarray], golds: list[list[int]], b: float) -> list[float]:
    return [float(np.exp(b * s)[g].sum() / np.exp(b * s).sum()) for s, g in zip(scores, golds, strict=True)]


def test_sharpness_is_the_likeliest() -> None:
    scores, golds = some(3, 300, 1.5)
    golds[:20] = [[0, 1]] * 20
    best = minimize_scalar(lambda b: -np.log(naive(scores, golds, b)).sum(), bounds=(0, 20), method="bounded")
    assert sharpness(ScoredEndings.of(scores, golds)) == pytest.approx(best.x, abs=1e-4)
    assert best.x > 0.5


def test_a_score_that_points_away_from_the_right_choice_is_not_used() -> None:
    scores, golds = some(4, 300, -1.0)
    assert sharpness(ScoredEndings.of(scores, golds)) == 0
    uniform = [1 / len(row) for row in scores]
    assert forecast(scores, golds, folds(halves(range(300)))) == pytest.approx(uniform)


def test_always_right_is_as_sharp_as_may_be() -> None:
    assert sharpness(ScoredEndings.of([np.array([1.0, 0.0])] * 3, [[0]] * 3)) == 1000


def test_no_document_has_a_say_in_its_own_forecast() -> None:
    scores, golds = some(5, 60, 1.0)
    second = halves(range(60))
    found = forecast(scores, golds, folds(second))
    for half in (False, True):
        there, others = np.flatnonzero(second == half), np.flatnonzero(second != half)
        b = sharpness(ScoredEndings.of([scores[i] for i in others], [golds[i] for i in others]))
        expected = naive([scores[i] for i in there], [golds[i] for i in there], b)
        assert found[there] == pytest.approx(expected)


def test_majority_share_is_the_mean_of_its_forecast() -> None:
    p, k = 0.4, 4
    forecasts = [p, *[(1 - p) / (k - 1)] * (k - 1)]  # the places' shares among documents, too
    assert majority_share(p, k) == pytest.approx(sum(one * one for one in forecasts))


@pytest.mark.parametrize("rows", [40, 100, 500])
@pytest.mark.parametrize("choices", [2, 4])
def test_the_floor_of_u_is_not_biased_where_nothing_predicts(rows: int, choices: int) -> None:
    rng = np.random.default_rng(rows + choices)
    units, floors, leaking = range(rows), list[float](), list[float]()
    for _ in range(12_000 // rows if rows < 500 else 12):
        golds = [[gold] for gold in rng.integers(choices, size=rows).tolist()]
        tables = [list(rng.normal(size=(rows, choices))) for _ in range(3)]
        values, choosing = [], []
        for split in range(SPLITS):
            second, quarter = halves(units, split), quarters(units, split)
            within = [*folds(quarter, second), *folds(quarter, ~second)]
            for made, of in ((values, folds(second)), (choosing, within)):
                made.append([np.full(rows, 1 / choices), *(forecast(scores, golds, of) for scores in tables)])
        floors.append(floor_of(values, units, choosing).value)
        leaking.append(floor_of(values, units).value)  # chosen by forecasts that the half itself made sharp
    assert abs(np.mean(floors) - 1 / choices) < 0.005
    assert rows > 40 or np.mean(leaking) - 1 / choices > 0.005
