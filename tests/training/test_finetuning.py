"""Fine-tuning trains the rewritten model, leaves the network alone, refuses in one line."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from examples import network
from tuned import RECIPE, SKIP, T, Whole, rows_of, same, tune, weights, written

import reprlab as rl
from reprlab.cli.finetune import finetune as command
from reprlab.errors import ReprlabError
from reprlab.scores.scores import Scores
from reprlab.training import runs
from reprlab.training.trainer import fit

# --- training ------------------------------------------------------------------------------------


def test_the_full_schedule_trains_as_the_module_itself_does(whole: Whole, data: Path) -> None:
    net = network("tiny-llama")
    plain = copy.deepcopy(net.module).requires_grad_(True)
    curve = fit(plain, rows_of(net, data), RECIPE, network=net, device="cpu").curve
    expected, found = plain.state_dict(), weights(whole, rl.Schedule.full(T))
    assert all(torch.equal(expected[name], weight) for name, weight in found.items())
    assert any(not torch.equal(net.module.state_dict()[name], weight) for name, weight in found.items())
    points = [point for point in whole.made.curves if point["schedule"] == "0:6"]
    assert points == [{"task": "arc", "schedule": "0:6", **point} for point in curve]


def test_layers_that_do_not_run_keep_their_weights_and_all_others_train(whole: Whole) -> None:
    before = network("tiny-llama").module.state_dict()
    found = weights(whole, SKIP)
    changed = {name for name, weight in found.items() if not torch.equal(before[name], weight)}
    assert changed == {name for name in found if "layers.2." not in name and "layers.3." not in name}


def test_the_network_and_the_random_state_stay_as_they_were(data: Path, tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    before = {name: weight.clone() for name, weight in net.module.state_dict().items()}
    config, layers = net.module.config.to_dict(), net.layers
    random.seed(3), np.random.seed(4), torch.manual_seed(5)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    tune(data, tmp_path, [], net, limit=2)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert after == states
    assert all(torch.equal(before[name], weight) for name, weight in net.module.state_dict().items())
    assert not any(weight.requires_grad or weight.grad is not None for weight in net.module.parameters())
    assert not any(part.training for part in net.module.modules())
    assert (net.module.config.to_dict(), net.layers) == (config, layers)


def test_memory_that_is_used_up_is_one_line_and_finished_runs_stay(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = tune(data, tmp_path / "whole", [SKIP, "0:3 4:6"]), list[int]()

    def full(*given: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return fit(*given, **options)

    monkeypatch.setattr(runs, "fit", full)
    with pytest.raises(rl.ReprlabError, match=r"give a smaller --micro-batch or --batch-tokens; finished"):
        tune(data, tmp_path / "part", [SKIP, "0:3 4:6"])
    assert same(tune(data, tmp_path / "part", [SKIP, "0:3 4:6"]), whole)
    assert len(calls) == 4  # of three runs, the full model's with them, one is made twice


# --- what is kept --------------------------------------------------------------------------------


def test_scores_pair_up_and_say_what_they_are(whole: Whole, data: Path) -> None:
    made = whole.made
    assert made.frozen.entries == made.tuned.entries
    assert [entry.label for entry in made.frozen.entries] == ["full", "0 1 4 5"]
    frozen, tuned = made.frozen.results(), made.tuned.results()
    assert (frozen.ids, frozen.columns, frozen.definition) == (tuned.ids, tuned.columns, tuned.definition)
    assert f"fine-tuned: {RECIPE}" in made.tuned.note
    assert (made.tuned.made_with["mode"], made.tuned.made_with["recipe"]) == (
        "fine-tuned",
        f"{RECIPE}, 4 rows at a time",
    )
    with pytest.raises(ReprlabError, match="sweeps of one network are joined"):
        made.frozen.joined(made.tuned)
    swept = rl.sweep(network("tiny-llama"), [SKIP], ["arc"], data_dir=data, limit=5, cache=whole.cache)
    assert np.array_equal(swept.results().values, frozen.values)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"limit": 0}, "--limit 0: give 1 or more"),
        ({"train_limit": 0}, "--train-limit 0: give 1 or more"),
        ({"batch_tokens": 0}, "--batch-tokens 0: give 1 or more"),
        ({"schedules": 6}, "schedules 6 (int): give schedules or their texts, one or a list of them"),
        ({"schedules": ["0:9"]}, "layer 8 does not exist in a model of 6 layers"),
        ({"schedules": None, "shares": [0, 1.5]}, "--shares 1.5: give numbers from 0 to 1"),
        ({"schedules": None, "shares": [math.nan]}, "--shares nan: give numbers from 0 to 1"),
        ({"task": "lambada"}, "unknown task to train on 'lambada': there are: arc, hellaswag, winogrande"),
        ({"task": "arc_easy"}, "unknown task to train on 'arc_easy'"),
        ({"task": "paper"}, "unknown task to train on 'paper'"),
        ({"preset": "papers"}, "unknown preset 'papers': did you mean 'paper'?"),
        ({"data_dir": "nowhere"}, "--data-dir 'nowhere' is no folder"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_one_line(
    options: dict[str, Any], says: str, data: Path, tmp_path: Path, fits: list[Any]
) -> None:
    with pytest.raises(ReprlabError) as caught:
        tune(data, tmp_path / "cache", **options)
    assert says in str(caught.value)
    assert not (tmp_path / "cache").exists()
    assert fits == []


def test_blocks_are_refused_before_any_rows_are_read(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"the block \(3\*2\)\?1 cannot run in"):
        rl.finetune(network("tiny-llama"), ["0:2 (3*2)?1 4:6"], data_dir=tmp_path, cache=tmp_path)


def test_missing_training_rows_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "arc_challenge" / "train.jsonl").unlink()
    with pytest.raises(ReprlabError) as caught:
        tune(folder, tmp_path / "cache")
    assert str(caught.value) == (
        f"benchmark 'arc' needs arc_challenge/train.jsonl in --data-dir '{folder}' to train on: put it there"
    )


@pytest.mark.parametrize(
    ("model", "dtype", "says"),
    [
        ("tiny-bert", "float32", "'tiny-bert' has no causal language head: fine-tuning trains one"),
        ("tiny-llama", "bfloat16", "training runs in float32, 'tiny-llama' is in bfloat16: --dtype float32"),
    ],
)
def test_networks_that_cannot_be_trained_are_named(
    model: str, dtype: str, says: str, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReprlabError) as caught:
        tune(data, tmp_path, net=rl.load(model, dtype=dtype))
    assert str(caught.value) == says


def test_a_network_on_several_devices_is_refused(data: Path, tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    net.module.hf_device_map = {"model.embed_tokens": 0, "model.layers": "cpu"}
    with pytest.raises(ReprlabError, match="training runs on one device, 'tiny-llama' is on 0, cpu"):
        tune(data, tmp_path, net=net)


# --- the command line ----------------------------------------------------------------------------


Call = Callable[..., str]


@pytest.fixture
def call(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs the command on tiny-llama in an empty folder; gives what it printed."""
    from reprlab.cli.terminal import out

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 200)
    app = typer.Typer()
    app.command()(command)

    def run(line: str) -> str:
        capsys.readouterr()
        given = ["--model", "tiny-llama", *line.split()]
        if "--data-dir" not in given:
            given += ["--data-dir", str(data)]
        app(given, standalone_mode=False)
        return capsys.readouterr().out

    return run


