"""Numbers as files: JSON that can be read and compared line by line, and the same as CSV."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprlab.errors import ReprlabError
from reprlab.files import plain
from reprlab.foreign import parsed, read_text

FigureNumbers = dict[str, Any]
_DIGITS = 6  # significant ones, in files
_WIDE = 100  # characters, above which a list has a line for each member


def rounded(value: Any) -> Any:
    """Numbers with six significant digits, NumPy's as Python's, NaN and infinite ones as None.

    >>> rounded({"a": (1.23456789, float("nan")), "b": np.float32(2)})
    {'a': [1.23457, None], 'b': 2.0}
    """
    if isinstance(value, Mapping):
        return {str(key): rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [rounded(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    value = plain(value)
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def text(value: Any, indent: int = 0) -> str:
    """JSON with a line for each field and each member of a long list.

    >>> print(text({"a": [1, 2], "b": "x"}))
    {
     "a": [1, 2],
     "b": "x"
    }
    """
    short = json.dumps(value)
    if (
        not value
        or not isinstance(value, dict | list)
        or (len(short) <= _WIDE and (indent or isinstance(value, list)))
    ):
        return short
    if isinstance(value, list) and not any(isinstance(part, dict | list) for part in value):
        return short
    flat = (
        isinstance(value, dict)
        and indent
        and not any(isinstance(part, dict | list) for part in value.values())
    )
    if flat:
        return short
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        lines = [f"{pad}{json.dumps(key)}: {text(part, indent + 1)}" for key, part in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(f"{pad}{text(part, indent + 1)}" for part in value) + "\n" + " " * indent + "]"


def read(path: Path) -> Any:
    """What a JSON file of a report holds."""
    try:
        return parsed(f"'{path}'", read_text(path), constants=False)
    except ReprlabError as error:
        raise ReprlabError(
            f"{error}; `reprlab report` makes it, or `reprlab figures` for one figure"
        ) from error


def table(numbers: FigureNumbers) -> str:
    """The numbers as CSV: their rows, or a row for each value of their matrices."""
    return pd.DataFrame(numbers.get("rows") or list(_cells(numbers.get("matrices", {})))).to_csv(index=False)


def _cells(matrices: Mapping[str, Any]) -> Any:
    for name, matrix in matrices.items():
        for row, values in enumerate(matrix):
            for column, value in enumerate(values):
                yield {"matrix": name, "row": row, "column": column, "value": value}
