"""Headers are checked against the file; an index names files of its own folder; adapters are no models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_weights import ARRAYS, message, weights_in

from reprlab.models.locations import locate
from reprlab.models.tensors import tensors_in


def written(file: Path, header: Any, data: bytes = b"\0" * 8, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    file.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return file


def entry(**other: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | other


DAMAGED: dict[str, tuple[Any, int | None]] = {
    "a header longer than the file": ({"a": entry()}, 1 << 40),
    "a header of 2^64 - 1 bytes": ({"a": entry()}, (1 << 64) - 1),
    "an end before the beginning": ({"a": entry(data_offsets=[8, 0])}, None),
    "an end after the file": ({"a": entry(data_offsets=[0, 80], shape=[20])}, None),
    "a negative beginning": ({"a": entry(data_offsets=[-8, 0])}, None),
    "a huge beginning": ({"a": entry(data_offsets=[10**30, 10**30])}, None),
    "one offset": ({"a": entry(data_offsets=[0])}, None),
    "offsets in words": ({"a": entry(data_offsets=["0", "8"])}, None),
    "a shape of another size": ({"a": entry(shape=[3])}, None),
    "a negative shape": ({"a": entry(shape=[-2])}, None),
    "a shape of 10^40": ({"a": entry(shape=[10**40])}, None),
    "a shape that overflows": ({"a": entry(shape=[2**40, 2**40])}, None),
    "a shape in words": ({"a": entry(shape="2")}, None),
    "no dtype": ({"a": {"shape": [2], "data_offsets": [0, 8]}}, None),
    "a dtype of another kind": ({"a": entry(dtype=5)}, None),
    "a list": ([1], None),
    "text for a tensor": ({"a": "b"}, None),
    "a table of texts for a tensor": ({"a": {"b": "c"}}, None),
    "depth": (b"[" * 100_000, None),
    "no UTF-8": (b"\xff\xfe{}", None),
}


@pytest.mark.parametrize(("header", "length"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named(tmp_path: Path, header: Any, length: int | None) -> None:
    folder = weights_in(tmp_path / "m")
    file = written(folder / "model.safetensors", header, length=length)
    line = f"'{file}' is no safetensors file, or a damaged one: fetch it again"
    assert message(tensors_in, file) == message(locate, str(folder)) == line


def test_the_tensors_of_a_file_are_its_header(tmp_path: Path) -> None:
    found = tensors_in(weights_in(tmp_path / "m") / "model.safetensors")
    assert {name: one.shape for name, one in found.items()} == {k: v.shape for k, v in ARRAYS.items()}
    assert {name: one.dtype for name, one in found.items()} == {"a": "F32", "b": "F16"}
    assert tensors_in(written(tmp_path / "x", {"__metadata__": {"a": "b"}, "a": entry()})).keys() == {"a"}


@pytest.mark.parametrize(
    "name",
    [
        *("../model.safetensors", "/etc/passwd", "sub/model.safetensors", "..", "", "pytorch_model.bin"),
        *("a\\b.safetensors", "a\0.safetensors", "model.safetensors/", ".safetensors/../x.safetensors"),
    ],
)
def test_an_index_names_files_of_its_own_folder(tmp_path: Path, name: str) -> None:
    folder = weights_in(tmp_path / "m")
    weights_in(tmp_path)
    (folder / "pytorch_model.bin").write_bytes(b"")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model.safetensors", "b": name}}))
    assert f"'{index}' names " in message(locate, str(folder))


@pytest.mark.parametrize("text", ["[]", "{", '{"weight_map": []}', '{"weight_map": {"a": 5}}', "[" * 10_000])
def test_a_damaged_index_is_named(tmp_path: Path, text: str) -> None:
    folder = weights_in(tmp_path / "m")
    (folder / "model.safetensors.index.json").write_text(text)
    assert "model.safetensors.index.json' is damaged: fetch it again" in message(locate, str(folder))


def test_links_are_judged_by_their_names(tmp_path: Path) -> None:
    """As the hub's snapshots are made of."""
    blobs, folder = weights_in(tmp_path / "blobs"), tmp_path / "m"
    folder.mkdir()
    for file in blobs.iterdir():
        (folder / file.name).symlink_to(file)
    index = {"weight_map": {"a": "model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert locate(str(folder))
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tmp_path / "nowhere")
    assert "lacks model.safetensors" in message(locate, str(folder))
    index = {"weight_map": {"a": f"{'n' * 300}.safetensors"}}  # longer than a file system takes
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lacks nnn" in message(locate, str(folder))


def test_a_distributed_checkpoint_is_refused(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "m")
    (folder / ".metadata").write_bytes(b"\x80\x04")
    assert "is a distributed checkpoint (.metadata), which can run code" in message(locate, str(folder))


ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "../plain", "r": 4}


def test_an_adapter_is_said_with_weights_and_alone(tmp_path: Path) -> None:
    both, alone = weights_in(tmp_path / "both"), tmp_path / "alone"
    alone.mkdir()
    for folder in (both, alone):
        (folder / "adapter_config.json").write_text(json.dumps(ADAPTER))
    line = message(locate, str(both))
    assert "holds a PEFT adapter (LORA on '../plain') in addition to its weights" in line
    assert "merge_and_unload" in line
    assert "is a PEFT adapter (LORA on '../plain'), not a model: merge it" in message(locate, str(alone))
    assert locate(f"{both}@init")
    (both / "adapter_config.json").rename(both / "adapter_model.safetensors")  # an adapter without its words
    assert "or move adapter_model.safetensors away" in message(locate, str(both))
    (alone / "adapter_config.json").write_text("[")
    assert "is a PEFT adapter (an unknown kind on 'an unnamed model')" in message(locate, str(alone))


def test_a_tensor_counts_once(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "m")
    index = folder / "model.safetensors.index.json"
    (folder / "model.safetensors").rename(folder / "one.safetensors")
    shutil.copy(folder / "one.safetensors", folder / "two.safetensors")
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    assert "lies in one.safetensors and in two.safetensors" in message(locate, str(folder))
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors"}}))
    assert locate(str(folder))
    shutil.copy(folder / "one.safetensors", folder / "model.safetensors")
    assert "holds model.safetensors, and model.safetensors.index.json names other" in message(
        locate, str(folder)
    )