SMALL = "--batch 4 --rate 3e-3 --seed 7"


def test_the_command_prints_a_table_and_the_crossing(call: Call, tmp_path: Path, fits: list[Any]) -> None:
    files = "--out a/t.csv --out a/t.npz --curves a/c.csv"
    printed = call(f"{SMALL} --shares 0,.5 --train-limit 4 --limit 2 {files} --checkpoints w")
    assert len(fits) == 2
    lines = printed.splitlines()
    assert "fine-tuned: 1 epoch, batch 4, rate 0.003, seed 7" in lines[0]
    assert any(line.split()[:2] == ["full", "0.00"] for line in lines)
    assert any(line.split()[:3] == ["skip", "s=1", "0.50"] for line in lines)
    assert "the paper: 0.30" in printed
    assert lines[-3:] == ["a/t.csv", "a/t-frozen.npz", "a/t-tuned.npz"]
    head = (tmp_path / "a/t.csv").read_text().splitlines()[0].split(",")
    assert {"schedule", "frozen", "tuned", "low", "high"} <= set(head)
    assert Scores.load(tmp_path / "a/t-tuned.npz").entries[1].start == 1
    assert (tmp_path / "a/c.csv").read_text().startswith("task,schedule,loss")
    assert len(list((tmp_path / "w").glob("*/*.safetensors"))) == 2


