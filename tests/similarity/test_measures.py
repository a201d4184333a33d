"""Which measure is computed how, and what it says of its cost."""

import numpy as np
import psutil
import pytest

from reprlab.captures.activations import activations
from reprlab.errors import ReprlabError
from reprlab.similarity.measure import MEASURES
from reprlab.similarity.measures import MeasureOptions
from reprlab.similarity.pairs import pair
from reprlab.similarity.policy import Policy

STATES = np.random.default_rng(0).normal(size=(4, 60, 6))


def work(said: list[str], memory: int = 1 << 30) -> MeasureOptions:
    settings = {"bandwidth": 1.0, "k": 5.0, "components": 2.0}
    return MeasureOptions(settings, memory, "cpu", lambda done, total: None, said.append)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_gives_a_matrix_and_its_resampled_ones(measure: str) -> None:
    taken = pair(activations(STATES, offsets=[0, 20, 40, 60]), None, Policy(), MEASURES[measure])
    values, resampled = MEASURES[measure].compute(taken, work([]))
    assert values.shape == (4, 4)
    assert (resampled is None) == (measure == "procrustes")
    if resampled is not None:
        assert resampled.kind == ("jackknife" if "cka" in measure else "bootstrap")
        assert resampled.matrices.shape[1:] == (4, 4)
        assert np.isfinite(resampled.matrices).all()


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("rbf-cka", "rbf-cka reads the states 2.5 times within 7.45e-06 GiB of memory; --memory sets that"),
        ("knn", "knn reads the states 3 times within 7.45e-06 GiB of memory; --memory sets that"),
        ("procrustes", "procrustes: 6 singular value decompositions"),
    ],
)
def test_what_it_costs_is_said_first(measure: str, said: str) -> None:
    lines: list[str] = []
    taken = pair(activations(STATES, offsets=[0, 20, 40, 60]), None, Policy(), MEASURES[measure])
    MEASURES[measure].compute(taken, work(lines, memory=8000))
    assert lines == [said]


def test_procrustes_refuses_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 10_000

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    taken = pair(activations(STATES), None, Policy(), MEASURES["procrustes"])
    with pytest.raises(ReprlabError, match=r"needs 0\.0 GB of memory.*take about 72% of the --documents"):
        MEASURES["procrustes"].compute(taken, work([]))
