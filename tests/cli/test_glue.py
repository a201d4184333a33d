"""`reprlab glue`: the table, the numbers and the curves it writes, and what it refuses."""

import json
from pathlib import Path

import pytest
from cli_runs import Run

import reprlab as rl

BAD_GLUE: dict[str, str] = {
    "": "give --grid NAME (fig02",
    "--grid fig3": "unknown grid 'fig3': did you mean 'fig",
    "--grid fig04 --tasks rt": "unknown GLUE task 'rt': did you mean 'rte'?",
    "--grid fig04 --tasks ,": "--tasks ',' has an empty piece: write values with commas between",
    "--grid fig04 --tasks wnli": "GLUE task 'wnli' needs glue/wnli/train.jsonl and glue/wnli/",
    "--grid fig04 --limit 0": "--limit 0: give 1 or more",
    "--grid fig04 --epochs 0": "--epochs 0: give 1 or more",
    "--grid fig04 --batch 0": "--batch 0: give 1 or more",
    "--grid fig04 --rate 0": "--rate 0.0: give a number above 0",
    "--grid fig04 --seed -1": "--seed -1: give 0 or more",
    "--grid fig04 --seed 4294967296": "--seed 4294967296: give 0 or more, below 2^32",
    "--grid fig04 --seeds 0": "--seeds 0: give 1 or more",
    "--grid fig04 --starts 9": "start 9 leaves no middle in 6 layers",
    "--schedule 0:3 --starts 1": "--starts applies to --grid; a --schedule is already complete",
    "--schedule 0:9": "layer 8 does not exist in a model of 6 layers",
    "--grid fig04 --authors-dropout": "--authors-dropout goes with --frozen",
    "--grid fig04 --frozen --checkpoints kept": "--checkpoints goes with unfrozen encoders",
    "--grid fig04 --device gpu": "unknown device 'gpu'",
    "--grid fig04 --out a.txt": "--out 'a.txt': the ending chooses the format; there are .csv, .npz",
    "--grid fig04 --out /proc/a.csv": "--out '/proc/a.csv' cannot be written: No such file",
    "--grid fig04 --checkpoints /proc/kept": "--checkpoints '/proc/kept' cannot be written: No such file",
    "--grid fig04 --out a.csv --out a.csv": "--out and --out name the same file, 'a.csv': give two",
    "--grid fig04 --curves a.txt": "--curves 'a.txt': the ending chooses the format; there are .csv",
    "--grid fig04 --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "--grid fig04 --model tiny-llama": "'tiny-llama' has no trained pooler to put a classifier on",
}


@pytest.mark.parametrize("options", BAD_GLUE)
def test_a_wrong_glue_is_one_line(run: Run, options: str, glue_rows: Path) -> None:
    model = () if "--model" in options else ("--model", "tiny-bert")
    done = run("glue", *model, "--tasks", "rte", "--data-dir", glue_rows, *options.split())
    assert done.code == 2, done
    assert BAD_GLUE[options] in done.err
    assert "Traceback" not in done.err
    assert done.err.splitlines().count("") == 0
    assert sum(line.startswith("reprlab: ") for line in done.err.splitlines()) == 1


def test_glue_prints_a_table_and_keeps_numbers_and_curves(run: Run, glue_rows: Path, tmp_path: Path) -> None:
    options = ["--model", "tiny-bert", "--tasks", "rte,rte", "--data-dir", glue_rows, "--frozen"]
    files = ["--out", tmp_path / "a.csv", "--out", tmp_path / "a.npz", "--curves", tmp_path / "c.csv"]
    done = run("glue", *options, "--grid", "fig11", "--starts", "1", "--seeds", "2", *files)
    assert done.code == 0, done
    for words in ("skip s=1", "looped parallel s=1 x=3", "always the largest class", "less full"):
        assert words in done.out
    assert "rte (glue/rte of --data-dir): 40 rows to train on, 20 held out, frozen" in done.err
    table = (tmp_path / "a.csv").read_text().splitlines()
    assert table[0].startswith("schedule,variant,start")
    curves = (tmp_path / "c.csv").read_text().splitlines()
    kept = {str(entry.schedule) for entry in rl.Scores.load(tmp_path / "a.npz").entries}
    assert {line.split(",")[1] for line in curves[1:]} == kept
    huge = ("--batch", "100000000000", "--limit", "99999999999999999999")
    assert run("glue", *options, "--schedule", "0:2 4:6", *huge).code == 0
    again = run("glue", *options, "--grid", "fig11", "--starts", "1", "--seeds", "2", "--json")
    assert "runs there already: 8" in again.err
    assert json.loads(again.out)[0]["benchmark"] == "rte"
    assert Path("reports/tiny-bert/glue-fig11-rte-frozen.csv").is_file()
