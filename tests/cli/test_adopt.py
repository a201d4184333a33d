"""`reprlab cache adopt`: what lies under an old digest is re-keyed, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from cli_runs import SMALL, Run, shards
from safetensors.torch import load_file, save_file

import reprlab as rl
from reprlab.captures.inventory import captures, damaged
from reprlab.cli.adopt import adopt_all, planned
from reprlab.models.weights import Weights
from reprlab.provenance import ADOPTED
from reprlab.sweeps.answers import answer_files, damage, open_answers

SWEEP = ("--benchmarks", "builtin_pronoun", "--limit", "4", "--schedule", "0:2 3:6")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder of weights."""
    folder, network = tmp_path / "weights" / "mine", rl.load("tiny-llama")
    network.module.save_pretrained(folder)
    network.tokenizer.save_pretrained(folder)
    return folder


def edit(folder: Path) -> None:
    """Change numbers beyond the first 4 KiB of a tensor."""
    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors["model.embed_tokens.weight"][100:] += 1
    save_file(tensors, file, metadata={"format": "pt"})


@pytest.fixture
def old(run: Run, model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a capture and answers as they were made under the old digest."""
    with monkeypatch.context() as before:
        before.setattr(Weights, "identified", lambda self, say=None: self.old_digest)
        assert run("capture", model, *SMALL).code == 0
        assert run("sweep", "--model", model, *SWEEP).code == 0
    return model


def test_an_edited_model_is_captured_again(run: Run, model: Path) -> None:
    first = run("capture", model, *SMALL)
    again = run("capture", model, *SMALL)
    edit(model)
    other = run("capture", model, *SMALL)
    folders = [done.out.split()[-1] for done in (first, again, other)]
    assert folders[0] == folders[1] != folders[2]


def test_what_is_under_an_old_digest_is_never_counted_as_done(run: Run, old: Path, tmp_path: Path) -> None:
    before = shards(tmp_path / "cache")
    assert run("capture", old, *SMALL).code == 0
    assert run("sweep", "--model", old, *SWEEP).code == 0
    assert len(list(captures(tmp_path / "cache"))) == 2
    assert len(answer_files(tmp_path / "cache")) == 2
    assert {name: value for name, value in shards(tmp_path / "cache").items() if name in before} == before


def test_an_analysis_reads_an_old_capture_with_a_note(run: Run, old: Path, tmp_path: Path) -> None:
    done = run("similarity", "--model", old, *SMALL, "--out", tmp_path / "a.json")
    assert done.code == 0
    assert "not every byte of the weights entered their digest" in done.err
    assert len(list(captures(tmp_path / "cache"))) == 1
    run("cache", "adopt", old, "--yes")
    again = run("similarity", "--model", old, *SMALL, "--out", tmp_path / "b.json")
    assert "not every byte" not in again.err
    assert json.loads((tmp_path / "b.json").read_text())["made_with"]["weights"] == ADOPTED


def test_it_is_adopted_without_computing(
    run: Run, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    before = list(shards(cache).values())
    asked = run("cache", "adopt", old)
    assert (asked.code, asked.err) == (
        2,
        "reprlab: 2 captures and files of answers were not adopted: add --yes\n",
    )
    assert asked.out.count("to adopt") == 2
    done = run("cache", "adopt", old, "--yes", "--json")
    rows = json.loads(done.out)
    assert [(row["kind"], row["model"], row["outcome"]) for row in rows] == [
        ("capture", "mine", "adopted"),
        ("answers", "mine", "adopted"),
    ]
    (capture,) = captures(cache)
    assert (capture.folder.name, capture.manifest.made_with["weights"]) == (rows[0]["new_digest"], ADOPTED)
    assert capture.identity.weights.startswith("content:")
    assert (damaged(capture), list(shards(cache).values())) == ([], before)
    (file,) = answer_files(cache)
    assert (file.stem, damage(file)) == (rows[1]["new_digest"], "")
    with open_answers(file) as answers:
        assert (answers.about["weights"], answers.counts()[0]) == (ADOPTED, 4)
    monkeypatch.setattr("reprlab.network.network.Network.hidden_states", None)  # nothing runs any more
    monkeypatch.setattr("reprlab.sweeps.job.answers", None)
    assert run("capture", old, *SMALL).code == 0
    assert run("sweep", "--model", old, *SWEEP).code == 0
    assert run("cache", "adopt").out == f"nothing in {cache} is under an old digest\n"


def test_other_weights_adopt_nothing(run: Run, old: Path, tmp_path: Path) -> None:
    unknown = run("cache", "adopt", "--yes")
    assert unknown.out.count("its weights are not here") == 2
    tensors = load_file(old / "model.safetensors")
    save_file({**tensors, "lm_head.weight": tensors["lm_head.weight"] + 1}, old / "model.safetensors")
    assert run("cache", "adopt", old, "--yes").out.count("other weights are here") == 2
    assert len(list(captures(tmp_path / "cache"))) == 1


def test_what_was_made_again_meanwhile_stays(run: Run, old: Path, tmp_path: Path) -> None:
    run("capture", old, *SMALL)
    done = run("cache", "adopt", old, "--yes")
    assert done.code == 1
    assert "was captured again as" in done.out
    assert len(list(captures(tmp_path / "cache"))) == 2


_STEPS = {"os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir"}


def killed_at(step: int, cache: Path, old: Path) -> bool:
    """Adopt in a process of its own that is killed before a step on the disk; False where there is none."""
    left = [step]

    def count(event: str, arguments: object) -> None:
        if event in _STEPS:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    ready = [one for one in planned(cache, [str(old)], None) if one.outcome == "to adopt"]
    if not (child := os.fork()):
        sys.addaudithook(count)
        adopt_all(cache, ready)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_a_kill_at_any_step_loses_nothing(run: Run, old: Path, tmp_path: Path) -> None:
    cache, step = tmp_path / "cache", 0
    before = set(shards(cache).values())
    while killed_at(step, cache, old):
        step += 1
        held = [one for one in captures(cache) if not damaged(one)]
        assert held
        assert {value for one in held for value in shards(one.folder).values()} == before
        assert any(not damage(file) for file in answer_files(cache))
    assert step > 8
    (capture,) = captures(cache)
    (file,) = answer_files(cache)
    assert capture.manifest.made_with["weights"] == ADOPTED
    assert not damage(file)
    assert not list((cache / ".adopting").glob("*"))
