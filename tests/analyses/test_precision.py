"""Precision: paired changes between two number formats, and whether a benchmark can show them."""

import json
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

import reprlab as rl
from reprlab.reports.analyses import analysis
from reprlab.reports.number_files import rounded
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores

LAYERS, DOCUMENTS = 6, 40
PRECISION = analysis("precision").module
CHANGE = (0.0, 0.01, -0.02)  # by schedule, in the coarse format


def made(floor: float) -> rl.Evidence:
    """The full model and two skips; documents differ far more than formats do."""
    entries = [rl.Entry("full", rl.Schedule.full(LAYERS))]
    entries += [rl.Entry("skip", rl.Schedule.paper("skip", layers=LAYERS, start=s), start=s) for s in (0, 1)]
    rng = np.random.default_rng(0)
    base = np.array([0.6, 0.3, 0.5])[:, None] + rng.normal(0, 0.2, DOCUMENTS)
    found = {
        "float32": base,
        "bfloat16": base + np.array(CHANGE)[:, None] + np.tile([-0.001, 0.001], DOCUMENTS // 2),
    }
    ids = tuple(map(str, range(DOCUMENTS)))
    about = ("lambada", "lambada", "", "loglikelihood", 0, "paper", "d", floor, 100)
    scores = {
        dtype: Scores(
            *("mine", "", dtype, LAYERS, tuple(entries)),
            {
                "lambada": Results(
                    *about, (Column("u", "mean", 1, True),), ids, ids, u[..., None], np.zeros(3, int)
                )
            },
            {},
        )
        for dtype, u in found.items()
    }
    return rl.Evidence("mine", "", LAYERS, scores["bfloat16"], precise=scores["float32"])


def numbers(floor: float = 0.0) -> dict[str, Any]:
    return json.loads(json.dumps(rounded(PRECISION.numbers(made(floor)))))


def words(figure: Any) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text)).replace("\n", " ")


def test_changes_are_paired_and_far_narrower_than_documents() -> None:
    for row, planted in zip(numbers()["rows"], CHANGE, strict=True):
        assert row["value"] == pytest.approx(planted, abs=1e-6)
        assert row["low"] < row["value"] < row["high"]
        assert row["high"] - row["low"] < 0.001  # documents alone have 0.13
        assert row["other"] - row["float32"] == pytest.approx(planted, abs=1e-5)
    said = PRECISION.reading(numbers())
    assert "by at most -0.020 [-0.020, -0.020], and 2 of 3 surely" in said
    assert "schedules differ by up to 0.300" in said


def test_the_picture_has_the_differences_around_the_line_of_none() -> None:
    (ax,) = PRECISION.draw(numbers()).axes
    shown = sorted(value for bars in ax.containers for value in bars.lines[0].get_ydata())
    assert shown == pytest.approx(sorted(CHANGE), abs=1e-6)
    assert 0 in [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]


def test_a_benchmark_at_the_baseline_tests_little_and_both_say_so() -> None:
    assert numbers(0.0)["clear"]
    assert not numbers(0.58)["clear"]
    assert "tests little" not in PRECISION.reading(numbers(0.0))
    assert "so this tests little" in PRECISION.reading(numbers(0.58))
    assert "no benchmark to test this on" in words(PRECISION.draw(numbers(0.58)))
    assert "no benchmark to test this on" not in words(PRECISION.draw(numbers(0.0)))
