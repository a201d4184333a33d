"""Two folders of one name are told apart; an existing path is no pattern."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from cli_runs import SMALL, Run
from made_weights import weights_in

import reprlab as rl
from reprlab.models.locations import known, locate
from reprlab.models.registry import expand


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders of one name with different weights; their parents have one name, too."""
    folders = tmp_path / "x" / "runs" / "checkpoint-500", tmp_path / "y" / "runs" / "checkpoint-500"
    network = rl.load("tiny-llama")
    for folder in folders:
        network.module.save_pretrained(folder)
        network.tokenizer.save_pretrained(folder)
        with torch.no_grad():
            network.module.model.layers[3].mlp.down_proj.weight.mul_(2)
    return folders


def files(folder: Path) -> dict[str, str]:
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in folder.rglob("*")
        if f.is_file()
    }


def test_results_of_one_name_lie_apart_and_say_which_they_are_of(
    run: Run, two: tuple[Path, Path], tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    assert run("similarity", "--model", two[0], *SMALL).code == 0
    before = files(reports)
    done = run("similarity", "--model", two[1], *SMALL)
    assert done.code == 0
    assert "holds results of other weights" in done.err
    after = files(reports)
    assert {name: after[name] for name in before} == before
    first, second = sorted(path.name for path in reports.iterdir())
    assert (first, second[:15]) == ("checkpoint-500", "checkpoint-500@")
    (numbers,) = (reports / second).glob("*.json")
    assert json.loads(numbers.read_text())["model"] == second
    run("sweep", "--model", two[1], "--benchmarks", "builtin_pronoun", "--limit", "2", "--schedule", "0:6")
    assert sorted(path.name for path in reports.iterdir()) == [first, second]
    assert files(reports / first) == {Path(name).name: value for name, value in before.items()}


def test_one_figure_of_both_names_them_apart(run: Run, two: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    run("similarity", "--model", two[0], "--against", two[1], *SMALL, "--out", out)
    found = json.loads(out.read_text())
    assert found["model"] != found["other"]
    assert {found["model"][:15], found["other"][:15]} == {"checkpoint-500@"}
    done = run("groups", *two, *SMALL)
    assert done.code == 0


def test_figures_of_both_stand_side_by_side(run: Run, two: tuple[Path, Path], tmp_path: Path) -> None:
    small = ("--corpus", "builtin", "--documents", "3", "--benchmarks", "builtin_pronoun", "--limit", "4")
    assert run("figures", "fig03", *two, *small).code == 0
    first, second = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert (first, second[:15]) == ("checkpoint-500", "checkpoint-500@")
    assert run("figures", "fig03", "--from-numbers", two[1]).out.startswith(f"reports/{second}/fig03.png")


@pytest.mark.parametrize("name", ["run[1]", "ckpt-*", "[ab]/m"])
def test_an_existing_path_is_no_pattern(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    weights_in(tmp_path / name)
    for given in (name, str(tmp_path / name)):
        assert expand([given], known()) == [given]
        found = locate(given)
        assert found
        assert found.name == name.rpartition("/")[2]
