"""Files written by earlier versions are still read, to the numbers that they had."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.captures.inventory import captures, damaged
from reprlab.sweeps.adopted import adopt_answers
from reprlab.sweeps.answers import answer_files, damage, open_answers
from reprlab.sweeps.job import SweepJob

FORMAT_1 = Path(__file__).parent / "archives" / "format-1"
FORMAT_2 = FORMAT_1.with_name("format-2")


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    """A copy: reading must not need to write, yet a test must not be able to change what is kept."""
    return Path(shutil.copytree(FORMAT_1, tmp_path / "archive"))


def test_a_capture_of_format_1_has_its_states_and_statistics(archived: Path) -> None:
    (capture,) = captures(archived / "cache")
    assert (capture.identity.model, capture.identity.stored) == ("tiny-neox", "bfloat16")
    assert (capture.depths, capture.width, capture.tokens, capture.documents) == (7, 32, 12, 2)
    assert capture.states(3).double().sum().item() == pytest.approx(40.04799842834473, abs=1e-9)
    assert capture.norms.double().sum().item() == pytest.approx(1183.8819200992584, abs=1e-3)
    assert damaged(capture) == []


@pytest.mark.parametrize("name", ["similarity", "groups"])
def test_what_is_computed_from_an_archived_capture_is_what_was_saved_beside_it(
    archived: Path, name: str
) -> None:
    (capture,) = captures(archived / "cache")
    similarity = rl.cosine(capture)
    result = similarity if name == "similarity" else rl.group(similarity)
    result.save(archived / "now.json")
    before, now = (json.loads((archived / f"{file}.json").read_text()) for file in (name, "now"))
    assert now.keys() - before.keys() <= {"by_document"}
    assert before.keys() <= now.keys()
    assert "too few documents: 12 are needed" in (now["remark"] if name == "similarity" else now["about"])
    if name == "similarity":
        means = [(one["words"], pytest.approx(one["value"])) for one in before["averages"]]
        assert [(one.words, one.value) for one in rl.cosine(capture).summary_means] == means
    before, now = map(without_intervals, (before, now))
    for key, value in before.items():
        if isinstance(value, list):
            assert np.allclose(as_floats(now[key]), as_floats(value), atol=1e-6, equal_nan=True), key
        elif key == "about":  # ends with why there are no intervals
            assert now[key].startswith(value)
        else:
            assert now[key] == (pytest.approx(value) if isinstance(value, float) else value), key


def without_intervals(values: dict[str, Any]) -> dict[str, Any]:
    """What earlier versions saved, but for intervals, which two documents had then, and words about them."""
    gone = {"low", "high", "intervals", "remark", "averages"}
    return {key: value for key, value in values.items() if key not in gone}


def as_floats(values: object) -> list[float]:
    """Every number in nested lists and mappings, in order; null is NaN."""
    if isinstance(values, dict):
        return as_floats(list(values.values()))
    if isinstance(values, list):
        return [number for value in values for number in as_floats(value)]
    return [] if isinstance(values, str) else [np.nan if values is None else float(str(values))]


def test_answers_of_format_1_are_read(archived: Path) -> None:
    trained, swept = answer_files(archived / "cache")
    assert (damage(trained), damage(swept)) == ("", "")
    with open_answers(swept) as file:
        assert file.identity.benchmark == "builtin_pronoun"
        assert file.counts()[:2] == (4, 7)
        values = file.get(["0:6"], range(4), "values")["0:6"]
        assert [len(value) for value in values if value is not None] == [2, 2, 2, 2]
    with open_answers(trained) as file:
        assert "epochs" in file.identity.recipe
        assert file.done(0) == {"0:6", "0 1 4 5"}
        assert json.loads(file.curves()["0:6"])[0]["held_acc"] == 0.5


def test_scores_of_format_1_are_read(archived: Path) -> None:
    scores = rl.Scores.load(archived / "scores.npz")
    assert float(scores.results().values.sum()) == pytest.approx(27.68972547352314, abs=1e-9)
    assert len(scores) == 7
    assert scores.results().ids == ("pronoun-000", "pronoun-001", "pronoun-002", "pronoun-003")


def test_scores_of_format_1_keep_the_floor_that_they_had() -> None:
    for path in (FORMAT_1 / "scores.npz", FORMAT_2 / "scores-before-floors.npz"):
        results = rl.Scores.load(path).results()
        assert (results.scoring, results.measured) == (1, None)
        assert results.guess("u") == results.guess("acc") == results.floor
        assert set(results.floor_items("u")) == {results.floor}


def test_answers_from_before_the_change_of_u_are_scored_anew_without_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their file is given to this machine's versions; it was written when u was no softmax a character."""
    net = rl.load("tiny-llama", dtype="float32")
    texts, name = ["0:6", "0 1 3:6", "5:0 5"], "builtin_commonsense"
    rl.sweep(net, [], [name], limit=1, sample=None, cache=tmp_path / "now")
    (path,) = answer_files(tmp_path / "now")
    with open_answers(path) as file:
        identity = file.identity
    path.unlink()
    root = Path(shutil.copytree(FORMAT_2 / "cache", tmp_path / "archive"))
    (archived_file,) = answer_files(root)
    kept = archived_file.rename(archived_file.with_name("before.sqlite"))
    with open_answers(kept) as file:
        before, likely = (file.get(texts, range(6), part) for part in ("values", "likelihoods"))
    adopt_answers(root, kept, identity, tmp_path)
    monkeypatch.setattr(SweepJob, "run", lambda *_: pytest.fail("an answer was computed again"))
    results = rl.sweep(net, texts[1:], [name], limit=6, sample=None, cache=root).results()
    (opened,) = open_benchmarks([name])
    moved = 0.0
    for place in range(6):
        sizes = np.array([len(choice) for choice in opened.docs[place]["choices"]])
        for row, text in enumerate(texts):
            old, given = before[text][place], likely[text][place]
            assert old is not None
            assert given is not None
            assert results.values[row, place, :2].tolist() == old[:2].tolist()
            shares = np.exp(sizes.mean() * given / sizes)
            expected = shares[opened.docs[place]["label"]] / shares.sum()
            assert results.values[row, place, 2] == pytest.approx(expected)
            moved = max(moved, abs(expected - old[2]))
    assert moved > 0.1
