"""Weights are told apart by their numbers, damaged files are named, pickles are advised against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_weights import ARRAYS, COMMIT, PICKLED, message, weights_in
from safetensors.numpy import save_file

from reprlab.models.weights import Weights, pickle_advice


def digest(folder: Path, **fields: Any) -> str:
    return Weights("x", "", folder=folder, **fields).digest


CHANGED = {
    "a value": {**ARRAYS, "a": ARRAYS["a"] + 1},
    "a name": {"c": ARRAYS["a"], "b": ARRAYS["b"]},
    "a shape": {**ARRAYS, "a": ARRAYS["a"].reshape(3, 2)},
    "a dtype": {**ARRAYS, "b": ARRAYS["b"].view(np.int16)},
    "a tensor more": {**ARRAYS, "c": ARRAYS["b"]},
}


@pytest.mark.parametrize("arrays", CHANGED.values(), ids=CHANGED)
def test_the_digest_changes_with(tmp_path: Path, arrays: Mapping[str, Any]) -> None:
    assert digest(weights_in(tmp_path / "a")) != digest(weights_in(tmp_path / "b", arrays))


def test_the_digest_changes_with_the_configuration(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b", config='{"x": 1}')
    assert digest(a) != digest(b)
    assert digest(a, untrained=True) != digest(b, untrained=True)


def test_the_digest_is_of_the_content_not_of_the_place(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b")
    assert digest(a) == digest(b)
    assert digest(a).startswith("content:")
    assert digest(a, commit=COMMIT).startswith(f"hub:{COMMIT}:")
    save_file(dict(ARRAYS), b / "model.safetensors", metadata={"format": "pt"})
    assert digest(a) != digest(b)
    old = [Weights("x", "", folder=folder).old_digest for folder in (a, b)]
    assert old[0] == old[1]


def test_an_untrained_models_digest_is_of_its_configuration_alone(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b", CHANGED["a value"])
    assert digest(a, untrained=True) == digest(b, untrained=True) != digest(a)


def test_the_tokenizers_digest_changes_with_its_files_alone(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "a")
    before = Weights("x", "", folder=folder).tokenizer_digest
    weights_in(folder, CHANGED["a value"], config='{"x": 1}')
    assert Weights("x", "", folder=folder).tokenizer_digest == before
    (folder / "vocab.txt").write_text("a")
    assert Weights("x", "", folder=folder).tokenizer_digest != before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        b"\xff" * 64,
        b"\x02" + b"\0" * 7 + b"[]",
        b"\x08" + b"\0" * 7 + b'{"a":{}}',
        b"\x80" * 300,
    ],
)
def test_damaged_safetensors_are_named(tmp_path: Path, data: bytes) -> None:
    file = weights_in(tmp_path / "a") / "model.safetensors"
    file.write_bytes(data)
    assert message(lambda: Weights("x", "", folder=tmp_path / "a").old_digest) == (
        f"'{file}' is no safetensors file, or a damaged one: fetch it again"
    )


def test_pickle_advice_is_the_same_for_a_folder_and_the_hub() -> None:
    assert pickle_advice("'x'", "a.bin") == PICKLED.format(where="'x'", file="a.bin")
