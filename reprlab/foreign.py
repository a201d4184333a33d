"""Foreign files: what others may have written is read within bounds, and checked once, here."""

from __future__ import annotations

import json
import math
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import numpy as np
from numpy.lib import format as npy

from reprlab.arrays import AnyArray
from reprlab.errors import ReprlabError
from reprlab.memory import free_bytes

MOST = 4 << 30  # bytes of a text that is read whole
_WRONG = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
_BROKEN = (*_WRONG, OSError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)

T = TypeVar("T")


def is_file(path: Path | str) -> bool:
    """Whether a file is there; no name is too long or too odd to ask.

    >>> is_file("n" * 300), is_file("a\\0b")
    (False, False)
    """
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's raises for such names


def is_there(path: Path | str) -> bool:
    """Whether anything is there: a file, a folder, a pipe; a link that leads nowhere is not."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib's raises for some names


@contextmanager
def opened(path: Path | str, most: int | None = None) -> Generator[IO[bytes]]:
    """A regular file, open; a pipe or a device, which may never end, is refused, and so is a folder."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise ReprlabError(f"cannot read '{path}': {getattr(error, 'strerror', None) or error}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
            raise ReprlabError(f"cannot read '{path}': it is {what}, a file is needed")
        if most is not None and status.st_size > most:
            raise ReprlabError(f"'{path}' has {status.st_size:,} bytes; at most {most:,} are read")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            yield stream
    finally:
        os.close(handle)


def read_bytes(path: Path | str, most: int = MOST) -> bytes:
    """A file's bytes; raises `ReprlabError` for what cannot be read or is larger than `most`."""
    with opened(path, most) as stream:
        try:
            return stream.read(most)
        except (OSError, MemoryError) as error:
            why = getattr(error, "strerror", None) or "memory does not hold it"
            raise ReprlabError(f"cannot read '{path}': {why}") from error


def read_text(path: Path | str, what: str = "") -> str:
    """A file's text; a mark that Windows puts first is no text. Raises `ReprlabError`."""
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ReprlabError(
            f"{what}'{path}' is not UTF-8 (byte {error.start}): convert it, for instance with iconv -t UTF-8"
        ) from error


def parsed(where: str, text: str, *, constants: bool = True) -> Any:
    """What a JSON text says; `where` names it in the error. Without `constants` NaN and Infinity are none.

    >>> parsed("'a.json'", "[1")
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: 'a.json' is not JSON: Expecting ',' delimiter
    """
    try:
        return json.loads(text, parse_constant=None if constants else _no_number)
    except (ValueError, RecursionError) as error:  # also a number, or nesting, beyond what Python takes
        raise ReprlabError(f"{where} is not JSON: {getattr(error, 'msg', error)}") from error


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON's")


def read_json(path: Path | str) -> Any:
    """What a JSON file says."""
    return parsed(f"'{path}'", read_text(path))


@contextmanager
def holds(path: Path | str, what: str) -> Generator[None]:
    """Turn what code that takes a file apart raises into one line: the file holds no such thing."""
    try:
        yield
    except (ReprlabError, *_BROKEN) as error:
        raise ReprlabError(f"'{path}' holds no {what} that reprlab wrote: {_said(error)}") from error


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return (
        f"no '{error.args[0]}'"
        if isinstance(error, KeyError) and error.args
        else text or type(error).__name__
    )


