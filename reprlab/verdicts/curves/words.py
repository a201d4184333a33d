"""Words: what figures of R found, as parts of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reprlab.scores.retained import MEDIAN

WORDS = {"acc": "accuracy", "u": "continuous score"}


def decisive(numbers: Mapping[str, Any]) -> str:
    """The metric to speak of: the continuous score where a benchmark has an R of it, else accuracy."""
    return "u" if numbers["summary"]["u"] else "acc"


def basis(numbers: Mapping[str, Any]) -> str:
    """What the decisive metric's summary is, in words.

    >>> basis({"summary": {"u": "lambada"}})
    'continuous score, lambada'
    """
    metric = decisive(numbers)
    of = numbers["summary"][metric]
    over = f"median of {len(numbers['benchmarks'][metric])} benchmarks" if of == MEDIAN else of
    return f"{WORDS[metric]}, {over}"


def number(row: Mapping[str, Any], value: str = "R") -> str:
    """A value and its interval.

    >>> number({"R": 0.5, "low": 0.25, "high": 0.754})
    '0.50 [0.25, 0.75]'
    """
    if row[value] is None:
        return "no number"
    ends = "" if row["low"] is None else f" [{row['low']:.2f}, {row['high']:.2f}]"
    return f"{row[value]:.2f}{ends}"


def retains(numbers: Mapping[str, Any], variant: str | None = None) -> str:
    """What `by_start` found of a variant, in words: R at few and many middle layers, and where half is lost.

    It speaks of the `decisive` metric and of its `summary`.
    """
    metric = decisive(numbers)
    of = numbers["summary"][metric]
    chosen = variant or numbers["variants"][0]
    rows = [
        row
        for row in numbers["rows"]
        if (row["metric"], row["benchmark"], row["variant"]) == (metric, of, chosen) and row["middle"] > 1
    ]
    if not rows:
        return "was swept with one middle layer only, which is little to tell from"
    rows.sort(key=lambda row: row["middle"])
    far = next((row for row in reversed(rows) if row["middle"] <= numbers["layers"] / 2), rows[-1])
    ends = [
        f"R = {number(row)} at M = {row['middle']}"
        for row in ([rows[0]] if far is rows[0] else [rows[0], far])
    ]
    return f"retains {' and '.join(ends)} ({basis(numbers)}), {_half(rows)}"


def _half(rows: Sequence[Mapping[str, Any]]) -> str:
    """Up to how many middle layers more than half is retained, by rows in the order of M."""
    above = [row["low"] is not None and row["low"] > 0.5 for row in rows]
    if all(above):
        return "and more than half at every M swept"
    if not above[0]:
        return "and is above one half, interval and all, not even at the fewest"
    last = rows[above.index(False) - 1]["middle"]
    return f"and stays above one half, interval and all, up to M = {last}"


def compared(found: Mapping[str, Any]) -> str:
    """What `contrast` found, in words.

    >>> words = {"one": "skip", "other": "middle_repeat", "low": 0.1, "high": 0.3}
    >>> compared({**words, "value": 0.2})
    'over 3 <= M <= T/2 skip retains 0.20 [0.10, 0.30] more than middle repeat'
    """
    one, other = (found[key].replace("_", " ") for key in ("one", "other"))
    if found["value"] is None:
        return f"{one} and {other} cannot be compared"
    if found["low"] <= 0 <= found["high"]:
        return (
            f"over 3 <= M <= T/2 {one} and {other} are not told apart (difference {number(found, 'value')})"
        )
    more = "more" if found["value"] > 0 else "less"
    size = {key: abs(found[key]) for key in ("value", "low", "high")}
    size["low"], size["high"] = sorted((size["low"], size["high"]))
    return f"over 3 <= M <= T/2 {one} retains {number(size, 'value')} {more} than {other}"
