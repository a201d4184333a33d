"""`reprlab drift`: the drift is drawn with its numbers and read out, or refused in one line."""

import json
from pathlib import Path

import pytest
from cli_runs import SMALL, Run

import reprlab as rl


def test_a_drift_is_drawn_with_its_numbers_and_read_out(run: Run, tmp_path: Path) -> None:
    done = run("drift", "--model", "tiny-llama", "--start", "1", *SMALL)
    assert done.code == 0
    picture = tmp_path / "reports" / "tiny-llama" / "drift-s1-builtin.png"
    assert picture.exists()
    found = rl.Drift.load(picture.with_suffix(".json"))
    assert set(found.curves) == {"full", "skip", "middle repeat"}
    assert f"tiny-llama: {found.summary}" in done.out
    again = run("drift", "--model", "tiny-llama", "--start", "1", *SMALL, "--json")
    assert json.loads(again.out)[0]["summary"] == found.summary


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--start 2",
            "start 2 of 6 layers leaves one in the middle, and repeating it is the full model: give 0..1",
        ),
        ("--start 3", "start 3 leaves no middle in 6 layers: allowed are 0..2"),
        ("--tokens no-sink", "unknown token policy 'no-sink': did you mean 'no-sinks'?"),
        ("--sink-factor 0.5", "sink factor 0.5: give 1 or more"),
        ("--out a.txt", "--out 'a.txt': the ending chooses the format"),
        ("--corpus none.txt", "no corpus file at 'none.txt'"),
        ("--documents 0", "--documents 0: give 1 or more"),
    ],
)
def test_a_wrong_drift_is_one_line(run: Run, options: str, message: str) -> None:
    done = run("drift", "--model", "tiny-llama", *options.split())
    assert (done.code, done.out) == (2, "")
    assert message in done.err
