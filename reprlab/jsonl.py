"""Rows of a JSONL file: one object a line, each with the words that say where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from reprlab.errors import ReprlabError

Row = dict[str, Any]


def rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Each row of a file, after the words for its place: `'FILE' line 3`. Blank lines are no rows.

    Lines are parsed as they are asked for, so the first rows of a long file are cheap. A line ends at a
    line feed only: other signs that part lines may stand in a text. Raises `ReprlabError` for a file that
    cannot be read, is not UTF-8 or holds no rows, and for a line that is no JSON object.
    """
    found = False
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            found = True
            where = f"'{path}' line {number}"
            yield where, _row(where, line)
    if not found:
        raise ReprlabError(f"'{path}' holds no rows")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # a mark that Windows puts first is no text
    except UnicodeDecodeError as error:
        raise ReprlabError(f"'{path}' is not UTF-8 (byte {error.start}): convert it") from error
    except OSError as error:
        raise ReprlabError(f"cannot read '{path}': {error.strerror}") from error


def _row(where: str, line: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:  # also a number, or nesting, beyond what Python takes
        raise ReprlabError(f"{where} is not JSON: {getattr(error, 'msg', error)}") from error
    if not isinstance(row, dict):
        raise ReprlabError(f"{where} is a {type(row).__name__}, not an object with fields")
    return cast(Row, row)
