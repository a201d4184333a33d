"""Answers on disk: one SQLite file for a network on a benchmark, numbers and document ids only.

A row is the answers of one batch of documents under one schedule; it is there whole or not at all, and never
twice. Which documents make a batch is written down when they first run and stays so, so that whatever is
added later meets the same batches.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from reprlab.cache.writing import Say
from reprlab.errors import ReprlabError
from reprlab.registry import slug

ANSWERS_FORMAT = 1
Numbers = NDArray[np.float64]
Part = Literal["values", "likelihoods", "greedy", "divergence"]

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (place INTEGER PRIMARY KEY, id TEXT NOT NULL, unit TEXT NOT NULL,
    fingerprint TEXT NOT NULL, requests INTEGER NOT NULL, batch INTEGER NOT NULL, slot INTEGER NOT NULL);
CREATE TABLE schedules (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE answers (schedule INTEGER NOT NULL, batch INTEGER NOT NULL, part TEXT NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (schedule, batch, part)) WITHOUT ROWID;
"""


class AnswersIdentity(BaseModel):
    """What changes answers; its digest names the file. Versions are major.minor."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = ANSWERS_FORMAT
    model: str
    weights: str
    tokenizer: str
    benchmark: str
    definition: str
    preset: str
    max_new_tokens: int
    dtype: str
    attention: str
    device: str
    torch: str
    transformers: str
    lm_eval: str

    @property
    def digest(self) -> str:
        text = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def path(self, root: Path) -> Path:
        return root / slug(self.model) / slug(self.benchmark) / f"{self.digest}.sqlite"


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
        rows = self._base.execute(
            "SELECT place, id, unit, fingerprint, requests FROM documents ORDER BY place"
        )
        return {row[0]: Record(*row) for row in rows}

    def batches(self) -> dict[int, tuple[int, ...]]:
        """The places of the documents of each batch, in the order in which they run."""
        found: dict[int, list[int]] = {}
        for batch, place in self._base.execute("SELECT batch, place FROM documents ORDER BY batch, slot"):
            found.setdefault(batch, []).append(place)
        return {batch: tuple(places) for batch, places in found.items()}

    def add(self, batches: Sequence[Sequence[Record]]) -> None:
        """Write down new documents and which of them run together."""
        first = self._base.execute("SELECT coalesce(max(batch) + 1, 0) FROM documents").fetchone()[0]
        rows = [
            (r.place, r.id, r.unit, r.fingerprint, r.requests, number, slot)
            for number, records in enumerate(batches, start=first)
            for slot, r in enumerate(records)
        ]
        with self._written():
            self._base.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def done(self, batch: int, part: Part = "values") -> set[str]:
        """The schedules that a batch has answers for."""
        rows = self._base.execute(
            "SELECT text FROM answers JOIN schedules ON number = schedule WHERE batch = ? AND part = ?",
            (batch, part),
        )
        return {text for (text,) in rows}

    def put(self, batch: int, answers: Iterable[tuple[str, Part, Numbers]]) -> None:
        """Add answers of one batch, all of them or none."""
        with self._written():
            for text, part, numbers in answers:
                self._base.execute("INSERT OR IGNORE INTO schedules (text) VALUES (?)", (text,))
                self._base.execute(
                    "INSERT INTO answers SELECT number, ?, ?, ? FROM schedules WHERE text = ?",
                    (batch, part, _packed(numbers), text),
                )

    def get(self, texts: Sequence[str], places: Sequence[int], part: Part) -> dict[str, list[Numbers | None]]:
        """What each document has under each schedule: its numbers, or None where they are not there."""
        sizes = {record.place: record.requests for record in self.records().values()}
        wanted, found = set(places), {text: dict[int, Numbers]() for text in texts}
        for batch, members in self.batches().items():
            if wanted.isdisjoint(members):
                continue
            for text, data in self._base.execute(
                "SELECT text, data FROM answers JOIN schedules ON number = schedule "
                "WHERE batch = ? AND part = ?",
                (batch, part),
            ):
                if text in found:
                    counts = [sizes[m] for m in members] if part in {"likelihoods", "greedy"} else None
                    found[text] |= zip(members, _unpacked(data, len(members), counts), strict=True)
        return {text: [rows.get(place) for place in places] for text, rows in found.items()}

    def counts(self) -> tuple[int, int, int]:
        """Documents, schedules and rows of answers."""
        query = (
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM schedules), count(*) FROM answers"
        )
        return tuple(self._base.execute(query).fetchone())  # pyright: ignore[reportReturnType]

    def check(self) -> str:
        """What SQLite finds wrong with the file; nothing if it is sound."""
        found = str(self._base.execute("PRAGMA quick_check").fetchone()[0])
        return "" if found == "ok" else found

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _written(self) -> Generator[None]:
        with _told(self.path), self._base:
            yield


def _packed(numbers: Numbers) -> bytes:
    return zlib.compress(np.ascontiguousarray(numbers, dtype="<f4").tobytes())


def _unpacked(data: bytes, documents: int, counts: Sequence[int] | None) -> list[Numbers]:
    """A document's numbers each: rows of equal length, or as many as it has requests."""
    flat = np.frombuffer(zlib.decompress(data), dtype="<f4").astype(np.float64)
    if counts is None:
        return list(flat.reshape(documents, -1))
    return np.split(flat, np.cumsum(counts)[:-1])


@contextmanager
def hold_answers(
    root: Path, identity: AnswersIdentity, about: dict[str, Any], *, say: Say = lambda _: None
) -> Generator[AnswersFile]:
    """Hold a file of answers for writing: made if it is new, gone on with if not. `about` goes beside it."""
    path = identity.path(root)
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"waiting: another process is writing these answers ({path})")
            lock.acquire()
    try:
        with _told(path):
            base = sqlite3.connect(path)
            base.execute("PRAGMA synchronous = FULL")
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                with base:
                    base.execute("BEGIN")  # all of the tables, or none
                    for statement in _TABLES.split(";"):
                        base.execute(statement)
                    meta = {"identity": identity.model_dump_json(), "about": json.dumps(about)}
                    base.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            found = AnswersFile(path, base)
        if found.identity != identity:
            raise ReprlabError(f"'{path}' holds other answers than its name says: move it back, or delete it")
        yield found
        found.close()
    finally:
        lock.release()


@contextmanager
def open_answers(path: Path) -> Generator[AnswersFile]:
    """A file of answers to read."""
    with _told(path):
        base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        found = AnswersFile(path, base)
    try:
        yield found
    finally:
        found.close()


def answer_files(root: Path) -> list[Path]:
    """The files of answers in a cache, by model and benchmark."""
    return sorted(root.glob("*/*/*.sqlite"))


def damage(path: Path) -> str:
    """What is wrong with a file of answers, by SQLite's own check; nothing if it is sound."""
    try:
        with open_answers(path) as answers:
            return answers.check()
    except ReprlabError as error:
        return str(error)


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Turn what SQLite and the disk say into one line."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise ReprlabError(
            f"cannot use '{path}' ({error}): what was complete stays good; make room, or set --cache"
        ) from error
    except (sqlite3.DatabaseError, KeyError, ValueError) as error:
        raise ReprlabError(f"'{path}' is damaged ({error}): delete it, then sweep again") from error
