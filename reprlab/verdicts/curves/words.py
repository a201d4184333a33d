"""Words: numbers of figures of R as parts of sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from reprlab.scores.retained import MEDIAN

WORDS = {"acc": "accuracy", "u": "continuous score"}
OVER_W = "Averaged over M from 3 to T/2"


def decisive(numbers: Mapping[str, Any]) -> str:
    """The metric to speak of: the continuous score where a benchmark has an R of it, else accuracy."""
    return "u" if numbers["summary"]["u"] else "acc"


def basis(numbers: Mapping[str, Any]) -> str:
    """The decisive metric and the benchmarks that its summary is over, in words.

    >>> basis({"summary": {"u": "lambada"}})
    'continuous score, lambada'
    """
    metric = decisive(numbers)
    of = numbers["summary"][metric]
    over = f"median of {len(numbers['benchmarks'][metric])} benchmarks" if of == MEDIAN else of
    return f"{WORDS[metric]}, {over}"


def number(row: Mapping[str, Any], value: str = "R", *, digits: int = 2) -> str:
    """A value and its interval.

    >>> number({"R": 0.5, "low": 0.25, "high": 0.754})
    '0.50 [0.25, 0.75]'
    >>> number({"R": 0.5, "low": None, "high": None, "few": "too few orders: 3 are needed"})
    '0.50 (too few orders: 3 are needed)'
    """
    if row[value] is None:
        return "no number"
    few = f" ({row['few']})" if row.get("few") else ""
    ends = f" [{row['low']:.{digits}f}, {row['high']:.{digits}f}]" if bounded(row) else few
    return f"{row[value]:.{digits}f}{ends}"


def bounded(row: Mapping[str, Any]) -> bool:
    """Whether a value has an interval: numbers as its ends."""
    return row["low"] is not None and not math.isnan(row["low"])


def loss(row: Mapping[str, Any]) -> dict[str, float | None]:
    """What a row of R loses, 1 - R, with the ends of its interval, None where it has none.

    >>> loss({"R": 0.5, "low": 0.25, "high": 0.75})
    {'value': 0.5, 'low': 0.25, 'high': 0.75}
    """
    parts = {"value": row["R"], "low": row["high"], "high": row["low"]}
    return {name: None if part is None else 1 - part for name, part in parts.items()}


def ranked(numbers: Mapping[str, Any]) -> str:
    """The rank correlation of all layers, and that without the layers at both ends where it was taken.

    >>> ranked({"ranks": {"text": "rho -0.6"}, "inner": {"text": "rho -0.2, without the first layer"}})
    'rho -0.6; rho -0.2, without the first layer'
    """
    inner = numbers.get("inner")
    return f"{numbers['ranks']['text']}; {inner['text']}" if inner else str(numbers["ranks"]["text"])


def ended(average: Sequence[float | None], *, digits: int = 2) -> str:
    """A value with the ends of its interval.

    >>> ended([0.5, 0.25, 0.754])
    '0.50 [0.25, 0.75]'
    """
    return number(dict(zip(("R", "low", "high"), average, strict=True)), digits=digits)


def change(
    row: Mapping[str, Any], value: str = "value", *, more: str = "more", less: str = "less", digits: int = 2
) -> str:
    """A difference and its interval, with the signs as the words `more` and `less`.

    >>> change({"value": -0.2, "low": -0.3, "high": -0.1})
    '0.20 [0.10, 0.30] less'
    >>> change({"value": 0.02, "low": -0.01, "high": 0.05}, more="higher", less="lower")
    '0.02 higher (between 0.01 lower and 0.05 higher)'
    """
    word = less if row[value] < 0 else more
    if not bounded(row):
        return f"{abs(row[value]):.{digits}f} {word} (too few orders or documents for an interval)"
    size, low, high = (f"{abs(row[key]):.{digits}f}" for key in (value, "low", "high"))
    if row["low"] < 0 < row["high"]:
        return f"{size} {word} (between {low} {less} and {high} {more})"
    ends = (high, low) if row[value] < 0 else (low, high)
    return f"{size} [{', '.join(ends)}] {word}"


def retains(numbers: Mapping[str, Any], variant: str | None = None) -> str:
    """R of a variant in `by_start`'s numbers at few and many middle layers, and up to which M half is left.

    Words after a model's name; they speak of the `decisive` metric and of its `summary`.
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
        return "has scores for M = 1 only"
    rows.sort(key=lambda row: row["middle"])
    far = next((row for row in reversed(rows) if row["middle"] <= numbers["layers"] / 2), rows[-1])
    few = f"R = {number(rows[0])} at M = {rows[0]['middle']}"
    many = "" if far is rows[0] else f" and {number(far)} at M = {far['middle']}"
    return f"retains {few}{many} ({basis(numbers)}), {_half(rows)}"


