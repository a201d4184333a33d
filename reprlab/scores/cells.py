"""Cells: a score in a table, as text with its uncertainty."""

from __future__ import annotations

import math
from typing import Any


def with_ends(row: Any) -> str:
    """A perplexity with its interval, each end with the digits of its size.

    >>> from types import SimpleNamespace as Row
    >>> nan = float("nan")
    >>> with_ends(Row(value=49.3, low=8.5, high=1234.5, seeds=1))
    '49.300 [8.500, 1234.5]'
    >>> with_ends(Row(value=2e5, low=nan, high=nan, seeds=1))
    '2e+05 too few'
    """
    value, *ends = (_sized(number) for number in (row.value, row.low, row.high))
    if row.seeds > 1:
        return value
    return f"{value} too few" if math.isnan(row.low) else f"{value} [{', '.join(ends)}]"


def _sized(number: float) -> str:
    return f"{number:.3f}" if number < 100 else f"{number:.1f}" if number < 1e4 else f"{number:.2g}"
