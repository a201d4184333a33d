"""Rebuilt: figures that follow from stored scores are made again where they say something else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judged import LAYERS, painted, simulated

import reprlab as rl
from reprlab.reports.number_files import read, text
from reprlab.reports.rebuilt import alike, followers, rebuilt, stored_evidence
from reprlab.reports.settings import ReportSettings
from reprlab.reports.write import write_numbers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report on made scores."""
    scores = simulated(painted)
    made = rl.Evidence("m", "a note", LAYERS, replace(scores, model="m"))
    write_numbers(tmp_path, made, ReportSettings(("arc",), "lambada", 4, 40), 1.0)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_numbers_that_follow_from_the_scores_stay_as_they_are(folder: Path) -> None:
    before = contents(folder)
    assert rebuilt(folder) == []
    assert contents(folder) == before


def test_numbers_of_an_earlier_time_are_made_again_with_their_table(folder: Path) -> None:
    before = contents(folder)
    stale = read(folder / "fig04.json")
    stale["rows"][0]["R"] += 0.01
    (folder / "fig04.json").write_text(text(stale) + "\n")
    (folder / "fig04.csv").write_text("old")
    assert rebuilt(folder) == ["fig04"]
    assert contents(folder) == before


def test_a_figure_that_is_new_is_added_and_one_that_the_scores_lack_is_left_out(folder: Path) -> None:
    run = json.loads((folder / "run.json").read_text())
    assert "fig17" not in run["figures"]
    run["figures"] = [*(name for name in run["figures"] if name != "fig05"), "fig17"]
    (folder / "run.json").write_text(text(run))
    (folder / "fig17.json").write_text(text(read(folder / "fig04.json")))
    assert set(rebuilt(folder)) == {"fig05", "fig17"}
    again = read(folder / "run.json")
    assert "fig05" in again["figures"]
    assert again["left_out"]["fig17"] == "no start of 'internal_loop' was swept"
    assert not (folder / "fig17.json").exists()
    assert rebuilt(folder) == []


def test_a_report_without_scores_is_left_alone(folder: Path) -> None:
    (folder / "scores.npz").unlink()
    before = contents(folder)
    assert stored_evidence(folder) is None
    assert rebuilt(folder) == []
    assert contents(folder) == before


def test_figures_that_need_hidden_states_do_not_follow(folder: Path) -> None:
    found = stored_evidence(folder)
    assert found is not None
    names = {one.name for one in followers(found)}
    assert {"fig04", "fig11", "frontier"} <= names
    assert not {"fig03", "fig10", "fig12", "block_influence"} & names


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": [1.0, "x", None]}, {"a": [1.00002, "x", None]}, True),
        ({"a": 1.0}, {"a": 1.001}, False),
        ({"a": 1.0}, {"a": None}, False),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, False),
        ({"a": "x"}, {"a": "y"}, False),
        ({"a": 1}, {"a": 2}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": 2.0}, {"a": 2}, True),
        (0.0, 1e-9, True),
    ],
)
def test_numbers_are_alike_up_to_rounding(one: Any, other: Any, same: bool) -> None:
    assert alike(one, other) == same
