"""A GGUF file that is no whole one is one line, in no time and no memory, whatever it counts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from made_weights import gguf_file, message

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.models.copies import COPY, is_whole
from reprlab.models.gguf import GgufHead, gguf_head
from reprlab.models.locations import dequantised_folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gguf_file(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def test_the_head_says_what_a_copy_takes(whole: Path) -> None:
    head = gguf_head(whole)
    assert (head.architecture, head.dtype("auto")) == ("llama", "float32")
    assert head.bytes("float32") == 2 * head.bytes("bfloat16") == 4 * head.numbers
    large = GgufHead("llama", 1 << 32)
    asked = ("auto", "bfloat16", "float16", "float32")
    assert [large.dtype(one) for one in asked] == ["bfloat16", "bfloat16", "float32", "float32"]


DAMAGED = {
    "empty": (lambda data: b"", "it is empty"),
    "the magic alone": (lambda data: data[:4], "damaged"),
    "another magic": (lambda data: b"GGML" + data[4:], "it does not begin with GGUF"),
    "a pointer": (lambda data: b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
    "a cut head": (lambda data: data[:400], "damaged"),
    "cut tensors": (lambda data: data[: len(data) * 3 // 4], "it is cut off"),
    "a count of tensors": (lambda data: data[:8] + b"\xff" * 8 + data[16:], "it counts more than it holds"),
    "a count of fields": (lambda data: data[:16] + b"\xff" * 7 + data[23:], "it counts more than it holds"),
    "another version": (lambda data: data[:4] + b"\x09" + data[5:], "its version is 9"),
}


@pytest.mark.parametrize(("harm", "says"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_one_line(whole: Path, tmp_path: Path, harm: object, says: str) -> None:
    assert callable(harm)
    file = tmp_path / "x.gguf"
    file.write_bytes(harm(whole.read_bytes()))
    said = message(rl.load, str(file), models_dir=tmp_path)
    assert says in said
    assert "\n" not in said


def test_a_mutated_head_is_read_or_refused(whole: Path, tmp_path: Path) -> None:
    chance, data, file = random.Random(16), whole.read_bytes(), tmp_path / "x.gguf"
    for _ in range(600):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 1, 4])):
            changed[chance.randrange(7000)] = chance.randrange(256)
        file.write_bytes(changed)
        try:
            gguf_head(file)
        except ReprlabError as error:
            assert str(file) in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "change", [{"architecture": "no-such"}, {"lacks": "blk.1.attn_q.weight"}, {"lacks": "blk.1."}]
)
def test_a_file_that_is_no_whole_network_is_one_line(tmp_path: Path, change: dict[str, str]) -> None:
    file = gguf_file(tmp_path / "x.gguf", **change)
    said = message(rl.load, str(file), models_dir=tmp_path)
    assert str(file) in said
    assert "\n" not in said
    assert [path.name for path in (tmp_path / ".dequantised").iterdir() if path.is_dir()] == []


HARMS = {"config.json": "", "tokenizer.json": "{", "model.safetensors": "short", COPY: None}


@pytest.mark.parametrize("name", HARMS)
def test_a_half_made_copy_is_made_again(whole: Path, tmp_path: Path, name: str) -> None:
    copy = rl.fetch(str(whole), models_dir=tmp_path).folder
    assert copy is not None
    assert copy == dequantised_folder(whole, tmp_path)
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    harm = HARMS[name]
    for left in [] if harm is None else [harm, None]:
        (copy / name).unlink() if left is None else (copy / name).write_text(left)
        assert not is_whole(copy)
        assert rl.fetch(str(whole), models_dir=tmp_path).folder == copy
        assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_a_large_file_is_dequantised_to_bfloat16_unless_it_is_asked_for(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprlab.models.gguf._SMALL", 0)
    half = rl.load(str(whole), models_dir=tmp_path)
    assert (half.dtype, half.note) == ("float32", "tiny, GGUF dequantised to bfloat16")
    exact = rl.load(str(whole), models_dir=tmp_path, dtype="float32")
    assert exact.note == "tiny, GGUF dequantised"
    rounded = [p.bfloat16().float() for p in exact.module.parameters()]
    assert all(map(lambda a, b: bool((a == b).all()), rounded, half.module.parameters()))
    assert len([f for f in (tmp_path / ".dequantised").iterdir() if f.is_dir()]) == 2


def test_dequantising_says_how_far_it_is(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprlab.progress.EVERY", 0.0)
    said: list[str] = []
    rl.fetch(str(whole), models_dir=tmp_path, say=said.append)
    shares = [line for line in said if line.startswith("dequantising tiny.gguf: ")]
    assert "100 % done" in shares[-1]
    assert len(shares) > 2


def test_a_machine_without_memory_says_so(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    none = SimpleNamespace(available=0, free=0)
    for name in ("virtual_memory", "swap_memory"):
        monkeypatch.setattr(f"psutil.{name}", lambda: none)
    assert "dequantising 'tiny.gguf' needs 0 MB of memory, where 0 MB are free" in message(
        rl.load, str(whole), models_dir=tmp_path
    )
