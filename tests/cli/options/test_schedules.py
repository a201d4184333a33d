"""Schedules by text and by file: comments, blank lines, and errors that name file and line."""

from io import StringIO
from pathlib import Path

import pytest
from cli_runs import SWEEP, Run

import reprlab as rl
from reprlab.cli.options.schedules import ScheduleOptions, schedule_file
from reprlab.errors import ReprlabError

TEXT = "# mine\n0:2 4:6   # skip\n\n  0:2 [2:4] 4:6\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a,b.txt"  # a path may hold a comma
    path.write_text(TEXT)
    return path


def test_a_file_holds_a_schedule_a_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [str(one.schedule) for one in schedule_file(file)]
    assert texts == ["0 1 4 5", "0 1 [2 3] 4 5"]
    monkeypatch.setattr("sys.stdin", StringIO(TEXT))
    assert [str(one.schedule) for one in schedule_file(Path("-"))] == texts


def test_texts_and_files_are_given_together(file: Path) -> None:
    options = ScheduleOptions(schedule=["0:6"], schedules=[file])
    assert [str(one) for one in options.entries(6)] == ["0:6", "0 1 4 5", "0 1 [2 3] 4 5"]
    assert ScheduleOptions().entries(6) == []
    assert len(ScheduleOptions(grid="fig04", starts=["1"], schedules=[file]).entries(6)) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"0:6\n\n[0\n", "'{}' line 3: '[' is never closed"),
        (b"# nothing\n", "'{}' holds no schedule: write one a line, as in 0:14 19:32"),
        (b"0:6 \xe9\n", "--schedules: '{}' is not UTF-8 (byte 4): convert it"),
        (None, "--schedules: cannot read '{}': No such file or directory"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "wrong.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReprlabError) as caught:
        list(schedule_file(path))
    assert str(caught.value).startswith(message.format(path))


def test_a_schedule_that_a_model_lacks_layers_for_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "deep.txt"
    path.write_text("0:6\n0:9\n")
    with pytest.raises(
        ReprlabError, match=r"deep.txt' line 2: layer 8 does not exist in a model of 6 layers"
    ):
        ScheduleOptions(schedules=[path]).entries(6)


def test_a_sweep_takes_a_file_and_texts_with_commas(run: Run, file: Path, tmp_path: Path) -> None:
    texts = ("--schedule", "0:3,0:5", "--schedule", "0:4")
    done = run(*SWEEP.split(), "--schedules", file, *texts, "--out", "a.npz")
    assert done.code == 0, done.err
    entries = rl.Scores.load(tmp_path / "a.npz").entries
    assert [str(entry.schedule) for entry in entries] == [
        "0:6",
        "0:3",
        "0:5",
        "0:4",
        "0 1 4 5",
        "0 1 [2 3] 4 5",
    ]


def test_a_calibration_goes_with_its_grid() -> None:
    options = ScheduleOptions(grid="controls", seeds=1, calibration="0" * 16)
    made = [entry for entry in options.entries(6) if isinstance(entry, rl.Entry)]
    assert [str(entry.schedule) for entry in made if entry.variant == "mean_ablation"] == [
        *(f"0 (1:6)={'0' * 16}", f"0 1 (2:5)={'0' * 16} 5", f"0:3 (3)={'0' * 16} 4 5"),
    ]
    with pytest.raises(ReprlabError, match="--calibration applies to --grid controls"):
        ScheduleOptions(grid="fig11", calibration="0" * 16)
    with pytest.raises(ReprlabError, match="16 digits 0-9 and a-f"):
        ScheduleOptions(grid="controls", calibration="x").entries(6)


@pytest.mark.parametrize("command", ["sweep tiny-llama", "glue tiny-bert", "finetune tiny-llama"])
def test_a_wrong_file_is_one_line_in_every_command(run: Run, command: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.txt").write_text("0:6\nx\n")
    done = run(*command.split(), "--schedules", "wrong.txt")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("reprlab: 'wrong.txt' line 2: ")


def test_schedules_are_drawn_and_counted_with_sharing(run: Run, file: Path) -> None:
    done = run("schedule", "--schedules", file)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert (lines[0], lines[-1]) == ("0 1 4 5", "2 schedules, 2 distinct: 8 layer calls instead of 10")
    assert "0 1 [2 3] 4 5" in lines
    assert '"layer_calls_alone": 10' in run("schedule", "--schedules", file, "--json").out
    several = run("schedule", "--schedules", file, "--out", "x.png")
    assert several.err == "reprlab: --out names one picture, and there are 2 schedules: leave it away\n"
    deep = run("schedule", "--schedules", file, "--layers", 5)
    assert deep.err.startswith(f"reprlab: '{file}' line 2: layer 5 does not exist in a model of 5 layers")
