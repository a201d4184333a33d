"""Answers on disk: one SQLite file for a network on a benchmark, numbers and document ids only.

A row is the answers of one batch of documents under one schedule; it is there whole or not at all, and never
twice. Every row has a checksum, compared when the file is opened and when the row is read. Which documents
make a batch is written down when they first run and stays so, so that whatever is added later meets the same
batches.
"""

from __future__ import annotations

import errno
import json
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from filelock import FileLock, Timeout

from reprlab.arrays import Array
from reprlab.errors import ReprlabError
from reprlab.files import make_folder
from reprlab.foreign import is_file, is_there, opened
from reprlab.progress import Say
from reprlab.sweeps.checksums import COVERED, FILE_FORMAT, add_checksums, meta_checksum, row_checksum, sign
from reprlab.sweeps.identity import AnswersIdentity

Part = Literal["values", "likelihoods", "greedy", "divergence"]

_PATIENCE = 60.0  # seconds in which another process may commit or check
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (place INTEGER PRIMARY KEY, id TEXT NOT NULL, unit TEXT NOT NULL,
    fingerprint TEXT NOT NULL, requests INTEGER NOT NULL, batch INTEGER NOT NULL, slot INTEGER NOT NULL,
    checksum BLOB);
CREATE TABLE schedules (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, checksum BLOB);
CREATE TABLE answers (schedule INTEGER NOT NULL, batch INTEGER NOT NULL, part TEXT NOT NULL,
    data BLOB NOT NULL, checksum BLOB, PRIMARY KEY (schedule, batch, part)) WITHOUT ROWID;
