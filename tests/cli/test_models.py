"""`reprlab models` and `reprlab fetch`: which models are listed, and where their weights are."""

import json
from pathlib import Path

import numpy as np
from cli_runs import Done, Run
from safetensors.numpy import save_file

from reprlab.models.registry import MODELS


def weights_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    save_file({"a": np.ones(3, dtype=np.float32)}, folder / "model.safetensors")
    return folder


def test_models_lists_a_family(run: Run) -> None:
    done = run("models", "pythia-*")
    assert (done.code, done.err) == (0, "")
    listed = [line.split()[:3] for line in done.out.splitlines()[1:]]
    assert len(listed) == 10
    assert listed[0] == ["pythia-14m", "6", "128"]
    assert listed[-1] == ["pythia-12b", "36", "5120"]


def test_models_as_json_says_which_are_here(run: Run, tmp_path: Path) -> None:
    weights_in(tmp_path / "models" / "pythia-14m")
    rows = json.loads(run("models", "pythia-*", "llama2-7b", "tiny-neox@init", "--json").out)
    assert [row["model"] for row in rows if row["here"]] == ["pythia-14m", "tiny-neox@init"]
    assert [row["model"] for row in rows if row["gated"]] == ["llama2-7b"]
    assert rows[0] == {
        "model": "pythia-14m",
        "layers": 6,
        "width": 128,
        "parameters_millions": 14,
        "here": True,
        "weights": "from a local folder",
        "gated": False,
    }


def test_models_lists_tiny_ones_as_here(run: Run) -> None:
    lines = run("models", "tiny-*").out.splitlines()[1:]
    assert len(lines) == 21
    assert all(" yes " in line and "random weights" in line for line in lines)


def test_a_models_folder_given_is_listed_with_its_own_names(run: Run, tmp_path: Path) -> None:
    weights_in(tmp_path / "D" / "mine")
    names = [row["model"] for row in json.loads(run("models", "--models-dir", tmp_path / "D", "--json").out)]
    assert names[-1] == "mine"
    assert len(names) == len(MODELS) + 1


def test_one_unusable_folder_hides_no_other_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "bad").mkdir(parents=True)
    (tmp_path / "models" / "bad" / "config.json").write_text("{}")
    done = run("models", "--json")
    rows = {row["model"]: row for row in json.loads(done.out)}
    assert (done.code, len(rows)) == (0, len(MODELS) + 1)
    assert rows["bad"]["here"] is False
    assert rows["bad"]["weights"] == (
        f"no weights in '{tmp_path}/models/bad': config.json is there, *.safetensors are not"
    )


def test_signs_of_markup_are_printed_as_they_are(run: Run, tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "models" / "[bold]x[")
    assert run("models", "*x[[]").out.splitlines()[1].split()[:2] == ["[bold]x[", "yes"]
    assert run("fetch", "[bold]x[").out == f"[bold]x[: {folder} (from a local folder)\n"
    assert run("fetch", "[bold]none").err.startswith("reprlab: unknown model pattern '[bold]none': ")


def test_fetch_says_where_the_weights_are(run: Run, tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "models" / "gpt2")
    done = run("fetch", "gpt2", "tiny-neox")
    assert done == Done(
        0,
        f"gpt2: {folder} (from a local folder)\ntiny-neox: made from a seed when it is loaded "
        "(random weights, gpt_neox architecture, byte tokenizer)\n",
        "",
    )
