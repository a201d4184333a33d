"""`reprlab report`: the page it makes, how it is drawn again, and what it refuses."""

import shutil
from pathlib import Path

import pytest
from cli_runs import Run

import reprlab as rl

REPORT = (
    "report --model tiny-llama --benchmarks builtin_pronoun --limit 4 --documents 3 --starts 1 --seeds 2 "
    "--loops 1,2 --loop-limit 4"
)


def test_a_report_prints_the_answers_and_its_page_and_is_drawn_again_from_numbers(
    run: Run, tmp_path: Path
) -> None:
    done = run(*REPORT.split())
    assert done.code == 0, done.err
    assert "reports/tiny-llama/index.html" in done.out
    assert (
        "2. A few middle layers can be left out, but not the first layer or the last. Not decidable: "
        in done.out
    )
    assert "note: windows is left out: windows of layers were not run" in done.err
    page = tmp_path / "reports/tiny-llama/index.html"
    before = page.read_bytes()
    page.unlink()
    shutil.rmtree(tmp_path / "cache")
    again = run("report", "--from-numbers")
    assert (again.code, again.err) == (0, "")
    assert page.read_bytes() == before
    alone = run("figures", "fig15", "--model", "tiny-llama", "--from-numbers")
    assert alone.out.splitlines()[:2] == ["reports/tiny-llama/fig15.png", "reports/tiny-llama/fig15.pdf"]
    assert not (tmp_path / "cache").exists()
    (tmp_path / "mine.py").write_text(FAMILY)
    mine = run("figures", "mine.py")
    assert mine.out.splitlines() == ["reports/mine.png", "reports/mine.pdf", "tiny-llama has fig15."]
    assert run("figures", "mine.py", "--from-numbers").out == mine.out


FAMILY = '''"""Models. Which of them have figure 15.

Caption: A mark for each model with the figure.

Claim: Every model has it.
"""

NEEDS = ()
FAMILY = True


def numbers(models):
    return {"rows": [{"model": name} for name, figures in models.items() if "fig15" in figures]}


def reading(numbers):
    return f"{', '.join(row['model'] for row in numbers['rows'])} has fig15."


def draw(numbers):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 2))
    figure.add_subplot().bar([row["model"] for row in numbers["rows"]], 1)
    return figure
'''


