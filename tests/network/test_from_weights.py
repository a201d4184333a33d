"""Folders of another form, damaged ones and hostile ones: a network or one line, in bounded time."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from examples import network
from made_weights import message

import reprlab as rl
from reprlab.network.memory import within_memory

JSON = ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """tiny-llama as a folder."""
    folder = tmp_path_factory.mktemp("whole") / "mine"
    network("tiny-llama").module.save_pretrained(folder)
    network("tiny-llama").tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def mine(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mine"))


def opened(folder: Path) -> str:
    """Load and run; "" or the one line. Any other exception is the test's failure."""
    try:
        net = rl.load(str(folder))
        net.hidden_states(net.batch(net.tokenize(["ab"])))
        net.generate(["ab"], max_new_tokens=2)
    except rl.ReprlabError as error:
        return str(error)
    return ""


WRONG: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**9, 10**30, 0.5, float("nan"), "", "x", "evil", [], [5], ["x"] * 4, {}, {"a": 1}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value, three deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(inner)[:40]:
        yield (*path, key)
        if len(path) < 2:
            yield from places(one, (*path, key))


def mutated(text: str, draw: random.Random) -> str:
    """A JSON file with one value of another kind, or one left out."""
    value = json.loads(text)
    *path, last = draw.choice(list(places(value)))
    inner = value
    for key in path:
        inner = inner[key]
    if isinstance(inner, dict) and draw.random() < 0.2:
        del inner[last]
    else:
        inner[last] = draw.choice(WRONG)
    return json.dumps(value)


@pytest.mark.parametrize("file", JSON)
def test_values_of_other_kinds_are_a_network_or_one_line(mine: Path, file: str) -> None:
    draw, text = random.Random(file), (mine / file).read_text()
    lines: list[str] = []
    for _ in range(40 if file == "config.json" else 15):
        (mine / file).write_text(mutated(text, draw))
        lines.append(opened(mine))
    assert any(lines)
    assert not any("\n" in line for line in lines)


CONFIGS: dict[str, dict[str, Any]] = {
    "no heads": {"num_attention_heads": 0},
    "a width in words": {"hidden_size": "x"},
    "a number for a list": {"architectures": 5},
    "numbers in a list": {"architectures": [5]},
    "no such dtype": {"dtype": "evil"},
    "no vocabulary": {"vocab_size": 0},
    "a vocabulary of 10^12": {"vocab_size": 10**12},
    "a width of 2^26": {"hidden_size": 1 << 26},
    "a billion layers": {"num_hidden_layers": 10**9},
    "a number with 400 digits": {"num_hidden_layers": 10**400},
    "an activation of another name": {"hidden_act": "os.system"},
    "an epsilon in words": {"rms_norm_eps": "x"},
    "angles in words": {"rope_parameters": {"rope_type": "evil"}},
    "another file of weights": {"transformers_weights": "adapter_model.bin"},
    "a way out of the folder": {"transformers_weights": "../model.safetensors"},
    "no type": {"model_type": None},
    "an unknown type": {"model_type": "no-such-model"},
    "quantised by a word": {"quantization_config": "evil"},
    "code of its own": {"auto_map": {"AutoConfig": "a.B", "AutoModelForCausalLM": "a.C"}, "model_type": "x"},
}


@pytest.mark.parametrize("change", CONFIGS.values(), ids=CONFIGS)
def test_a_config_that_asks_for_nonsense_is_refused(mine: Path, change: dict[str, Any]) -> None:
    file = mine / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert "mine" in opened(mine)


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def folder_of(file: Path) -> None:
    file.unlink()
    file.mkdir()


def nowhere(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


HARMS: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "no UTF-8": lambda file: file.write_bytes(b"\xff\xfe\x00{"),
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "deep": lambda file: file.write_text("[" * 100_000 + "]" * 100_000),
    "a list": lambda file: file.write_text("[1, 2]"),
    "a number": lambda file: file.write_text("5"),
    "null": lambda file: file.write_text("null"),
    "a pipe": pipe,
    "a folder": folder_of,
    "a link to nothing": nowhere,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_files_that_are_no_json_are_one_line(
    whole: Path, tmp_path: Path, harm: Callable[[Path], Any]
) -> None:
    for file in JSON:
        mine = Path(shutil.copytree(whole, tmp_path / file))
        harm(mine / file)
        assert opened(mine) or file in {"generation_config.json", "tokenizer_config.json"}


def test_weights_that_do_not_fit_are_refused_before_they_are_loaded(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    free = type("Memory", (), {"available": 90_000})
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert "MB are free: give --dtype bfloat16" in opened(mine)
    monkeypatch.setattr("reprlab.network.memory.SAID_ABOVE", 1)
    monkeypatch.undo()
    monkeypatch.setattr("reprlab.network.memory.SAID_ABOVE", 1)
    rl.load(str(mine), say=said.append)
    assert "its weights take 0 MB of memory in float32" in said[0]


ERRORS = (
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
)


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_out_of_memory_is_one_line_everywhere_and_loses_nothing(
    mine: Path, tmp_path: Path, error: Exception
) -> None:
    net = rl.load(str(mine))
    net.prove()  # runs it, too
    calls = iter(range(100))

    def full(*_: Any) -> None:
        if next(calls) >= 2:
            raise error

    corpus, options = rl.corpus("builtin"), {"documents": 6, "max_tokens": 20, "batch_tokens": 40}
    hook = net.layers[3].register_forward_pre_hook(full)
    options |= {"cache": tmp_path / "cache", "shard_bytes": 1}
    assert "give a smaller --batch-tokens; finished work is kept" in message(
        rl.capture, net, corpus, **options
    )
    for run in (
        lambda: rl.lens(net, corpus, documents=2),
        lambda: rl.sweep(net, ["0:6"], ["builtin_pronoun"], limit=2, cache=tmp_path),
        lambda: net.generate(["ab"]),
        lambda: net.logits(["ab"]),
    ):
        assert "--batch-tokens" in message(run)
    hook.remove()
    (ledger,) = (tmp_path / "cache").rglob("ledger.jsonl")
    kept = ledger.read_text()
    assert kept.count("\n") >= 1
    rl.capture(net, corpus, **options)
    assert ledger.read_text().startswith(kept)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="a shape"), within_memory("running"):
        raise RuntimeError("a shape is wrong")
