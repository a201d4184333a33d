"""Checksums of the rows of a file of answers: what each covers, and how a file of format 1 gets them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

import xxhash

FILE_FORMAT = 2  # 1 has no checksums
_CURVES = "CREATE TABLE IF NOT EXISTS curves (schedule INTEGER PRIMARY KEY, data TEXT NOT NULL)"
COVERED = {  # what a row's checksum covers, in the order of its columns; a schedule by its text
    "documents": "place, id, unit, fingerprint, requests, batch, slot FROM documents",
    "schedules": "number, text FROM schedules",
    "answers": "text, batch, part, data FROM answers LEFT JOIN schedules ON number = schedule",
    "curves": "text, data FROM curves LEFT JOIN schedules ON number = schedule",
}


def row_checksum(table: str, row: Sequence[object]) -> bytes:
    """XXH3-128 of a table's name and a row, each value with its kind; bytes come last."""
    raw = [value for value in row if isinstance(value, bytes)]
    head = repr((table, *(len(value) if isinstance(value, bytes) else value for value in row)))
    return xxhash.xxh3_128_digest(head.encode() + b"".join(raw))


def add_checksums(base: sqlite3.Connection, meta: dict[str, str]) -> None:
    """Make a file of format 1 one of format 2; `about` says that nothing watched over its rows before."""
    with base:
        base.execute("BEGIN IMMEDIATE")
        base.execute(_CURVES)
        for table, query in COVERED.items():
            base.execute(f"ALTER TABLE {table} ADD COLUMN checksum BLOB")
            keys = {"answers": "schedule, batch, part", "documents": "place", "schedules": "number"}
            key = keys.get(table, "schedule")
            columns, _, source = query.partition(" FROM ")
            rows = base.execute(f"SELECT {columns}, {key} FROM {source}").fetchall()
            width = len(columns.split(", "))
            where = " AND ".join(f"{name} = ?" for name in key.split(", "))
            signed = ((row_checksum(table, row[:width]), *row[width:]) for row in rows)
            base.executemany(f"UPDATE {table} SET checksum = ? WHERE {where}", signed)
        about = json.loads(meta["about"]) | {"checksums": "added later: damage before is not known"}
        meta = {**meta, "about": json.dumps(about)}
        sign(meta)
        base.execute("DELETE FROM meta")
        base.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


def sign(meta: dict[str, str]) -> None:
    """Add the format and the checksum of what a file says of itself."""
    meta["format"] = str(FILE_FORMAT)
    meta["checksum"] = meta_checksum(meta)


def meta_checksum(meta: Mapping[str, str]) -> str:
    """The checksum of what a file says of itself."""
    return row_checksum("meta", [meta["format"], meta["about"], meta["identity"]]).hex()
