"""`reprlab sweep`: the table and the numbers it writes, and what it refuses."""

import json
from pathlib import Path

import pytest
from cli_runs import SWEEP, Run

import reprlab as rl


def test_a_sweep_prints_counts_then_a_table_and_writes_the_numbers(run: Run, tmp_path: Path) -> None:
    done = run(*SWEEP.split(), "--grid", "fig11", "--starts", "1", "--seeds", "2", "--kl")
    assert done.code == 0
    assert "8 schedules, 8 distinct" in done.err
    assert "builtin_pronoun: 4 documents" in done.err
    lines = done.out.splitlines()
    assert any("skip s=1" in line for line in lines)
    assert "random s=1 (2 orders)" in done.out
    assert "±" in done.out
    table = tmp_path / "reports" / "tiny-llama" / "sweep-fig11-builtin_pronoun+builtin_cloze-4.csv"
    assert str(table.relative_to(tmp_path)) in done.out
    head = table.read_text().splitlines()[0]
    assert {"schedule", "benchmark", "metric", "value", "stderr", "normalised"} <= set(head.split(","))
    assert ",kl," in table.read_text()


def test_a_sweep_as_json_and_as_npz(run: Run, tmp_path: Path) -> None:
    done = run(*SWEEP.split(), "--schedule", "0:2 3:6", "--json", "--out", "a.npz", "--out", "a.csv")
    rows = json.loads(done.out)
    assert {row["schedule"] for row in rows} == {"0:6", "0 1 3:6"}
    scores = rl.Scores.load(tmp_path / "a.npz")
    assert scores.row_of("0:2 3:6") == 1
    assert (tmp_path / "a.csv").exists()


BAD_SWEEPS: dict[str, str] = {
    "--schedule 0:6 --first --sample-seed 3": "--first takes no sample, so --sample-seed means nothing",
    "--schedule 0:6 --sample-seed -1": "--sample-seed -1: give 0 or more",
    "": "give --grid NAME (fig02",
    "--grid fig3": "unknown grid 'fig3': did you mean 'fig",
    "--grid fig04 --limit 0": "--limit 0: give 1 or more",
    "--grid fig04 --limit 4,arc=2": "unknown benchmark of --limit 'arc': there are: builtin_",
    "--grid fig04 --starts x": "--starts 'x': give whole numbers as in 5,7,9, or a half-open range as in",
    "--grid fig04 --starts 3:3": "--starts '3:3' is an empty range",
    "--grid fig04 --starts 9": "start 9 leaves no middle in 6 layers: allowed are 0..2",
    "--grid fig04 --seeds 0": "--seeds 0: give 1 or more",
    "--grid fig04 --dtype fp8": "unknown dtype 'fp8'",
    "--grid fig04 --device gpu": "unknown device 'gpu'",
    "--grid fig04 --preset papers": "unknown preset 'papers': did you mean 'paper'?",
    "--grid fig04 --out a.txt": "--out 'a.txt': the ending chooses the format; there are .csv, .npz",
    "--grid fig04 --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "--schedule 0:9": "layer 8 does not exist in a model of 6 layers",
    "--schedule [": "'[' is never closed",
    "--grid fig04 --benchmarks lambda": "unknown benchmark 'lambda': did you mean 'lambada'?",
    "--grid fig04 --benchmarks lambada --data-dir .": (
        "benchmark 'lambada' needs lambada_openai/test.jsonl in --data-dir '.' for its rows: put it there"
    ),
    "--grid fig04 --metric bogus": "unknown metric 'bogus': there are: acc, u",
    "--schedule 0:6 --starts 2": "--starts applies to --grid; a --schedule is already complete",
    "--grid fig04 --out folder.csv": "--out 'folder.csv' is a folder: name a file in it",
    "--grid fig04 --out file/a.csv": "--out 'file/a.csv' cannot be made: 'file' is a file",
    "--grid fig04 --lm-eval-json file": "--lm-eval-json 'file' cannot be made: 'file' is a file",
    "--grid fig04 --cache file": "cannot make 'file/tiny-llama/builtin_pronoun': a file is in the way",
    "--grid fig04 --benchmarks none.yaml": "no task file at 'none.yaml'",
    "--grid fig04 --data-dir nowhere": "--data-dir 'nowhere' is no folder",
}


@pytest.mark.parametrize("options", BAD_SWEEPS)
def test_a_wrong_sweep_is_one_line(run: Run, options: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    done = run("sweep", "--model", "tiny-llama", "--benchmarks", "builtin_pronoun", *options.split())
    assert done.code == 2
    assert done.err.startswith("reprlab: ")
    assert BAD_SWEEPS[options] in done.err
    assert "Traceback" not in done.err


def test_a_generated_benchmark_alone_has_a_table_too(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text('{"question": "How many?", "answer": "Two. #### 4"}\n' * 6)
    options = ["--grid", "fig04", "--starts", "1", "--limit", "2", "--max-new-tokens", "3", "--data-dir"]
    done = run("sweep", "--model", "tiny-llama", "--benchmarks", "gsm8k", *options, tmp_path)
    assert done.code == 0
    assert "exact_match" in done.out
    assert "gsm8k: 2 of 2 documents are longer" not in done.err


def test_an_encoder_is_refused(run: Run) -> None:
    done = run("sweep", "--model", "tiny-bert", "--benchmarks", "builtin_pronoun", "--grid", "fig04")
    assert done.code == 2
    assert "'tiny-bert' has no causal language head" in done.err
