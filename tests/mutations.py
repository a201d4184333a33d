"""Mutations: how a good file becomes a bad one, by chance that a seed fixes."""

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

HOSTILE = (
    *(None, True, False, 0, -1, 1, 2**31, -(2**63), 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *(
        "",
        "x",
        "0",
        "../../etc/passwd",
        "/etc/passwd",
        "\x1b[31m",
        "a\0b",
        "ü" * 300,
        "\ud800",
        "1:2",
        "9" * 5000,
    ),
    *([], {}, [[]], [None], {"": None}, [1, "x", None], {"a": {"b": []}}, ["x"] * 50, [[1.0, 2.0]]),
)
DTYPES = ("<f4", "<f8", ">f4", "<i4", "<i8", "<f2", "|b1", "<U3", "|S4", "<c8", "<u2")


def in_bytes(data: bytes, chance: random.Random) -> bytes:
    """Bits turned, bytes taken away, put in or repeated, or the end cut off."""
    out, at = bytearray(data), chance.randrange(len(data) + 1)
    size = chance.choice((1, 2, 8, 64))
    match chance.randrange(5):
        case 0:
            for _ in range(chance.choice((1, 1, 4))):
                if out:
                    out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
        case 1:
            del out[at:]
        case 2:
            del out[at : at + size]
        case 3:
            out[at:at] = chance.choice(
                (chance.randbytes(size), b"\0" * size, b"\xff" * size, b'"', b"[" * 2000)
            )
        case _:
            out[at:at] = out[at : at + size]
    return bytes(out)


def in_value(value: Any, chance: random.Random) -> Any:
    """A JSON value, one part of which is of another kind, missing, doubled or new."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return chance.choice(HOSTILE)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    copy, key = value.copy(), chance.choice(keys)
    match chance.randrange(6):
        case 0 if isinstance(copy, dict):
            del copy[key]
        case 0:
            copy.pop(key)
        case 1 if isinstance(copy, dict):
            copy[chance.choice(("x", "", "model", "schedule"))] = chance.choice(HOSTILE)
        case 1:
            copy.insert(key, copy[key])
        case _:
            copy[key] = in_value(copy[key], chance)
    return copy


def in_json(data: bytes, chance: random.Random) -> bytes:
    """A JSON file with a part changed, or its bytes."""
    if chance.random() < 0.3:
        return in_bytes(data, chance)
    return json.dumps(in_value(json.loads(data), chance)).encode()


def in_jsonl(data: bytes, chance: random.Random) -> bytes:
    """A file of JSON rows with a part of one changed, or its bytes."""
    if chance.random() < 0.3:
        return in_bytes(data, chance)
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at] = json.dumps(in_value(json.loads(lines[at]), chance)).encode() + b"\n"
    return b"".join(lines)


def in_array(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """An array of another shape or dtype, with other numbers or none."""
    match chance.randrange(6):
        case 0:
            return array.astype(chance.choice(DTYPES), casting="unsafe")
        case 1:
            return array[..., None]
        case 2:
            return array[: len(array) // 2] if array.ndim else array
        case 3:
            return array.ravel()
        case 4:
            return np.full_like(array, chance.choice((0, 1, 127)))
        case _:
            return np.zeros(chance.choice(((), (0,), (0, 3), (2, 0), (1, 1, 1))), array.dtype)


def in_npz(data: bytes, chance: random.Random) -> bytes:
    """An .npz file with an array changed, missing or new, its labels changed, or its bytes."""
    if chance.random() < 0.25:
        return in_bytes(data, chance)
    with np.load(io.BytesIO(data)) as file:
        arrays = dict(file)
    name = chance.choice(list(arrays))
    if "about" in arrays and chance.random() < 0.6:
        text = in_json(arrays["about"].tobytes(), chance)
        arrays["about"] = np.frombuffer(text, np.uint8)
    elif chance.random() < 0.2:
        arrays[chance.choice(("x", "values7", "offsets"))] = arrays.pop(name)
    else:
        with np.errstate(all="ignore"):
            try:
                arrays[name] = in_array(arrays[name], chance)
            except (ValueError, TypeError, OverflowError):
                del arrays[name]
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def in_safetensors(data: bytes, chance: random.Random) -> bytes:
    """A safetensors file with another head, another length of it, or its bytes."""
    size = int.from_bytes(data[:8], "little")
    match chance.randrange(3):
        case 0:
            return in_bytes(data, chance)
        case 1:
            return (
                chance.choice((0, 1, size - 1, size + 1, 2**40, 2**64 - 1)).to_bytes(8, "little") + data[8:]
            )
        case _:
            head = json.dumps(in_value(json.loads(data[8 : 8 + size]), chance)).encode()
            return len(head).to_bytes(8, "little") + head + data[8 + size :]


def in_shard(path: Path, chance: random.Random) -> None:
    """A shard, in place, with a data set changed, missing, linked to elsewhere, virtual or packed."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, one: names.append(name) if isinstance(one, h5py.Dataset) else None)
        name = chance.choice(names)
        data = file[name][()]
        del file[name]
        numbers = data if data.dtype.kind != "O" else np.zeros(len(data), "S4")
        makers: tuple[Callable[[], Any], ...] = (
            lambda: None,
            lambda: file.__setitem__(name, h5py.ExternalLink("/etc/passwd", "/x")),
            lambda: file.__setitem__(name, h5py.SoftLink("/norms")),
            lambda: file.create_group(name),
            lambda: file.create_dataset(name, (2**40, 3, 2), "f4"),
            lambda: file.create_dataset(name, numbers.shape, "f4", external=[("/etc/passwd", 0, 2**31)]),
            lambda: file.create_virtual_dataset(name, h5py.VirtualLayout(numbers.shape, "f4")),
            lambda: file.create_dataset(name, data=np.atleast_1d(numbers), compression="gzip"),
            lambda: file.create_dataset(name, data=in_array(numbers, chance)),
            lambda: file.create_dataset(name, data=in_array(numbers, chance)),
        )
        try:
            chance.choice(makers)()
        except (ValueError, TypeError, OverflowError, OSError):
            return
