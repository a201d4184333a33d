"""Runs are kept, go on after a stop to the same bits, and answer in the frozen model's batches."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import network
from tuned import RECIPE, SKIP, T, Whole, rows_of, same, tune

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.sweeps.batch import answers
from reprlab.training import runs
from reprlab.training.fine_tuned import FineTuned
from reprlab.training.recipe import Recipe, micro_batch_of
from reprlab.training.trainer import Fitted


def test_rows_in_memory_together_divide_a_batch(data: Path, tmp_path: Path) -> None:
    for asked in (0, -2, 3, 8):
        with pytest.raises(ReprlabError, match=f"--micro-batch {asked}: give a divisor of --batch 4"):
            tune(data, tmp_path, micro_batch=asked)
    sizes = [micro_batch_of(Recipe(batch=batch), None) for batch in (64, 20, 7, 11, 1)]
    assert sizes == [8, 5, 7, 1, 1]


def test_too_little_memory_is_said_before_it_is_taken(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(runs, "free_memory", lambda _: 1e5)
    tune(data, tmp_path, [], micro_batch=2, say=said.append)
    tune(data, tmp_path, [], micro_batch=2, say=said.append)  # nothing is left to run: no warning
    found = "\n".join(said)
    assert "in addition to the model, with 2 rows at a time" in found
    assert found.count("warning: 0.0 GB are free: a smaller --micro-batch takes less") == 1


def test_training_that_changes_nothing_scores_as_the_frozen_model_bit_for_bit(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = network("tiny-llama")
    rl.sweep(net, ["0:1 5"], ["arc"], data_dir=data, limit=2, batch_tokens=99, sample=None, cache=tmp_path)
    rl.sweep(
        net, ["0:1 5"], ["arc"], data_dir=data, limit=5, sample=None, cache=tmp_path
    )  # documents 2, 3, 4 together
    monkeypatch.setattr(runs, "fit", lambda *_, **__: Fitted((), None))
    asked: list[Any] = []

    def heard(net: Network, documents: Any, *rest: Any, **options: Any) -> Any:
        asked.append(list(documents))
        return answers(net, documents, *rest, **options)

    monkeypatch.setattr("reprlab.sweeps.job.answers", heard)
    made = tune(
        data, tmp_path, [SKIP, "1 0 [2:5] 5*2"], limit=3, sample=None
    )  # the third shares its batch with others
    assert made.frozen.results().values.shape[:2] == (3, 3)
    assert np.array_equal(made.frozen.results().values, made.tuned.results().values)
    assert made.frozen.results().ids == made.tuned.results().ids == ("n0", "n1", "n2")
    assert [len(batch) for batch in asked[:3]] == [1, 1, 3]
    assert asked[3:] == 3 * asked[:3], "the tuned models answer in the frozen one's batches"


def test_runs_that_diverge_count_as_wrong_and_do_not_crash(data: Path, tmp_path: Path) -> None:
    made = tune(data, tmp_path, recipe=Recipe(1, 4, 1e30, 1), limit=2)
    assert made.tuned.results().nonfinite.tolist() == [2, 2]
    assert made.frozen.results().nonfinite.tolist() == [0, 0]
    assert (made.tuned.results().values == 0).all()
    assert any(math.isnan(point["loss"]) or math.isinf(point["loss"]) for point in made.curves)
    assert same_but_nan(made, tune(data, tmp_path, recipe=Recipe(1, 4, 1e30, 1), limit=2))


def same_but_nan(one: FineTuned, other: FineTuned) -> bool:
    return str(one.curves) == str(other.curves) and np.array_equal(
        one.tuned.results().values, other.tuned.results().values
    )


class Stop(Exception):
    pass


def test_a_call_stopped_in_the_middle_goes_on_to_the_same_bits(
    whole: Whole, data: Path, tmp_path: Path, fits: list[Any]
) -> None:
    def stop(done: float, total: float) -> None:
        if done > 0.7 * total:
            raise Stop

    with pytest.raises(Stop):
        tune(data, tmp_path, progress=stop)
    assert len(fits) == 2, "the second run is the one that was stopped"
    fits.clear()
    assert same(tune(data, tmp_path), whole.made)
    assert len(fits) == 1


def test_what_is_there_is_not_trained_again_and_anything_else_is(
    whole: Whole, data: Path, fits: list[Any], tmp_path: Path
) -> None:
    said: list[str] = []
    again = tune(data, whole.cache, checkpoints=tmp_path / "none", say=said.append)
    assert same(again, whole.made)
    assert (len(fits), (tmp_path / "none").exists()) == (0, False)
    assert "2 runs, 2 of them there already" in "\n".join(said)
    assert "note: finished runs write no checkpoint" in "\n".join(said)
    for change in ({"limit": 4}, {"train_limit": 9}, {"recipe": replace(RECIPE, seed=8)}, {"micro_batch": 2}):
        tune(data, whole.cache, [], **change)
        assert len(fits) == 1, change
        fits.clear()
    tune(data, whole.cache, [], limit=5, train_limit=10)
    assert fits == []


def test_work_is_announced_and_shown_from_nothing_to_all_of_it(whole: Whole, data: Path) -> None:
    done, totals = zip(*whole.shown, strict=True)
    assert list(done) == sorted(done)
    assert len(set(totals)) == 1
    assert (done[0], done[-1]) == (0, pytest.approx(totals[0]))
    net = network("tiny-llama")
    tokens = sum(len(row["input_ids"]) for row in rows_of(net, data))
    head = net.vocabulary / (12 * net.width)
    assert totals[0] > 3 * tokens * (T + len(SKIP) + 2 * head)
    assert f"10 rows, {tokens:,} tokens, {RECIPE}; 5 documents to score" in whole.said[0]
