"""Tasks of a report: a benchmark with a number of documents of its own, swept and taken from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.network.loading import load
from reprlab.reports.gather import gather
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import RunLog

BOTH = ("builtin_pronoun", "builtin_cloze")


def test_a_benchmark_may_have_its_own_number_of_documents_and_the_sheet_says_so(tmp_path: Path) -> None:
    few = ReportSettings(
        BOTH, "builtin", 3, 6, starts=(1,), seeds=1, every=3, own_limits={"builtin_cloze": 2}, controls=False
    )
    log, net, place = RunLog(), load("tiny-llama"), rl.Workspace(cache=tmp_path)
    scores = gather(net, rl.corpus("builtin"), few, place, parts={"scores"}, log=log).scores
    assert scores is not None
    assert {name: len(scores.results(name).ids) for name in BOTH} == dict(zip(BOTH, (6, 2), strict=True))
    assert {one.name: one.used for one in log.sources.values()} == {
        name: {"scores": count} for name, count in zip(BOTH, (6, 2), strict=True)
    }
    assert not np.isnan(scores.results("builtin_cloze").values).any()
    scores.save(tmp_path / "scores.npz")
    kept = rl.Workspace(cache=tmp_path / "none", scores=(tmp_path / "scores.npz",))
    again = gather(net, rl.corpus("builtin"), few, kept, parts={"scores"}).scores
    assert again is not None
    assert not list((tmp_path / "none").rglob("*.sqlite"))
    np.testing.assert_array_equal(
        again.results("builtin_cloze").values, scores.results("builtin_cloze").values
    )


def test_a_number_for_a_benchmark_that_is_not_scored_is_refused_before_anything_runs(tmp_path: Path) -> None:
    other = ReportSettings(BOTH, "builtin", 3, 6, starts=(1,), seeds=1, own_limits={"lambada": 2})
    place = rl.Workspace(cache=tmp_path)
    with pytest.raises(ReprlabError, match="unknown benchmark of --limit 'lambada'"):
        gather(load("tiny-llama"), rl.corpus("builtin"), other, place, parts={"scores"})
    assert not list(tmp_path.rglob("*"))