def fewest(numbers: Mapping[str, Any]) -> str:
    """R at the fewest middle layers above one that were changed, and their share of all layers."""
    metric = decisive(numbers)
    of = (metric, numbers["summary"][metric], numbers["variants"][0])
    rows = [row for row in numbers["rows"] if (row["metric"], row["benchmark"], row["variant"]) == of]
    few = min((row for row in rows if row["middle"] > 1), key=lambda row: row["middle"], default=None)
    if few is None:
        return "M = 1 alone was swept"
    share = f"{100 * few['middle'] / numbers['layers']:.0f} % of the layers"
    return f"R = {number(few)} with {few['middle']} left out, {share}"


def _half(rows: Sequence[Mapping[str, Any]]) -> str:
    """The M up to which surely more than half is retained, from rows in the order of M."""
    above = [row["low"] is not None and row["low"] > 0.5 for row in rows]
    if all(above):
        return "surely more than one half at every M swept"
    if not above[0]:
        return "surely more than one half nowhere"
    last = rows[above.index(False) - 1]["middle"]
    return f"surely more than one half up to M = {last}"


def finds_middle(numbers: Mapping[str, Any]) -> str:
    """Whether fig. 3's middle group is the middle of fig. 2, the layers that cost little, as a sentence.

    Nothing where no layer's cost is known. `middle` has the group's first and last depth; depth l + 1 leaves
    layer l.

    >>> rows = [{"layer": layer, "low": cost, "high": cost} for layer, cost in enumerate((0.9, 0.1, 0.1))]
    >>> finds_middle({"middle": [2, 3], "by_layer": rows})
    'The groups find the middle of fig. 2, the layers that cost surely less than one half.'
    """
    first, end = numbers["middle"]
    rows = [row for row in numbers["by_layer"] if row.get("low") is not None]
    if not rows:
        return ""
    inside = [row for row in rows if first - 1 <= row["layer"] <= end - 1]
    costly = [str(row["layer"]) for row in inside if row["low"] > 0.5]
    cheap = [str(row["layer"]) for row in rows if row not in inside and row["high"] < 0.5]
    if not costly and not cheap:
        return "The groups find the middle of fig. 2, the layers that cost surely less than one half."
    parts = [f"layers {', '.join(costly)} lie in it and cost surely more than one half"] if costly else []
    parts += [f"layers {', '.join(cheap)} lie outside and cost surely less"] if cheap else []
    return f"The groups do not find the middle of fig. 2: {', and '.join(parts)}."


def group_lines(numbers: Mapping[str, Any]) -> str:
    """Whose groups fig. 3's white lines bound, or why there are none."""
    groups = numbers["groups"]
    if not groups:
        return "No groups were taken."
    if len(groups["starts"]) < 2:
        return f"There is one group of depths: {groups['reason']}."
    starts = [*groups["starts"], numbers["layers"] + 1]
    spans = [f"{a} to {b - 1}" if b - 1 > a else str(a) for a, b in pairwise(starts)]
    sinks = " without sinks" if groups["policy"] == "no-sinks" else ""
    return (
        f"White lines, in every panel: groups of depths by {groups['words']}{sinks} ({', '.join(spans)}); "
        "blocks of the other measures may lie elsewhere."
    )


def compared(contrast: Mapping[str, Any]) -> str:
    """A `contrast` as a sentence without its full stop.

    >>> variants = {"one": "skip", "other": "middle_repeat"}
    >>> compared({**variants, "value": 0.2, "low": 0.1, "high": 0.3})
    'Averaged over M from 3 to T/2, skip retains 0.20 [0.10, 0.30] more than middle repeat'
    """
    one, other = (contrast[key].replace("_", " ") for key in ("one", "other"))
    if contrast["value"] is None:
        return f"{one.capitalize()} and {other} cannot be compared"
    size = change(contrast)
    if bounded(contrast) and contrast["low"] <= 0 <= contrast["high"]:
        return f"{OVER_W}, {one} and {other} cannot be told apart: {one} retains {size}"
    return f"{OVER_W}, {one} retains {size} than {other}"