def test_the_command_prints_json_and_writes_its_table(call: Call, tmp_path: Path) -> None:
    printed = call(f"{SMALL} --shares 0 --train-limit 4 --limit 2 --json")
    (found,) = json.loads(printed)
    assert found["model"] == "tiny-llama"
    assert {row["schedule"] for row in found["rows"]} == {"0:6"}
    assert set(found["crossing"]) == {"value", "low", "high", "none", "reason", "ends"}
    assert found["crossing"]["reason"] == "no turn: that takes two shares at least"
    assert (tmp_path / "reports/tiny-llama/finetune-arc-2.csv").is_file()
    again = call(
        f"{SMALL} --shares 0 --train-limit 4 --limit 2 --json --task arc_challenge"
    )  # lm-eval's name
    assert json.loads(again) == [found]
    files = [file.name for file in (tmp_path / "reports/tiny-llama").glob("[!.]*")]
    assert files == ["finetune-arc-2.csv"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--limit 0", "--limit 0: give 1 or more"),
        ("--train-limit 0", "--train-limit 0: give 1 or more"),
        ("--batch-tokens 0", "--batch-tokens 0: give 1 or more"),
        ("--batch 0", "--batch 0: give 1 or more"),
        ("--batch 4 --micro-batch 3", "--micro-batch 3: give a divisor of --batch 4"),
        ("--micro-batch 0", "--micro-batch 0: give a divisor of --batch 64"),
        ("--epochs 0", "--epochs 0: give 1 or more"),
        ("--rate 0", "--rate 0.0: give a number above 0"),
        ("--rate 1e300", "--rate 1e+300: give a number above 0, at most 1e+30"),
        ("--out a.csv --curves ./a.csv", "--out and --curves name the same file, 'a.csv': give two"),
        ("--seed -1", "--seed -1: give 0 or more"),
        ("--shares x", "--shares 'x': give numbers from 0 to 1 as in 0,.1,.3"),
        ("--shares 0,2", "--shares 2: give numbers from 0 to 1"),
        ("--shares 0 --schedule 0:6", "--schedule and --shares: give one of them"),
        ("--schedule [", "'[' is never closed"),
        ("--task lambada", "unknown task to train on 'lambada'"),
        ("--preset papers", "unknown preset 'papers'"),
        ("--data-dir nowhere", "--data-dir 'nowhere' is no folder"),
        ("--device gpu", "unknown device 'gpu'"),
        ("--out a.txt", "--out 'a.txt': the ending chooses the format; there are .csv, .npz"),
        ("--out file/a.csv", "--out 'file/a.csv' cannot be made: 'file' is a file"),
        ("--curves c.npz", "--curves 'c.npz': the ending chooses the format; there are .csv"),
        ("--checkpoints file", "--checkpoints 'file' cannot be made: 'file' is a file"),
        ("--model tiny-* --out a.csv", "--out names one file, and there are 21 results: leave --out away"),
    ],
    ids=str,
)
def test_a_wrong_command_is_refused_before_anything_is_loaded(
    call: Call, line: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        "reprlab.network.loading.open_network", lambda *_, **__: pytest.fail("a model was loaded")
    )
    with pytest.raises(ReprlabError) as caught:
        call(line)
    assert says in str(caught.value)
