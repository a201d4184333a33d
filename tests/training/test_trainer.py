"""Steps in parts are the same steps, rows are padded behind their end, checkpoints are models."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples import network
from tuned import RECIPE, Whole, rows_of, saved, tune

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.training.trainer import fit


def shortened(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A row of which every third has one scored token: the mean over tokens is not that over rows."""
    last = len(row["labels"]) - 1
    return {**row, "labels": [-100] * last + row["labels"][last:]} if number % 3 == 0 else row


def test_a_batch_in_parts_takes_the_same_steps_but_for_rounding(data: Path) -> None:
    net = network("tiny-llama")
    rows, found = [shortened(row, number) for number, row in enumerate(rows_of(net, data))], {}
    for size in (4, 2, 1):
        module = copy.deepcopy(net.module).requires_grad_(True)
        curve = fit(module, rows, RECIPE, network=net, micro_batch=size).curve
        found[size] = [(point["step"], point["loss"]) for point in curve], module.state_dict()
    (curve, once), *others = found.values()
    for parts, weights_of in others:
        assert np.allclose(parts, curve, rtol=1e-4)
        assert all(torch.allclose(once[name], weights_of[name], atol=3e-4) for name in once)
    moved = [(once[name] - weight).abs().max() for name, weight in net.module.state_dict().items()]
    assert max(moved) > 3e-3, "the steps are ten times what they may differ by"


def test_a_checkpoint_scores_as_the_tuned_model_did(whole: Whole, data: Path, tmp_path: Path) -> None:
    for place, entry in enumerate(whole.made.tuned.entries):
        net = rl.load(str(saved(whole, entry.schedule)))
        scores = rl.sweep(net, [entry.schedule], ["arc"], data_dir=data, limit=5, cache=tmp_path)
        assert np.array_equal(scores.results().values[-1], whole.made.tuned.results().values[place])


def test_rows_are_padded_behind_their_end_whatever_the_tokenizer_does(
    whole: Whole, data: Path, tmp_path: Path
) -> None:
    net = network("tiny-llama")
    tokenizer = copy.deepcopy(net.tokenizer)
    tokenizer.padding_side, tokenizer.pad_token = "left", None
    made = tune(data, tmp_path, net=replace(net, tokenizer=tokenizer))
    assert np.allclose(made.tuned.results().values, whole.made.tuned.results().values, atol=1e-6)
    assert (tokenizer.padding_side, tokenizer.pad_token) == ("left", None)


def test_without_accelerate_it_says_what_to_install(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprlab.training.trainer.find_spec", lambda _: None)
    with pytest.raises(ReprlabError, match=r"pip install 'reprlab\[train\]'"):
        tune(data, tmp_path)


def test_a_checkpoint_that_cannot_be_written_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReprlabError, match=r"cannot write '.*file/0%3A6': .*; give another --checkpoints"):
        tune(data, tmp_path / "cache", [], limit=1, train_limit=1, checkpoints=tmp_path / "file")
