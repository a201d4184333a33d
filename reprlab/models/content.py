"""The bytes of files as digests: every byte is read, once for each state of a file, by one process at a time.

A digest is remembered by the file's real path, size, times and inode. The memory is a folder of small JSON
files; where none can be written, the file is read again each time.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import xxhash
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from reprlab.errors import ReprlabError
from reprlab.files import write_whole
from reprlab.progress import Say

REMEMBERED = 1 << 20  # bytes; smaller files are read each time
LARGE = 1 << 30  # bytes from which on reading a file is said
_CHUNK = 8 << 20
_EVERY = 30.0  # seconds between two lines of progress
_SETTLED = 2_000_000_000  # nanoseconds; a younger file may change once more without another time


class FileState(NamedTuple):
    """What changes when a file's bytes do."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @property
    def settled(self) -> bool:
        """Whether its last change is old enough that another one would show."""
        return time.time_ns() - max(self.mtime_ns, self.ctime_ns) > _SETTLED


class _Remembered(BaseModel):
    """One file's digest, and the state in which it had it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    digest: str


def file_state(file: Path) -> FileState:
    """The state of an ordinary file, links followed."""
    try:
        return _state(file, os.stat(file))  # noqa: PTH116 - a link to nothing is an error here
    except OSError as error:
        raise ReprlabError(f"cannot read '{file}': {error.strerror}") from error


def byte_digest(
    file: Path, memories: Sequence[Path] = (), *, say: Say = lambda _: None, kind: str = "xxh3_128"
) -> str:
    """The digest of every byte of a file in hexadecimal: XXH3-128, or another `kind` that `kinds` has.

    `memories` are folders that may know it; the first that can be written remembers it. Raises
    `ReprlabError` where the file cannot be read, or changes while it is read.
    """
    path = Path(os.path.realpath(file))
    now = file_state(path)
    if now.size < REMEMBERED:
        return _read(path, kind, say)[0]
    if known := _recalled(path, now, kind, memories):
        return known
    with _alone(path, memories, say) as memory:
        now = file_state(path)
        if known := _recalled(path, now, kind, memories):  # another process has read it meanwhile
            return known
        settled = now.settled
        digest, read = _read(path, kind, say)
        if memory is not None and settled and read == now:
            _remember(memory, path, now, kind, digest)
        return digest


@contextmanager
def unchanged(files: Iterable[Path]) -> Generator[None]:
    """Raises `ReprlabError` at the end where one of the files is not in the state that it had."""
    before = {file: file_state(file) for file in files}
    yield
    for file, state in before.items():
        if file_state(file) != state:
            raise _changed(file)


def _state(file: Path, found: os.stat_result) -> FileState:
    if not stat.S_ISREG(found.st_mode):
        raise ReprlabError(f"'{file}' is no ordinary file: weights are files")
    return FileState(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _read(path: Path, kind: str, say: Say) -> tuple[str, FileState]:
    """The digest of a file's bytes, and the state that it had from the first byte to the last."""
    total = kinds(path)[kind]()
    try:
        with path.open("rb", buffering=0) as stream:
            before = _state(path, os.fstat(stream.fileno()))
            said = _Said(path, before.size, say)
            for chunk in _chunks(stream.readinto):
                total.update(chunk)
                said.add(len(chunk))
            after = _state(path, os.fstat(stream.fileno()))
    except OSError as error:
        raise ReprlabError(f"cannot read '{path}': {error.strerror}") from error
    if not before == after == file_state(path):
        raise _changed(path)
    return total.hexdigest(), before


def kinds(path: Path) -> dict[str, Callable[[], Any]]:
    """The digests that a file's bytes may have: XXH3-128, and the two by which the hub names its blobs."""

    def git() -> Any:
        return hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)

    return {"xxh3_128": xxhash.xxh3_128, "sha256": hashlib.sha256, "git": git}


def _chunks(readinto: Callable[[bytearray], int | None]) -> Iterator[memoryview]:
    buffer = bytearray(_CHUNK)
    while count := readinto(buffer):
        yield memoryview(buffer)[:count]


class _Said:
    """Lines on a large file: one when it begins, and one every half minute."""

    def __init__(self, path: Path, size: int, say: Say) -> None:
        self.path, self.size, self.say = path, size, say
        self.done, self.began = 0, time.monotonic()
        self.last = self.began
        if size >= LARGE:
            say(f"reading {path.name} ({size / 1e9:.1f} GB), once: its bytes are its identity")

    def add(self, count: int) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.last >= _EVERY:
            left = (now - self.began) * (self.size / self.done - 1)
            self.say(f"reading {self.path.name}: {self.done / self.size:.0%}, some {left:.0f} s left")
            self.last = now


def _place(memory: Path, path: Path) -> Path:
    return memory / f"{xxhash.xxh3_128(os.fsencode(path)).hexdigest()}.json"


def _recalled(path: Path, now: FileState, kind: str, memories: Sequence[Path]) -> str | None:
    """The digest that a memory has of a file in this very state."""
    for memory in memories:
        place = _place(memory, path)
        try:
            known = _Remembered.model_validate_json(place.read_bytes())
        except (OSError, ValidationError):
            continue  # none, or a damaged one: the file is read again
        if (known.path, FileState(known.size, known.mtime_ns, known.ctime_ns, known.inode)) == (
            str(path),
            now,
        ) and known.digest.startswith(f"{kind}:"):
            return known.digest.removeprefix(f"{kind}:")
    return None


def _remember(memory: Path, path: Path, now: FileState, kind: str, digest: str) -> None:
    try:
        known = _Remembered(path=str(path), **now._asdict(), digest=f"{kind}:{digest}")
        write_whole(_place(memory, path), known.model_dump_json() + "\n")
    except (ReprlabError, UnicodeError):
        return  # a full disk, or a name that JSON cannot hold: it is read again next time


@contextmanager
def _alone(path: Path, memories: Sequence[Path], say: Say) -> Generator[Path | None]:
    """Hold the first memory that can be written, so that no other process reads the same file; else None."""
    for memory in memories:
        lock = FileLock(_place(memory, path).with_suffix(".lock"))
        try:
            memory.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(f"waiting: another process reads {path.name}")
                lock.acquire()
        except (OSError, NotImplementedError):
            continue
        try:
            yield memory
        finally:
            lock.release()
        return
    yield None


def _changed(file: Path) -> ReprlabError:
    return ReprlabError(f"'{file}' changed while it was read: wait until it is written, and run again")
