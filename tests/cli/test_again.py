"""`reprlab report --again`: the same numbers in a fresh cache, and a line for whatever is not the same."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Run
from examples import network

import reprlab as rl
from reprlab.reports.sheet import Called

ROOT = Path(__file__).parents[2]
SETTINGS = rl.ReportSettings(
    ("builtin_pronoun",), "builtin", documents=3, limit=4, starts=(1,), seeds=2, loops=(1, 2), loop_limit=4
)
RunJson = dict[str, Any]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run.json of a report on a tiny model, made with a cache of its own."""
    folder = tmp_path_factory.mktemp("first")
    place = rl.Workspace(cache=folder / "cache")
    called = Called(("reprlab", "report", "--model", "tiny-llama"), "tiny-llama")
    made = rl.report(network("tiny-llama"), SETTINGS, folder=folder / "r", workspace=place, called=called)
    return made.parent / "run.json"


def numbers(folder: Path) -> dict[str, Any]:
    """Every JSON of a report by name: bytes, and of run.json all but the time, memory and later words."""
    files = {file.name: file.read_bytes() for file in sorted(folder.glob("*.json"))}
    run = json.loads(files.pop("run.json"))
    for key in ("time", "memory"):
        run["identity"].pop(key)
    run["sheet"].pop("wall")
    run["sheet"].pop("again")
    return {**files, "run.json": run}


def test_a_report_runs_again_to_the_same_numbers(run: Run, first: Path, tmp_path: Path) -> None:
    done = run("report", "--again", first, "--cache", tmp_path / "fresh", "--out", "again")
    assert done.code == 0, done.err
    folder = tmp_path / "again/tiny-llama"
    assert numbers(folder) == numbers(first.parent)
    assert len(numbers(folder)) > 4
    assert done.out.splitlines()[-1] == f"every number is that of the report next to '{first}'"
    assert (tmp_path / "fresh/tiny-llama").is_dir()
    sheet = json.loads((folder / "run.json").read_text())["sheet"]
    assert sheet["command"] == ["reprlab", "report", "--model", "tiny-llama"]
    assert sheet["again"][:4] == ["reprlab", "report", "--again", str(first)]
    assert all(stage["computed"] for stage in sheet["wall"]["stages"] if stage["name"] != "loops")
    once = run("report", "--again", folder, "--cache", tmp_path / "fresh", "--out", "once")
    assert once.code == 0, once.err
    again = json.loads((tmp_path / "once/tiny-llama/run.json").read_text())["sheet"]
    assert not any(s["computed"] for s in again["wall"]["stages"] if s["name"] != "compare")
    page = tmp_path / "once/tiny-llama/index.html"
    before = page.read_bytes()
    assert b"nothing was computed: all of it was there" in before
    assert run("report", "--from-numbers", "--out", "once").code == 0
    assert page.read_bytes() == before


def test_other_numbers_are_named(run: Run, first: Path, tmp_path: Path) -> None:
    near = tmp_path / "near/run.json"
    near.parent.mkdir()
    near.write_bytes(first.read_bytes())
    (near.parent / "fig03.json").write_text("{}")
    (near.parent / "fig15.json").write_bytes((first.parent / "fig15.json").read_bytes())
    done = run("report", "--again", near, "--out", "again")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"other numbers than in the report next to '{near}': fig03.json"


def _source(run: RunJson, kind: str) -> RunJson:
    return next(one for one in run["sheet"]["data"] if one["kind"] == kind)


def _memory(run: RunJson) -> None:
    run["sheet"]["model"]["name"] = run["sheet"]["model"]["given"] = "memory:0123"


