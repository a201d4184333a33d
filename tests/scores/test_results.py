"""One benchmark's numbers: which belong to a metric, and what guessing gives."""

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from reprlab.errors import ReprlabError
from reprlab.scores.baselines import Baselines
from reprlab.scores.results import Column, Results
from reprlab.statistics.aggregations import aggregate
from reprlab.statistics.floors import SPLITS, floor_of

ACC, PERPLEXITY = Column("acc", "mean", 1, True), Column("perplexity", "perplexity", 1, False)
BITS = Column("bits_per_byte", "bits_per_byte", 2, False)


def made(*columns: Column, **changes: Any) -> Results:
    width = sum(column.size for column in columns)
    given: dict[str, Any] = {
        **{"name": "own", "task": "own", "kind": "semantic", "output": "multiple_choice", "shots": 0},
        **{"preset": "paper", "definition": "abc", "floor": 0.25, "vocabulary": 1000, "columns": columns},
        **{"ids": ("a", "b", "c"), "units": ("1", "0", "1"), "nonfinite": np.zeros(2, dtype=int)},
        "values": np.arange(2 * 3 * width, dtype=float).reshape(2, 3, width),
    }
    return Results(**{**given, **changes})


def test_a_metric_of_two_numbers_keeps_those_behind_it_in_place() -> None:
    results = made(BITS, ACC)
    np.testing.assert_array_equal(results.items("bits_per_byte"), results.values[..., :2])
    np.testing.assert_array_equal(results.items("acc"), results.values[..., 2:])


def test_divergence_is_two_more_metrics() -> None:
    apart = np.stack([np.full((2, 3), 0.5), np.full((2, 3), 0.25)], axis=-1)
    results = made(ACC, divergence=apart)
    assert results.metrics == ("acc", "kl", "agreement")
    assert (results.items("kl") == 0.5).all()
    assert (results.items("agreement") == 0.25).all()
    assert not results.column("kl").higher_is_better
    assert results.column("agreement").higher_is_better


def test_units_become_numbers_that_are_equal_where_they_are() -> None:
    first, second, third = made(ACC).unit_codes
    assert first == third != second


def test_what_guessing_gives() -> None:
    results = made(ACC, PERPLEXITY)
    found = [results.guess(n) for n in ("acc", "u", "perplexity", "exact_match,strict-match", "u_setup")]
    assert found == [0.25, 0.25, 1000, 0, 0]
    assert math.isnan(results.guess("nll_all"))


def test_what_is_shown_by_default() -> None:
    assert made(ACC, Column("u", "mean", 1, True)).default == "u"
    assert made(Column("exact_match,strict-match", "mean", 1, True)).default == "exact_match,strict-match"


def test_an_unknown_metric_says_what_there_is() -> None:
    with pytest.raises(ReprlabError, match="unknown metric of benchmark 'own' 'ac': did you mean 'acc'"):
        made(ACC).items("ac")


@pytest.mark.parametrize("gold", [[1, 1, 0], [1, 0, 0], [1, 1, 1], [0, 0, 0]])
def test_guessing_f1_is_always_the_majority_s_class(gold: list[int]) -> None:
    values = np.zeros((2, 3, 2))
    values[..., 0] = gold
    always = [float(sum(gold) > 1)] * 3
    found = made(Column("f1", "f1", 2, True), values=values).guess("f1")
    assert found == pytest.approx(f1_score(gold, always, zero_division=0))


def test_guessing_correlates_with_nothing() -> None:
    assert [made(Column(m, m, 2, True)).guess(m) for m in ("mcc", "pearson", "spearman")] == [0, 0, 0]
    assert math.isnan(made(Column("f1", "mean", 1, True)).guess("f1"))


def measured(units: int = 40) -> tuple[Results, np.ndarray]:
    """Results of two metrics with three baselines, and these as given: (baseline, document, number)."""
    rng = np.random.default_rng(5)
    columns = (ACC, PERPLEXITY, Column("nll_all", "mean", 1, False))
    table = rng.uniform(size=(3, units, 3)) * [1, -9, 1]
    table[1, :, 0] += 0.4  # best by accuracy
    table[2, :, 1] /= 3  # best by perplexity
    table[..., 2] = np.nan
    names = ("uniform", "good at one", "good at the other")
    ids = tuple(map(str, range(units)))
    given = {name: np.repeat(values[None], SPLITS, 0) for name, values in zip(names, table, strict=True)}
    found = Baselines.of(given, given, ids)
    values = rng.uniform(size=(2, units, 3))
    return made(*columns, ids=ids, units=ids, values=values, measured=found), table


def test_each_metric_has_the_floor_of_its_own_baselines() -> None:
    results, table = measured()
    assert results.guess("acc") == pytest.approx(floor_of(table[..., 0], results.units).value)
    assert results.guess("perplexity") == pytest.approx(math.exp(-table[2, :, 1].mean()))
    assert results.floor_baseline("acc") == "good at one"
    assert results.floor_baseline("perplexity") == "good at the other"
    expected = {
        name: values.mean() for name, values in zip(results.baselines("acc"), table[..., 0], strict=True)
    }
    assert results.baselines("acc") == pytest.approx(expected)
    assert results.baselines("perplexity")["uniform"] == pytest.approx(math.exp(-table[0, :, 1].mean()))


def test_the_mean_of_the_floors_items_is_the_floor_under_any_weights() -> None:
    results, table = measured()
    for metric in ("acc", "perplexity"):
        items = results.floor_items(metric)
        assert items.shape == (40,)
        assert aggregate(results.column(metric).aggregation, items) == pytest.approx(results.guess(metric))
    assert results.floor_items("perplexity") == pytest.approx(table[2, :, 1])


def test_a_metric_without_baselines_keeps_the_floor_that_it_had() -> None:
    results, _ = measured()
    assert math.isnan(results.guess("nll_all"))
    assert (results.baselines("nll_all"), results.floor_baseline("nll_all")) == ({}, "")
    plain = made(ACC, PERPLEXITY)
    assert (plain.baselines("acc"), plain.floor_baseline("acc")) == ({}, "")
    assert plain.floor_items("acc").tolist() == [0.25] * 3
    assert plain.floor_items("perplexity") == pytest.approx([-math.log(1000)] * 3)
    assert (plain.drawn_floor("acc"), plain.drawn_floor("perplexity")) == (0.25, 1000)


def test_the_first_documents_keep_their_baselines() -> None:
    results, _ = measured()
    assert results.measured is not None
    fewer = results.measured.first(7)
    assert (fewer.values.shape, fewer.floor.shape, fewer.chosen.shape) == ((3, 7, 3), (7, 3), (3, 3))
    assert repr(fewer) == "<Baselines: uniform, good at one, good at the other; 7 documents>"