BAD_REPORTS: dict[str, str] = {
    "report": "give a model, as in --model tiny-neox; `reprlab models` lists the names",
    "report --model tiny-lama": "unknown model 'tiny-lama': did you mean 'tiny-llama'?",
    "report --model tiny-llama --quick --full": "--quick and --full: give one of them, or neither",
    "report --model tiny-llama --limit 0": "--limit 0: give 1 or more",
    "report --model tiny-llama --documents 0": "--documents 0: give 1 or more",
    "report --model tiny-llama --seeds 0": "--seeds 0: give 1 or more",
    "report --model tiny-llama --seeds 1001": "--seeds 1001: give 1000 at most",
    "report --model tiny-llama --benchmarks ,": "--benchmarks ',' has an empty piece: write",
    "report --model tiny-llama --example mine": "unknown example 'mine'",
    "report --model tiny-llama --glue rt": "unknown GLUE task 'rt': did you mean 'rte'?",
    "report --model tiny-bert --trained-starts 1": "--trained-starts goes with --glue: give both, or neither",
    "report --model tiny-bert --glue rte --trained-variants skip": "--trained-variants goes with --tra",
    "report --model tiny-bert --glue=": "--glue '' has an empty piece: write values with commas between",
    "report --model tiny-bert --glue rte --trained-starts 1 --trained-variants ,": "--trained-variants ','",
    "report --model tiny-bert --benchmarks builtin --corpus builtin --data-dir . --glue rte": "GLUE task",
    "report --model tiny-llama --benchmarks builtin --corpus builtin --data-dir . --fine-tune 4": "'arc'",
    "report --model tiny-bert --glue rte --glue-limit 0": "--glue-limit 0: give 1 or more",
    "report --model tiny-llama --scores none.npz": "--scores 'none.npz': there is no such file",
    "report --model tiny-llama --scores file": "--scores 'file' holds no scores: give an .npz of `sweep",
    "report --model tiny-llama --cache=": "--cache '' is empty: give a path; the working folder is .",
    "report --model tiny-llama --fine-tune -1": "--fine-tune -1: give a number of documents",
    "report --model tiny-llama --out /proc/reprlab": "--out '/proc/reprlab' cannot be written",
    "report --from-numbers --limit 5 --windows 3": "draws what is there: leave --limit, --windows away",
    "report --model tiny-llama --starts x": "--starts 'x': give whole numbers as in 5,7,9",
    "report --model tiny-llama --starts 9": "--starts: none of those given leaves a middle in 6 layers",
    "report --model tiny-llama --loops 0": "--loops 0: give counts of 1 or more",
    "report --model tiny-llama --windows -1": "--windows -1: give a number of documents, 0 to leave it out",
    "report --model tiny-llama --benchmarks lambda": "unknown benchmark 'lambda': did you mean 'lambada'?",
    "report --model tiny-llama --corpus none.txt": "no corpus file at 'none.txt'",
    "report --model tiny-llama --dtype fp8": "unknown dtype 'fp8'",
    "report --model tiny-llama --device gpu": "unknown device 'gpu'",
    "report --model tiny-llama --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "report --model tiny-llama --preset papers": "unknown preset 'papers': did you mean 'paper'?",
    "report --model tiny-llama --precise-on x": "unknown benchmark of --precise-on 'x'",
    "report --model tiny-llama --limit 4,x=2": "unknown benchmark of --limit 'x'",
    "report --model tiny-llama --limit x": "--limit x: give 1 or more, as in 400, or gsm8k_nll=64",
    "report --model tiny-llama --single-on x": "unknown benchmark of --single-on 'x'",
    "report --model tiny-llama --out file": "--out 'file' cannot be made: 'file' is a file",
    "report --model tiny-llama --data-dir nowhere": "--data-dir 'nowhere' is no folder",
    "report --model tiny-llama --models-dir nowhere": "--models-dir 'nowhere' is no folder",
    "report --model tiny-llama --data-dir .": "needs lambada_openai/test.jsonl in --data-dir '.'",
    "report --from-numbers": "--from-numbers: there is no report in 'reports'; `reprlab report --model",
    "report --from-numbers --model tiny-llama": "--from-numbers: there is no report in 'reports/tiny-llama'",
    "figures fig99": "unknown figure 'fig99'",
    "figures fig11": "give a model, as in --model tiny-neox",
    "figures fig11 --model tiny-llama --from-numbers": "cannot read 'reports/tiny-llama/fig11.json'",
    "figures fig12": "there is no report in 'reports'",
    "figures fig11 --model tiny-bert --documents 3": "the model has no causal language head",
}


@pytest.mark.parametrize("line", BAD_REPORTS)
def test_a_wrong_report_is_one_line(run: Run, line: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(*line.split())
    assert done.code == 2, done
    assert BAD_REPORTS[line] in done.err
    assert "Traceback" not in done.err
    assert done.err.splitlines()[-1].startswith("reprlab: ")


def test_a_report_trains_an_encoder_at_the_starts_that_it_has(run: Run, glue_rows: Path) -> None:
    small = "--corpus builtin --benchmarks builtin_pronoun --documents 3 --starts 1,7 --seeds 1"
    trained = "--glue rte --trained-starts 1,9 --trained-variants skip"
    done = run("report", "--model", "tiny-bert", "--data-dir", glue_rows, *small.split(), *trained.split())
    assert done.code == 0, done
    assert "note: --starts: 7 leave no middle in 6 layers, and are left out" in done.err
    assert "note: --trained-starts: 9 leave no middle in 6 layers, and are left out" in done.err
    kept = rl.Scores.load("reports/tiny-bert/unfrozen.npz")
    assert [str(entry.schedule) for entry in kept.entries] == ["0:6", "0 1 5"]
