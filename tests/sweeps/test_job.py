"""Answers are kept as they come: killed at any moment, a sweep goes on to the numbers of one never killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import network

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.sweeps import job as answering
from reprlab.sweeps.answers import AnswersFile, answer_files, open_answers

NAMES = ("builtin_cloze", "builtin_pronoun")
LIMIT = 20

_NURSERY = """
import os, random, signal, sys, time
import torch
import reprlab as rl
from reprlab.sweeps import job as answering
torch.set_num_threads(1)  # no thread pool before a fork
answering._KEEP_SECONDS = 0.0
net, moments = rl.load("tiny-llama"), random.Random(0)
grid = rl.paper_grid("fig11", 6, seeds=range(3))

def run(folder):
    child = os.fork()
    if child == 0:
        rl.sweep(net, grid, ["builtin_cloze", "builtin_pronoun"], limit=20, cache=folder, batch_tokens=600)
        os._exit(0)
    return child

rl.sweep(net, [], ["builtin_cloze", "builtin_pronoun"], limit=2, cache=sys.argv[1] + "/warm")
start = time.monotonic()
assert os.waitpid(run(sys.argv[1] + "/whole"), 0)[1] == 0
whole, kills = time.monotonic() - start, 0
for _ in range(40):
    child = run(sys.argv[1] + "/killed")
    time.sleep(moments.random() * whole / 8)
    os.kill(child, signal.SIGKILL)
    kills += os.waitpid(child, 0)[1] == signal.SIGKILL
assert os.waitpid(run(sys.argv[1] + "/killed"), 0)[1] == 0
print(kills)
"""


def contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every file of answers, whatever order they were written in."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for path in answer_files(folder):
        base = sqlite3.connect(path)
        rows = base.execute(
            "SELECT text, batch, part, data FROM answers JOIN schedules ON number = schedule ORDER BY 1, 2, 3"
        ).fetchall()
        found[path.parent.name] = [*rows, *base.execute("SELECT * FROM documents ORDER BY place").fetchall()]
        base.close()
    return found


def test_killed_at_random_moments_and_resumed_is_the_sweep_never_killed(tmp_path: Path) -> None:
    script = tmp_path / "nursery.py"
    script.write_text(_NURSERY)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10
    whole, killed = contents(tmp_path / "whole"), contents(tmp_path / "killed")
    assert set(whole) == set(NAMES)
    assert killed == whole


def test_stopped_by_hand_what_was_answered_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, grid = network("tiny-llama"), rl.paper_grid("fig04", 6)
    real, seen = answering.answers, []

    def stopping(*args: Any, **kwargs: Any) -> Any:
        for found in real(*args, **kwargs):
            if len(seen) == 2:
                raise KeyboardInterrupt
            seen.append(found[0])
            yield found

    monkeypatch.setattr(answering, "answers", stopping)
    with pytest.raises(KeyboardInterrupt):
        rl.sweep(net, grid, ["builtin_pronoun"], limit=4, cache=tmp_path / "stopped")
    (path,) = answer_files(tmp_path / "stopped")
    with open_answers(path) as file:
        assert len(file.done(0)) == 2
    monkeypatch.setattr(answering, "answers", real)
    again = rl.sweep(net, grid, ["builtin_pronoun"], limit=4, cache=tmp_path / "stopped")
    whole = rl.sweep(net, grid, ["builtin_pronoun"], limit=4, cache=tmp_path / "whole")
    assert np.array_equal(again.results().values, whole.results().values)
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_batches_are_made_within_fixed_blocks_and_hold_the_token_budget(tmp_path: Path) -> None:
    net = network("tiny-llama")
    rl.sweep(net, [], ["builtin_cloze"], limit=100, cache=tmp_path, batch_tokens=1500)
    (path,) = answer_files(tmp_path)
    with open_answers(path) as file:
        batches = file.batches()
    assert sorted(place for places in batches.values() for place in places) == list(range(100))
    assert all(len({place // answering.BLOCK for place in places}) == 1 for places in batches.values())
    assert len(batches) > 100 * 150 // 1500


def test_a_document_that_is_another_one_now_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reprlab.benchmarks.benchmark import Benchmark

    net = network("tiny-llama")
    rl.sweep(net, [], ["builtin_pronoun"], limit=3, cache=tmp_path)
    monkeypatch.setattr(Benchmark, "fingerprint", lambda self, place: "other")
    with pytest.raises(ReprlabError, match="document 0 of 'builtin_pronoun' is not the one answered before"):
        rl.sweep(net, [], ["builtin_pronoun"], limit=3, cache=tmp_path)


def test_a_full_disk_is_one_line_and_what_was_complete_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, grid = network("tiny-llama"), rl.paper_grid("fig04", 6)
    rl.sweep(net, grid[:1], ["builtin_pronoun"], limit=4, cache=tmp_path)
    real = AnswersFile.put

    def full(self: Any, batch: int, answers: Any) -> None:
        self._base.execute("PRAGMA max_page_count = 1")
        real(self, batch, [(text, part, np.random.rand(20_000)) for text, part, _ in answers])

    with monkeypatch.context() as patch:
        patch.setattr(AnswersFile, "put", full)
        with pytest.raises(ReprlabError, match=r"database or disk is full.*complete answers stay good"):
            rl.sweep(net, grid, ["builtin_pronoun"], limit=4, cache=tmp_path)
    scores = rl.sweep(net, grid, ["builtin_pronoun"], limit=4, cache=tmp_path)
    assert np.isfinite(scores.results().values).all()
