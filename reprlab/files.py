"""Files: names as folders, JSON and JSONL, results, and writing whole or not at all."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

from reprlab.errors import ReprlabError
from reprlab.inputs import parsed, read_text


def plain(value: Any) -> Any:
    """A value as JSON holds it: tuples as lists, NaN and infinite numbers as null.

    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_result(path: Path | str, data: Any, frame: Callable[[], Any]) -> None:
    """Write a result's fields as JSON, or its table as CSV, by the file's ending."""
    path = Path(path)
    if path.suffix == ".csv":
        path.write_text(frame().to_csv(index=False), encoding="utf-8")
        return
    path.write_text(json.dumps(plain(data), indent=1) + "\n", encoding="utf-8")


JsonObject = dict[str, Any]


def jsonl_rows(path: Path) -> Iterator[tuple[str, JsonObject]]:
    """Each row of a file, after the words for its place: `'FILE' line 3`. Blank lines are no rows.

    Lines are parsed as they are asked for, so the first rows of a long file are cheap. A line ends at a
    line feed only: other signs that part lines may stand in a text. Raises `ReprlabError` for a file that
    cannot be read, is not UTF-8 or holds no rows, and for a line that is no JSON object.
    """
    any_row = False
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            any_row = True
            where = f"'{path}' line {number}"
            yield where, json_object(where, line)
    if not any_row:
        raise ReprlabError(f"'{path}' holds no rows")


def json_object(where: str, line: str) -> JsonObject:
    """A line of JSONL as an object; `where` is its place in words."""
    row = parsed(where, line)
    if not isinstance(row, dict):
        raise ReprlabError(f"{where} is a {type(row).__name__}, not an object with fields")
    return cast(JsonObject, row)


def slug(name: str) -> str:
    """The folder that stands for a name: injective, safe on every file system, readable.

    >>> slug("EleutherAI/pythia-70m@step1000")
    'EleutherAI%2Fpythia-70m@step1000'
    """
    text = quote(name, safe="@+").replace("~", "%7E")
    return f"%2E{text[1:]}" if text.startswith(".") else text


def unslug(folder: str) -> str:
    """The name for which a folder stands: `unslug(slug(name)) == name`."""
    return unquote(folder)


def cache_folder(given: Path | str | None = None) -> Path:
    """Where captures are kept: the given folder, else $REPRLAB_CACHE, else ./cache."""
    chosen = given or os.environ.get("REPRLAB_CACHE") or "cache"
    return Path(os.path.expanduser(chosen))  # noqa: PTH111 - leaves ~nobody as it is


@contextmanager
def on_disk(path: Path) -> Generator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # h5py raises both
        there = next(folder for folder in path.absolute().parents if folder.is_dir())
        free = shutil.disk_usage(there).free
        raise ReprlabError(
            f"cannot write '{path.parent}' ({' '.join(str(error).split())[:120]}; {free / 1e9:.2f} GB free): "
            "complete files stay good; make room and run the same command again"
        ) from error


def fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_line(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file whole or not at all: a scratch file in its folder, made durable, takes its name."""
    scratch = path.with_name(f".{path.name}.new")
    try:
        with on_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_bytes(data.encode() if isinstance(data, str) else data)
            fsync(scratch)
            scratch.replace(path)
            fsync(path.parent)
    except ReprlabError:
        scratch.unlink(missing_ok=True)
        raise
