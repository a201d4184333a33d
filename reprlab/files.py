"""Files: names as folders, JSON and JSONL, results by their ending, and writing whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, unquote
from uuid import uuid4

from reprlab.arguments import path as taken_path
from reprlab.errors import ReprlabError
from reprlab.foreign import parsed, read_text


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


Written = bytes | str


def write_result(path: Path | str, kinds: Mapping[str, Callable[[], Written]], what: str) -> None:
    """Write a result whole, in the kind that the file's ending names; `what` says it in words.

    `kinds` gives the bytes or the text of each ending, `.json` or `.csv`. A device or a pipe may have no
    ending: it gets the first kind. Raises `ReprlabError` for other endings and for what the disk refuses.
    """
    path = taken_path("path", path)
    ending = path.suffix.lower() or (next(iter(kinds)) if is_device(path) else "")
    if ending not in kinds:
        *others, last = kinds
        listed = f"{', '.join(others)} or {last}" if others else last
        raise ReprlabError(f"{what} are saved as {listed}, not as '{path.name}'")
    write_whole(path, kinds[ending]())


def json_of(data: Any) -> str:
    """A result's fields as the text of a JSON file."""
    return json.dumps(plain(data), indent=1) + "\n"


def csv_of(frame: Any) -> str:
    """A table of pandas's as the text of a CSV file."""
    return frame.to_csv(index=False)


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
    """Turn what the disk refuses while a file is written into one line."""
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


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that a power loss takes none of them away."""
    new = [part for part in (folder, *folder.parents) if not part.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for part in reversed(new):
        _fsync_folder(part.parent)


def _fsync_folder(folder: Path) -> None:
    with suppress(PermissionError):  # one that may be written and not read
        fsync(folder)


_OWN = re.compile(r"/dev/(?:stdin|stdout|stderr|fd/(\d+))|/proc/self/fd/(\d+)")
_STREAMS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def is_device(path: Path) -> bool:
    """Whether a path is no place for a file: a device, a pipe, or what this process has open."""
    if _opened_as(path) is not None:
        return True
    with suppress(OSError):  # a name that is too long
        return path.exists() and not path.is_file() and not path.is_dir()
    return False


def _opened_as(path: Path) -> int | None:
    """The number under which this process has a path open, as it has /dev/stdout."""
    with suppress(OSError):
        led = [path, path.parent / path.readlink()] if path.is_symlink() else [path]
        match = next(filter(None, (_OWN.fullmatch(str(one)) for one in led)), None)
        if match is not None:
            return int(match[1] or match[2] or _STREAMS[match[0]])
    return None


def write_whole(path: Path, data: Written) -> None:
    """Write a file whole or not at all: a scratch file in its folder, made durable, takes its name.

    The folder is made. A file that was there keeps its mode, a link stays one and its target is written; a
    new file gets what the umask allows. A device or a pipe is written to as it is.
    """
    raw = data if isinstance(data, bytes) else data.encode(errors="backslashreplace")
    try:
        if is_device(path):
            _pour(path, raw)
            return
        target = path.resolve() if path.is_symlink() else path
        make_folder(target.parent)
        with whole_file(target) as file:
            file.write(raw)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a zero byte in a name
        raise ReprlabError(_refusal(path, error)) from error


def _pour(path: Path, data: bytes) -> None:
    number = _opened_as(path)
    if number is not None:
        sys.stdout.flush()
    with os.fdopen(os.dup(number), "wb") if number is not None else path.open("wb") as stream:
        stream.write(data)


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _refusal(path: Path, error: Exception) -> str:
    full, free = "", path.absolute().parent
    if isinstance(error, OSError) and error.errno in _FULL:
        there = next(folder for folder in (free, *free.parents) if folder.is_dir())
        full = f" ({shutil.disk_usage(there).free / 1e9:.2f} GB free): the old file stays: make room"
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())
    return f"cannot write '{path}': {reason}{full}"


@contextmanager
def whole_file(target: Path) -> Generator[IO[bytes]]:
    """A file to write that takes the name of `target` once it is complete; else it leaves nothing."""
    before = target.stat() if target.exists() else None
    if before is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    scratch, file = _scratch(target.parent)
    try:
        with file:
            yield file
            file.flush()
            if before is not None:
                _alike(file.fileno(), before)
            os.fsync(file.fileno())
            scratch.replace(target)
        _fsync_folder(target.parent)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _alike(file: int, before: os.stat_result) -> None:
    """Give a file the owner and the mode of the one that it replaces, as far as this process may."""
    with suppress(PermissionError):
        os.fchown(file, before.st_uid, before.st_gid)
    os.fchmod(file, stat.S_IMODE(before.st_mode))


_SCRATCH = ".reprlab-{}.new"


def _scratch(folder: Path) -> tuple[Path, IO[bytes]]:
    """A new file in a folder, locked while it is written; what killed writers left is deleted."""
    for left in folder.glob(_SCRATCH.format("*")):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused where its writer lives
            left.unlink()
    while True:
        scratch = folder / _SCRATCH.format(uuid4().hex)
        file = scratch.open("xb")
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if scratch.exists():  # not taken for a killed writer's before it was locked
            return scratch, file
        file.close()


@contextmanager
def whole_folder(target: Path) -> Generator[Path]:
    """A folder to fill that takes the name of `target`, durable, once it is complete.

    The caller holds a lock. What a killed call left is deleted first, and what was at `target` is replaced.
    """
    scratch, old = (target.with_name(f".{target.name}.{end}") for end in ("part", "old"))
    for left in (scratch, old):
        shutil.rmtree(left, ignore_errors=True)
    make_folder(scratch)
    try:
        yield scratch
        for path in (*scratch.rglob("*"), scratch):
            fsync(path)
        if target.exists():
            target.rename(old)
        scratch.rename(target)
        _fsync_folder(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
