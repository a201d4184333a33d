"""A token beyond the embeddings is one line that names its document, in whatever runs it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from examples import network
from made_weights import message

import reprlab as rl
from reprlab.network.limits import position_limit


@pytest.fixture
def thinking() -> Any:
    """tiny-llama, 260 embeddings, with a tokenizer that knows two more tokens."""
    tiny = network("tiny-llama")
    tokenizer = copy.deepcopy(tiny.tokenizer)
    tokenizer.add_tokens(["<think>", "</think>"])
    return rl.load(tiny.module, tokenizer=tokenizer)


@pytest.fixture
def corpus(tmp_path: Path) -> Any:
    file = tmp_path / "texts.jsonl"
    rows = [{"id": "first", "text": "plain"}, {"id": "other", "text": "now <think> and go on"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rl.corpus(str(file))


RUNS: dict[str, Callable[[Any, Any], object]] = {
    "capture": rl.capture,
    "lens": rl.lens,
    "logits": lambda net, texts: net.logits(texts.texts),
    "generate": lambda net, texts: net.generate(texts.texts),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_it_is_named(thinking: Any, corpus: Any, run: Callable[[Any, Any], object]) -> None:
    line = message(run, thinking, corpus)
    assert "has token 260, 'memory:" in line
    assert "has 260 embeddings" in line
    assert corpus.ids[1] in line or "text 1" in line


def test_a_benchmarks_document_is_named(thinking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    full = rl.sweep(thinking, ["0:6"], ["builtin_pronoun"], limit=2)
    assert full.results("builtin_pronoun").values.size
    thinking.tokenizer.add_tokens([" the"])
    line = message(rl.sweep, thinking, ["0:6"], ["builtin_cloze"], limit=30)
    assert "benchmark 'builtin_cloze': document" in line
    assert "has token 262" in line


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"max_position_embeddings": 64}, 64),
        ({"n_positions": 32}, 32),
        ({"n_ctx": 16}, 16),
        ({"max_seq_len": 48}, 48),
        ({"seq_length": 40}, 40),
        ({"max_position_embeddings": None, "max_sequence_length": 24}, 24),
        ({"model_type": "bloom", "seq_length": 2048}, None),
        ({}, None),
    ],
)
def test_a_position_limit_has_many_names(fields: dict[str, Any], limit: int | None) -> None:
    assert position_limit(type("Config", (), {"model_type": "any", **fields})) == limit