CREATE TABLE curves (schedule INTEGER PRIMARY KEY, data TEXT NOT NULL, checksum BLOB)
"""


_MAY_NOT_WRITE = {errno.EROFS, errno.EACCES, errno.EPERM}
_MOST = 1 << 28  # bytes of one row's numbers


@dataclass(frozen=True)
class Record:
    """A document as the file knows it: its place in the benchmark, and how many requests it makes."""

    place: int
    id: str
    unit: str
    fingerprint: str
    requests: int


class AnswersFile:
    """An open file of answers; `hold_answers` gives one to write to, `open_answers` one to read."""

    def __init__(self, path: Path, base: sqlite3.Connection) -> None:
        self.path, self._base = path, base
        meta = dict(base.execute("SELECT key, value FROM meta"))
        self.format = int(meta.get("format", 1))
        if self.format > FILE_FORMAT:
            raise ValueError(f"its format {self.format} is not known")
        self.about: dict[str, Any] = json.loads(meta["about"])
        self.identity = AnswersIdentity.model_validate_json(meta["identity"])
        if self.format > 1 and meta["checksum"] != meta_checksum(meta):
            raise ValueError("its description of itself has another checksum")

    def records(self) -> dict[int, Record]:
        """Every document that has a batch, by its place."""
        return {row[0]: Record(*row[:5]) for row in self._rows("documents", "ORDER BY place")}

    def batches(self) -> dict[int, tuple[int, ...]]:
        """The places of the documents of each batch, in the order in which they run."""
        found: dict[int, list[int]] = {}
        for place, *_, batch, _ in self._rows("documents", "ORDER BY batch, slot"):
            found.setdefault(batch, []).append(place)
        return {batch: tuple(places) for batch, places in found.items()}

    def add(self, batches: Sequence[Sequence[Record]]) -> None:
        """Write down new documents and which of them run together."""
        ((first,),) = self._read("SELECT coalesce(max(batch) + 1, 0) FROM documents")
        rows = [
            (r.place, r.id, r.unit, r.fingerprint, r.requests, number, slot)
            for number, records in enumerate(batches, start=first)
            for slot, r in enumerate(records)
        ]
        with self._written():
            for row in rows:
                self._insert("documents", row)

    def done(self, batch: int, part: Part = "values") -> set[str]:
        """The schedules that a batch has answers for."""
        query = "SELECT text FROM answers JOIN schedules ON number = schedule WHERE batch = ? AND part = ?"
        return {text for (text,) in self._read(query, batch, part)}

    def put(self, batch: int, answers: Iterable[tuple[str, Part, Array]]) -> None:
        """Add answers of one batch, all of them or none."""
        with self._written():
            for text, part, numbers in answers:
                self._answer(text, batch, part, numbers)

    def put_run(self, text: str, values: Array, curve: str) -> None:
        """Add a trained run's answers to the only batch, and its learning curve as JSON: both or neither."""
        with self._written():
            number = self._answer(text, 0, "values", values)
            self._base.execute("DELETE FROM curves WHERE schedule = ?", (number,))
            self._insert("curves", (number, curve), named=text)

    def _answer(self, text: str, batch: int, part: Part, numbers: Array) -> int:
        """Write one row of answers; gives the number of its schedule, which is made if it is new."""
        found = self._read("SELECT number FROM schedules WHERE text = ?", text)
        if not found:
            found = self._read("SELECT coalesce(max(number) + 1, 1) FROM schedules")
            self._insert("schedules", (*found[0], text))
        ((number,),) = found
        self._insert("answers", (number, batch, part, _packed(numbers)), named=text)
        return number

    def _insert(self, table: str, row: Sequence[object], named: str | None = None) -> None:
        """Write a row with its checksum, in which the schedule is `named` by its text."""
        covered = row if named is None else (named, *row[1:])
        signs = ", ".join("?" * (len(row) + 1))
        self._base.execute(f"INSERT INTO {table} VALUES ({signs})", (*row, row_checksum(table, covered)))

    def _rows(self, table: str, rest: str = "", *values: object) -> list[Any]:
        """Rows of a table without their checksums, which are compared; a file of format 1 has none."""
        columns, _, source = COVERED[table].partition(" FROM ")
        if self.format == 1:
            return self._read(f"SELECT {columns} FROM {source} {rest}", *values)
        rows = self._read(f"SELECT {columns}, {table}.checksum FROM {source} {rest}", *values)
        return [self._checked(table, row) for row in rows]

    def _checked(self, table: str, row: Sequence[Any]) -> Sequence[Any]:
        """A row without its checksum, which is compared."""
        if row[-1] != row_checksum(table, row[:-1]):
            raise _damaged(self.path, f"a row of its table {table} has another checksum")
        return row[:-1]

    def curves(self) -> dict[str, str]:
        """The learning curve of each trained run, as JSON, by its schedule."""
        if not self._read("SELECT 1 FROM sqlite_master WHERE name = 'curves'"):
            return {}  # of format 1
        return dict(self._rows("curves"))

    def get(self, texts: Sequence[str], places: Sequence[int], part: Part) -> dict[str, list[Array | None]]:
        """What each document has under each schedule: its numbers, or None where they are not there."""
        sizes = {record.place: record.requests for record in self.records().values()}
        wanted, by_schedule = set(places), {text: dict[int, Array]() for text in texts}
        for batch, members in self.batches().items():
            if wanted.isdisjoint(members):
                continue
            counts = [sizes[m] for m in members] if part in {"likelihoods", "greedy"} else None
            for text, data in self._data(batch, part):
                if text in by_schedule:
                    by_schedule[text] |= zip(members, self._numbers(data, len(members), counts), strict=True)
        return {text: [rows.get(place) for place in places] for text, rows in by_schedule.items()}

    def counts(self) -> tuple[int, int, int]:
        """Documents, schedules and rows of answers."""
        tables = ("documents", "schedules", "answers")
        documents, schedules, rows = (self._read(f"SELECT count(*) FROM {name}")[0][0] for name in tables)
        return documents, schedules, rows

    def complete(self) -> int:
        """How many schedules have answers for every document."""
        query = """SELECT count(*) FROM (SELECT schedule FROM answers WHERE part = 'values' GROUP BY schedule
            HAVING count(*) = (SELECT count(DISTINCT batch) FROM documents))"""
        ((count,),) = self._read(query)
        return count

    def check_rows(self) -> None:
        """Raises `ReprlabError` where a page, an index or a row is damaged.

        A row can be hidden by damage to what finds it, so that every row is read, not only those asked for.
        """
        verdicts = self._read("PRAGMA integrity_check(1)")
        if verdicts != [("ok",)]:
            raise _damaged(self.path, " ".join(str(verdicts[0][0]).split()))
        for table, query in COVERED.items() if self.format > 1 else ():
            columns, _, source = query.partition(" FROM ")
            with _told(self.path):
                for row in self._base.execute(f"SELECT {columns}, {table}.checksum FROM {source}"):
                    self._checked(table, row)

    def check(self) -> None:
        """Raises `ReprlabError` where SQLite or a row of numbers says that the file is damaged."""
        self.check_rows()
        sizes = {record.place: record.requests for record in self.records().values()}
        for batch, members in self.batches().items():
            for part in get_args(Part):
                counts = [sizes[m] for m in members] if part in {"likelihoods", "greedy"} else None
                for _, data in self._data(batch, part):
                    self._numbers(data, len(members), counts)

    def close(self) -> None:
        self._base.close()

    def _read(self, query: str, *values: object) -> list[Any]:
        with _told(self.path):
            return self._base.execute(query, values).fetchall()

    def _data(self, batch: int, part: Part) -> list[tuple[str, bytes]]:
        """Schedules and the numbers that a batch has under each."""
        rows = self._rows("answers", "WHERE batch = ? AND part = ?", batch, part)
        return [(text, data) for text, _, _, data in rows]

    def _numbers(self, data: bytes, documents: int, counts: Sequence[int] | None) -> list[Array]:
        with _told(self.path):
            return _unpacked(data, documents, counts)

    @contextmanager
    def _written(self) -> Generator[None]:
        with _told(self.path), self._base:
            yield


