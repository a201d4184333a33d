"""Answers on disk: one SQLite file for a network on a benchmark, numbers and document ids only.

A row is the answers of one batch of documents under one schedule; it is there whole or not at all, and never
twice. Which documents make a batch is written down when they first run and stays so, so that whatever is
added later meets the same batches.
"""

from __future__ import annotations

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
from reprlab.progress import Say
from reprlab.sweeps.identity import AnswersIdentity

Part = Literal["values", "likelihoods", "greedy", "divergence"]

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (place INTEGER PRIMARY KEY, id TEXT NOT NULL, unit TEXT NOT NULL,
    fingerprint TEXT NOT NULL, requests INTEGER NOT NULL, batch INTEGER NOT NULL, slot INTEGER NOT NULL);
CREATE TABLE schedules (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE answers (schedule INTEGER NOT NULL, batch INTEGER NOT NULL, part TEXT NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (schedule, batch, part)) WITHOUT ROWID;
"""
_CURVES = "CREATE TABLE IF NOT EXISTS curves (schedule INTEGER PRIMARY KEY, data TEXT NOT NULL)"


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
        self.about: dict[str, Any] = json.loads(meta["about"])
        self.identity = AnswersIdentity.model_validate_json(meta["identity"])

    def records(self) -> dict[int, Record]:
        """Every document that has a batch, by its place."""
        rows = self._read("SELECT place, id, unit, fingerprint, requests FROM documents ORDER BY place")
        return {row[0]: Record(*row) for row in rows}

    def batches(self) -> dict[int, tuple[int, ...]]:
        """The places of the documents of each batch, in the order in which they run."""
        found: dict[int, list[int]] = {}
        for batch, place in self._read("SELECT batch, place FROM documents ORDER BY batch, slot"):
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
            self._base.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def done(self, batch: int, part: Part = "values") -> set[str]:
        """The schedules that a batch has answers for."""
        query = "SELECT text FROM answers JOIN schedules ON number = schedule WHERE batch = ? AND part = ?"
        return {text for (text,) in self._read(query, batch, part)}

    def put(self, batch: int, answers: Iterable[tuple[str, Part, Array]]) -> None:
        """Add answers of one batch, all of them or none."""
        with self._written():
            for text, part, numbers in answers:
                self._base.execute("INSERT OR IGNORE INTO schedules (text) VALUES (?)", (text,))
                self._base.execute(
                    "INSERT INTO answers SELECT number, ?, ?, ? FROM schedules WHERE text = ?",
                    (batch, part, _packed(numbers), text),
                )

    def put_run(self, text: str, values: Array, curve: str) -> None:
        """Add a trained run's answers to the only batch, and its learning curve as JSON: both or neither."""
        with self._written():
            self._base.execute("INSERT OR IGNORE INTO schedules (text) VALUES (?)", (text,))
            row = "SELECT number, ?, ?, ? FROM schedules WHERE text = ?"
            self._base.execute(f"INSERT INTO answers {row}", (0, "values", _packed(values), text))
            self._base.execute(_CURVES)
            row = "SELECT number, ? FROM schedules WHERE text = ?"
            self._base.execute(f"INSERT OR REPLACE INTO curves {row}", (curve, text))

    def curves(self) -> dict[str, str]:
        """The learning curve of each trained run, as JSON, by its schedule."""
        if not self._read("SELECT 1 FROM sqlite_master WHERE name = 'curves'"):
            return {}
        return dict(self._read("SELECT text, data FROM curves JOIN schedules ON number = schedule"))

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

    def check(self) -> None:
        """Raises `ReprlabError` where SQLite or a row of numbers says that the file is damaged."""
        ((verdict,),) = self._read("PRAGMA quick_check")
        if verdict != "ok":
            raise _damaged(self.path, verdict)
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
        query = (
            "SELECT text, data FROM answers JOIN schedules ON number = schedule WHERE batch = ? AND part = ?"
        )
        return self._read(query, batch, part)

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
    flat = np.frombuffer(zlib.decompress(data), dtype="<f4").astype(np.float64)
    if counts is None:
        return list(flat.reshape(documents, -1))
    if len(flat) != sum(counts):
        raise ValueError(f"{len(flat)} numbers for {sum(counts)} requests")
    return np.split(flat, np.cumsum(counts)[:-1])


@contextmanager
def hold_answers(
    root: Path, identity: AnswersIdentity, about: dict[str, Any], *, say: Say = lambda _: None
) -> Generator[AnswersFile]:
    """Hold a file of answers for writing: made if it is new, gone on with if not. `about` is kept in it."""
    path = identity.path(root)
    with _told(path):
        make_folder(path.parent)
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"waiting: another process is writing these answers ({path})")
            lock.acquire()
    try:
        with _told(path):
            base = sqlite3.connect(path)
        with closing(base):
            with _told(path):
                _prepare(base, identity, about)
                answers = AnswersFile(path, base)
            if answers.identity != identity:
                raise ReprlabError(f"'{path}' holds other answers than its name says: move it, or delete it")
            yield answers
    finally:
        lock.release()


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


def _prepare(base: sqlite3.Connection, identity: AnswersIdentity, about: dict[str, Any]) -> None:
    """Make the tables where there are none: all of them, or none."""
    base.execute("PRAGMA synchronous = FULL")
    if base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return
    with base:
        base.execute("BEGIN")
        for statement in _TABLES.split(";"):
            base.execute(statement)
        meta = {"identity": identity.model_dump_json(), "about": json.dumps(about)}
        base.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


@contextmanager
def open_answers(path: Path) -> Generator[AnswersFile]:
    """A file of answers to read."""
    with _told(path):
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        answers = AnswersFile(path, base)
    try:
        yield answers
    finally:
        answers.close()


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
    except (sqlite3.DatabaseError, KeyError, ValueError, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, why: object) -> ReprlabError:
    return ReprlabError(f"'{path}' is damaged ({why}): delete it, then sweep again")