def validated(kind: type[T], data: Any) -> T:
    """A value of a kind (a dataclass, a pydantic model, a type) from what JSON holds, every part checked.

    Raises `ValueError` that names the field, what was found, and what is needed.

    >>> validated(dict[str, int], {"a": 1, "b": "x"})
    Traceback (most recent call last):
    ValueError: b: 'x' was found: Input should be a valid integer
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise ValueError(problem(error)) from error


@lru_cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def problem(error: Any) -> str:
    """The first thing that a pydantic error says, in a line: field, what was found, what is needed."""
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    said = str(first["msg"]).removeprefix("Value error, ")
    found = "" if first["type"] in {"missing", "json_invalid"} else f"{_short(first['input'])} was found: "
    return f"{field}: {found}{said}" if field else f"{found}{said}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def known(data: Any, names: Iterable[str]) -> dict[str, Any]:
    """An object of JSON with no other keys than these; raises `ValueError` elsewise."""
    if not isinstance(data, dict):
        raise ValueError(f"{_short(data)} was found, an object with fields is needed")
    data = cast(dict[str, Any], data)
    if other := sorted(set(data) - set(names)):
        raise ValueError(f"unknown field '{other[0]}'")
    return data


def with_nan(value: Any) -> Any:
    """A value of JSON with NaN for null inside its lists.

    >>> with_nan({"a": [1, None], "b": None})
    {'a': [1, nan], 'b': None}
    """
    if isinstance(value, dict):
        return {key: with_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [math.nan if part is None else with_nan(part) for part in value]
    return value


def matrix(rows: Any) -> AnyArray:
    """A matrix of JSON, null as NaN; raises `ValueError` for anything else."""
    rows = rows.tolist() if isinstance(rows, np.ndarray) else with_nan(rows)
    array = np.array(validated(list[list[float]], rows), dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise ValueError("a matrix of numbers is needed")
    return array


def square(rows: Any) -> AnyArray:
    """A matrix of JSON with as many columns as rows."""
    array = matrix(rows)
    if array.shape[0] != array.shape[1]:
        raise ValueError(f"a matrix of {array.shape[0]} rows and {array.shape[1]} columns is not square")
    return array


@dataclass(frozen=True)
class StoredArray:
    """An array in an .npz file whose head has been read: its shape and dtype; `read` gives its numbers."""

    path: Path
    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows_last: bool  # Fortran's order
    head: int

    def read(self) -> AnyArray:
        """The numbers, in this machine's order of bytes."""
        with self.archive.open(self.info) as stream:
            stream.read(self.head)
            data = bytearray(self.info.file_size - self.head)  # an array that may be written to
            if cast(Any, stream).readinto(data) != len(data):
                raise EOFError(f"'{self.info.filename}' is cut off")
        flat = np.frombuffer(data, dtype=self.dtype)
        array = flat.reshape(self.shape, order="F" if self.rows_last else "C")
        return array.astype(self.dtype.newbyteorder("="), copy=False)


@contextmanager
def opened_npz(path: Path | str, kinds: Collection[str] = "biuf") -> Generator[dict[str, StoredArray]]:
    """The arrays of an .npz file by name, checked but not read: no pickles, and as many bytes as it says.

    An array that says more than its bytes, or than memory holds, is refused before any is read. `kinds` are
    NumPy's letters of the dtypes that are taken. Raises `ReprlabError`.
    """
    with opened(path) as stream, _as_archive(path):
        archive = zipfile.ZipFile(stream)
        arrays = {a.info.filename.removesuffix(".npy"): a for a in _heads(Path(path), archive, kinds)}
        _fits(sum(array.info.file_size for array in arrays.values()))
        yield arrays


@contextmanager
def _as_archive(path: Path | str) -> Generator[None]:
    try:
        yield
    except zipfile.BadZipFile as error:
        raise ReprlabError(f"'{path}' is no .npz file, or a damaged one: {_said(error)}") from error
    except _BROKEN as error:
        raise ReprlabError(f"'{path}' cannot be read as .npz: {_said(error)}") from error


def _heads(path: Path, archive: zipfile.ZipFile, kinds: Collection[str]) -> Generator[StoredArray]:
    for info in archive.infolist():
        with archive.open(info) as stream:
            version = npy.read_magic(stream)
            if version not in {(1, 0), (2, 0)}:
                raise ValueError(f"'{info.filename}' has a format of arrays that is not known: {version}")
            head = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, rows_last, dtype = head(stream)
            start = stream.tell()
        if dtype.hasobject:
            raise ValueError(f"'{info.filename}' holds pickled objects, plain arrays of numbers are read")
        if dtype.kind not in kinds:
            raise ValueError(f"'{info.filename}' holds {dtype}, which are no numbers")
        if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != info.file_size - start:
            raise ValueError(
                f"'{info.filename}' says that it has the shape {shape} of {dtype}, "
                f"its {info.file_size - start:,} bytes are not that many"
            )
        yield StoredArray(path, archive, info, shape, dtype, rows_last, start)


def _fits(size: int) -> None:
    free = free_bytes()
    if size > free:
        raise ValueError(f"its arrays take {size / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free")


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """A text from outside, safe to print: signs that steer a terminal are written out; line ends stay.

    >>> print(printable("a\\x1b[31mb\\n"), end="")
    a\\x1b[31mb
    """
    return _CONTROLS.sub(lambda sign: ascii(sign[0])[1:-1], text)