def _packed(numbers: Array) -> bytes:
    return zlib.compress(np.ascontiguousarray(numbers, dtype="<f4").tobytes())


def _unpacked(data: bytes, documents: int, counts: Sequence[int] | None) -> list[Array]:
    """A document's numbers each: rows of equal length, or as many as it has requests."""
    flat = np.frombuffer(_inflated(data), dtype="<f4").astype(np.float64)
    if counts is None:
        return list(flat.reshape(documents, -1))
    if len(flat) != sum(counts):
        raise ValueError(f"{len(flat)} numbers for {sum(counts)} requests")
    return np.split(flat, np.cumsum(counts)[:-1])


def _inflated(data: bytes) -> bytes:
    """The packed bytes; numbers that would take more than `_MOST` bytes are none of ours."""
    packed = zlib.decompressobj()
    numbers = packed.decompress(data, _MOST)
    if packed.unconsumed_tail or not packed.eof:
        raise ValueError(f"a row of numbers is cut off, or takes more than {_MOST:,} bytes")
    return numbers


@contextmanager
def hold_answers(
    root: Path, identity: AnswersIdentity, about: dict[str, Any], *, say: Say = lambda _: None
) -> Generator[AnswersFile]:
    """Hold a file of answers for writing: made if it is new, gone on with if not. `about` is kept in it.

    A file in a cache that may not be written is read as it is, and answers what it has.
    """
    path = identity.path(root)
    with _told(path):
        lock = _lock(path, say)
    if lock is None:
        with open_answers(path) as answers:
            yield _of(answers, identity)
        return
    try:
        with _told(path):
            base = sqlite3.connect(path, timeout=_PATIENCE)
        with closing(base):
            with _told(path):
                if _prepare(base, identity, about):
                    say(f"note: '{path}' is of format 1: its rows get checksums now")
                answers = AnswersFile(path, base)
            answers.check_rows()
            yield _of(answers, identity)
    finally:
        lock.release()


