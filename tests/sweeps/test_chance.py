"""Benchmarks on which the full model is at chance leave the grid; the others give the same."""

from pathlib import Path

import numpy as np
import pytest

import reprlab as rl
from reprlab.network.network import Network
from reprlab.sweeps import chance

SCHEDULES = ["0:2 3:6", "0:6", "0 1 4 5"]
BENCHMARKS = ["builtin_pronoun", "builtin_cloze"]


def test_what_is_at_chance_runs_the_full_model_only(
    tiny: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chance, "_undecided", lambda results: results.name == "builtin_pronoun")
    said: list[str] = []
    kept = rl.sweep(tiny, SCHEDULES, BENCHMARKS, limit=6, cache=tmp_path / "a")
    left = rl.sweep(
        tiny, SCHEDULES, BENCHMARKS, limit=6, cache=tmp_path / "b", keep_all=False, say=said.append
    )
    assert left.entries == kept.entries
    assert list(left.benchmarks) == BENCHMARKS
    one, other = kept.results("builtin_cloze"), left.results("builtin_cloze")
    assert np.array_equal(one.values, other.values)
    one, other = kept.results("builtin_pronoun"), left.results("builtin_pronoun")
    full = [str(entry.schedule) == "0:6" for entry in left.entries]
    assert np.array_equal(one.values[full], other.values[full])
    assert np.isnan(other.values[np.logical_not(full)]).all()
    assert any("builtin_pronoun leaves the grid" in line and "--keep-all" in line for line in said)


def test_the_rule_is_that_of_r(tiny: Network, tmp_path: Path) -> None:
    scores = rl.sweep(tiny, ["0:2 3:6"], BENCHMARKS, limit=6, cache=tmp_path)
    for name in BENCHMARKS:
        undecided = all(name in scores.undecided(metric) for metric in ("u", "acc"))
        assert chance._undecided(scores.results(name)) == undecided


def test_the_full_model_alone_loses_nothing(tiny: Network, tmp_path: Path) -> None:
    scores = rl.sweep(tiny, [], BENCHMARKS[:1], limit=4, cache=tmp_path, keep_all=False)
    assert not np.isnan(scores.results("builtin_pronoun").values).any()