REFUSED: dict[str, tuple[Callable[[RunJson], Any], str]] = {
    "weights": (
        lambda run: run["sheet"]["model"].update(weights="random:00"),
        "the weights of 'tiny-llama' are not those of 'run.json': digest random:00 there, random:",
    ),
    "tokenizer": (
        lambda run: run["sheet"]["model"].update(tokenizer="0123"),
        "the files of the tokenizer of 'tiny-llama' are not those of 'run.json': digest 0123 there, bytes",
    ),
    "corpus": (
        lambda run: _source(run, "corpus").update(digest="0123", source="pydoc of Python 2"),
        "the data of corpus builtin are not those of 'run.json': digest 0123 there (from pydoc of Python 2)",
    ),
    "benchmark": (
        lambda run: _source(run, "benchmark").update(digest="0123"),
        "the data of benchmark builtin_pronoun are not those of 'run.json': digest 0123 there (from "
        "builtin_pronoun.jsonl, in the package), ",
    ),
    "example": (
        lambda run: run["sheet"]["data"][-1].update(digest="0123"),
        "the data of benchmark builtin_arithmetic_1 are not those of 'run.json': digest 0123 there",
    ),
    "no sheet": (
        lambda run: run.pop("sheet"),
        "'run.json' does not say how to run it again: it was made before reports kept that; make the report",
    ),
    "no settings": (lambda run: run.pop("settings"), "'run.json' does not say how to run it again"),
    "no report": (dict.clear, "'run.json' is no run.json of a report: give the one in reports/MODEL/"),
    "another format": (
        lambda run: run["sheet"].update(format=2),
        "'run.json' has a sheet of format 2; this reprlab reads 1: make the report anew",
    ),
    "a sheet that is none": (lambda run: run.update(sheet=[]), "'run.json' has a sheet of format None"),
    "a damaged sheet": (
        lambda run: run["sheet"]["model"].update(layers="six"),
        "'run.json' is damaged: model.layers: 'six' was found: Input should be a valid integer",
    ),
    "damaged settings": (
        lambda run: run["settings"].update(starts=["one"]),
        "'run.json' is damaged: starts.0: 'one' was found: Input should be a valid integer",
    ),
    "settings that make no sense": (lambda run: run["settings"].update(limit=0), "--limit 0: give 1 or more"),
    "a module in memory": (_memory, "'run.json' is of a module in memory, which no command can load"),
    "an unknown model": (
        lambda run: run["sheet"]["model"].update(given="tiny-lama", name="tiny-lama"),
        "unknown model 'tiny-lama': did you mean 'tiny-llama'?",
    ),
    "a model's path that is gone": (
        lambda run: run["sheet"]["model"].update(given="./gone", name="gone"),
        "no model at './gone': give a folder with config.json, or a .gguf file; or give --models-dir DIR",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_the_same_is_refused_in_a_line(
    run: Run, first: Path, tmp_path: Path, case: str
) -> None:
    change, message = REFUSED[case]
    data = json.loads(first.read_text())
    change(data)
    (tmp_path / "run.json").write_text(json.dumps(data))
    done = run("report", "--again", "run.json")
    assert done.code == 2, done
    assert message in done.err
    assert done.err.count("reprlab: ") == 1
    assert not (tmp_path / "reports").exists()
    assert not (tmp_path / "cache").exists()


OPTIONS = {
    "tiny-neox": "MODEL",
    "--model tiny-neox": "--model",
    "--limit 4": "--limit",
    "--preset paper": "--preset",
    "--dtype auto": "--dtype",
    "--batch-tokens 2048": "--batch-tokens",
    "--quick --seeds 3": "--quick, --seeds",
    "--corpus builtin --keep-all": "--corpus, --keep-all",
    "--from-numbers": "--from-numbers",
}


@pytest.mark.parametrize("options", OPTIONS)
def test_an_option_that_would_choose_anew_is_refused_by_name(run: Run, first: Path, options: str) -> None:
    done = run("report", "--again", first, *options.split())
    assert done.code == 2
    names = OPTIONS[options]
    assert f"--again runs the report of '{first}' as it was: leave {names} away" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--again none.json", "cannot read 'none.json'"),
        ("--again text", "'text' is not JSON"),
        ("--again {first} --data-dir nowhere", "--data-dir 'nowhere' is no folder"),
        ("--again {first} --models-dir nowhere", "--models-dir 'nowhere' is no folder"),
        ("--again {first} --out file", "--out 'file' cannot be made: 'file' is a file"),
        ("--again {first} --out a.html", "--out 'a.html': a file's name"),
    ],
)
def test_wrong_places_are_a_line(run: Run, first: Path, tmp_path: Path, options: str, message: str) -> None:
    (tmp_path / "text").write_text("no JSON")
    (tmp_path / "file").touch()
    done = run("report", *options.format(first=first).split())
    assert done.code == 2
    assert message in done.err


def test_other_versions_are_a_note(run: Run, first: Path, tmp_path: Path) -> None:
    data = json.loads(first.read_text())
    data["sheet"]["versions"] |= {"numpy": "1.0", "gone": "3"}
    data["sheet"]["model"]["tokenizer"] = "0123"  # ends it there
    (tmp_path / "run.json").write_text(json.dumps(data))
    done = run("report", "--again", "run.json")
    line = next(line for line in done.err.splitlines() if line.startswith("note: versions differ"))
    assert "those of 'run.json': numpy 1.0 there, " in line
    assert "gone 3 there, not installed here" in line
    assert "torch" not in line


def test_weights_given_by_path_are_found_in_another_folder_of_models(run: Run, tmp_path: Path) -> None:
    for part in (network("tiny-llama").module, network("tiny-llama").tokenizer):
        part.save_pretrained(tmp_path / "a" / "mine")
    place = {"cache": tmp_path / "c"}
    net = rl.load(str(tmp_path / "a" / "mine"), models_dir=tmp_path / "models")
    called = Called(("reprlab",), "a/mine")
    made = rl.report(net, SETTINGS, folder="r", workspace=rl.Workspace(**place), called=called)
    (tmp_path / "a").rename(tmp_path / "b")
    lost = run("report", "--again", made.parent / "run.json")
    assert "DIR/mine" in lost.err
    done = run("report", "--again", made.parent / "run.json", "--models-dir", "b", "--out", "o")
    assert done.code == 0, done.err
    assert "every number is that of the report next to" in done.out


def test_data_and_weights_are_refused_before_torch_is_there(first: Path, tmp_path: Path) -> None:
    for case in ("weights", "corpus"):
        data = json.loads(first.read_text())
        REFUSED[case][0](data)
        (tmp_path / f"{case}.json").write_text(json.dumps(data))
    code = (
        "import sys\nfrom reprlab.cli import main\n"
        "for name in ('weights.json', 'corpus.json'):\n"
        "    sys.argv = ['reprlab', 'report', '--again', name]\n"
        "    try: main()\n    except SystemExit as end: assert end.code == 2\n"
        "assert not {'torch', 'transformers', 'lm_eval'} & set(sys.modules)\n"
    )
    where = {"PYTHONPATH": str(ROOT), "REPRLAB_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | where,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("are not those of") == 2