def _lock(path: Path, say: Say) -> FileLock | None:
    """The lock of a file of answers, with its folder. None: the file is there and may only be read."""
    lock = FileLock(path.with_suffix(".lock"))
    while True:
        try:
            make_folder(path.parent)
            lock.acquire(timeout=0)
        except Timeout:
            say(f"waiting: another process is writing these answers ({path})")
            lock.acquire()
        except OSError as error:
            if error.errno in _MAY_NOT_WRITE and is_file(path):
                return None
            raise
        if path.with_suffix(".lock").exists():  # else it was removed with the answers meanwhile
            return lock
        lock.release()


def _of(answers: AnswersFile, identity: AnswersIdentity) -> AnswersFile:
    if answers.identity != identity:
        raise ReprlabError(f"'{answers.path}' holds other answers than its name says: move it, or delete it")
    return answers


@contextmanager
def hold_all(
    root: Path, identities: Sequence[AnswersIdentity], about: dict[str, Any], *, say: Say = lambda _: None
) -> Generator[list[AnswersFile]]:
    """Hold several files, equal ones once, in the order of paths: no two processes wait for each other."""
    held: dict[Path, AnswersFile] = {}
    with ExitStack() as stack:
        for one in sorted(identities, key=lambda identity: identity.path(root)):
            if one.path(root) not in held:
                held[one.path(root)] = stack.enter_context(hold_answers(root, one, about, say=say))
        yield [held[one.path(root)] for one in identities]


def _prepare(base: sqlite3.Connection, identity: AnswersIdentity, about: dict[str, Any]) -> bool:
    """Make the tables where there are none, and checksums where there are none: all of them, or none.

    Says whether checksums were made.
    """
    base.execute("PRAGMA synchronous = FULL")
    if base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        meta = dict(base.execute("SELECT key, value FROM meta"))
        if "format" in meta or "about" not in meta:  # what lacks both is refused when it is read
            return False
        add_checksums(base, meta)
        return True
    with base:
        base.execute("BEGIN")
        for statement in _TABLES.split(";"):
            base.execute(statement)
        meta = {"identity": identity.model_dump_json(), "about": json.dumps(about)}
        sign(meta)
        base.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    return False


@contextmanager
def open_answers(path: Path, *, checked: bool = True) -> Generator[AnswersFile]:
    """A file of answers to read; where it is `checked`, every row is compared with its checksum first."""
    with _told(path):
        if is_there(path):
            with opened(path):  # a pipe or a folder is refused
                pass
        if path.with_name(f"{path.name}-journal").exists():
            _recover(path)
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
    with closing(base):
        with _told(path):
            answers = AnswersFile(path, base)
        if checked:
            answers.check_rows()
        yield answers


def _recover(path: Path) -> None:
    """Take back a write that broke off, which only who may write can; a write under way is left alone."""
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    except OSError as error:
        raise ReprlabError(
            f"a write to '{path}' broke off, and it cannot be taken back here ({error.strerror}): "
            "the next run that may write recovers it"
        ) from error
    try:
        with closing(sqlite3.connect(path)) as base:
            base.execute("SELECT count(*) FROM sqlite_master").fetchall()
    finally:
        lock.release()


def answer_files(root: Path) -> list[Path]:
    """The files of answers in a cache, by model and benchmark."""
    return sorted(root.glob("*/*/*.sqlite"))


def damage(path: Path) -> str:
    """The damage to a file of answers, by SQLite's own check; nothing if it is sound."""
    try:
        with open_answers(path) as answers:
            answers.check()
            return ""
    except ReprlabError as error:
        return str(error)


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Turn what SQLite and the disk say into one line."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise ReprlabError(f"cannot make '{path.parent}': a file is in the way; set --cache") from error
    except (sqlite3.OperationalError, OSError) as error:
        raise ReprlabError(
            f"cannot use '{path}' ({error}): complete answers stay good; make room, or set --cache"
        ) from error
    except (sqlite3.Error, LookupError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> ReprlabError:
    return ReprlabError(f"'{path}' is damaged ({' '.join(str(why).split())}): delete it, then sweep again")
