"""`reprlab schedule`: a schedule is drawn, counted and printed, or shown with its mistake marked."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, Run

from reprlab import cli

SKIPPED = """\
0:14 19:32
   ┌────────┐   ┌─────────┐
──▶│ 0 … 13 │┄┄▶│ 19 … 31 │──▶
   └────────┘   └─────────┘
27 layer calls, longest path 27
"""


def test_a_schedule_is_drawn_and_counted(run: Run) -> None:
    assert run("schedule", "(0:14) 19:32") == Done(0, SKIPPED, "")
    assert run("schedule", "--paper", "skip", "--layers", 32, "--start", 13) == Done(0, SKIPPED, "")


def test_a_narrow_or_plain_terminal_gets_what_it_can_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.out, "width", 16)
    monkeypatch.setattr(type(cli.out), "encoding", "ascii")
    assert run("schedule", "0:3").out == (
        "0:3\n"
        "   +---+\n-->| 0 |-->\n   +---+\n"
        "   +---+\n-->| 1 |-->\n   +---+\n"
        "   +---+\n-->| 2 |-->\n   +---+\n"
        "3 layer calls, longest path 3\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("random --start 13 --seed 0", "0:14 17:14 18 17 19:32"),
        ("looped_parallel --start 13 --times 3", "0:14 [14:19]*3 19:32"),
        ("switch --layer 5", "0:5 6 5 7:32"),
    ],
)
def test_an_intervention_of_the_paper_prints_its_text(run: Run, arguments: str, text: str) -> None:
    done = run("schedule", "--layers", 32, "--paper", *arguments.split())
    assert (done.code, done.out.splitlines()[0]) == (0, text)


def test_a_schedule_as_json_tells_sums_from_means(run: Run) -> None:
    assert json.loads(run("schedule", "0 [1 2] [1 2]+", "--json").out) == {
        "text": "0 [1 2] [1 2]+",
        "steps": [0, [1, 2], {"summed": [1, 2]}],
        "layer_calls": 5,
        "longest_path": 3,
    }


def test_a_block_as_json_has_its_rule_and_is_drawn(run: Run) -> None:
    assert json.loads(run("schedule", "0 (2 [1 2])~1:3", "--json").out) == {
        "text": "0 (2 [1 2])~1:3",
        "steps": [0, {"block": [2, [1, 2]], "rule": "~1:3"}],
        "layer_calls": 7,
        "longest_path": 3,
    }
    assert "~1:3" in run("schedule", "0 (2 [1 2])~1:3").out.splitlines()[-2]
    done = run("schedule", "0 (2)~1:9", "--layers", 6)
    assert done.code == 2
    assert "layer 8 does not exist in a model of 6 layers" in done.err


def test_a_schedule_is_drawn_to_every_file_asked_for(run: Run, tmp_path: Path) -> None:
    done = run("schedule", "0:3 [3 4] 5", "--out", "new/a.png", "--out", "a.pdf", "--out", "a.svg")
    assert (done.code, done.out.splitlines()[-3:]) == (0, ["new/a.png", "a.pdf", "a.svg"])
    starts = [(tmp_path / name).read_bytes()[:5] for name in ("new/a.png", "a.pdf", "a.svg")]
    assert starts == [b"\x89PNG\r", b"%PDF-", b"<?xml"]


NEITHER = (
    "give a schedule, as in '0:14 [14:19]*3 19:32', --paper NAME (full, skip_one, switch, skip, "
    "middle_repeat, reverse, random, parallel, looped_parallel, internal_loop, layer_loop), "
    "or --schedules FILE"
)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), NEITHER),
        (("0:3", "--paper", "full", "--layers", 3), NEITHER),
        (("0:3", "--seed", 1), "--seed goes with --paper, not with a schedule's text"),
        (("--paper", "full"), "--paper full needs --layers, the number of the model's layers"),
        (("--paper", "skip", "--layers", 6), "skip takes layers, start; given: layers"),
        (
            ("0", "--out", "a.json"),
            "--out 'a.json': the ending chooses the format; there are .png, .pdf, .svg",
        ),
        (
            ("0:3 5", "--layers", 4),
            "layer 5 does not exist in a model of 4 layers\n  0:3 5\n      ^\n"
            "its layers are 0..3, its depths 0..4",
        ),
    ],
    ids=str,
)
def test_a_bad_schedule_is_shown_with_its_mark(run: Run, arguments: tuple[Any, ...], error: str) -> None:
    assert run("schedule", *arguments) == Done(2, "", f"reprlab: {error}\n")
