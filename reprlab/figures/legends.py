"""Legends: one for all panels of a figure, and what it says in small print at its foot."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from reprlab.figures.curves import view
from reprlab.figures.looks import plain

METRICS = {"acc": "accuracy", "u": "continuous score u"}


def legend(panels: Sequence[Any], *, order: Sequence[str] = ("median",)) -> None:
    """One legend for all panels of a figure, beside them; names in `order` come first."""
    found: dict[str, Any] = {}
    for ax in panels:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    names = [name for name in order if name in found]
    names += [name for name in found if name not in names]
    if not names:
        return
    handles = [found[name] for name in names]
    look = {"frameon": False, "fontsize": 7, "handlelength": 2.6}
    panels[0].figure.legend(handles, names, loc="outside right center", **look)


def foot(figure: Any, text: str) -> None:
    """Small print at the foot of a figure."""
    if text:
        wide = int(figure.get_figwidth() * 22.5)
        figure.supxlabel(textwrap.fill(plain(text), wide), fontsize=6, color="0.3", x=0.01, ha="left")


def over(numbers: Mapping[str, Any], metric: str) -> str:
    """What a line that stands for all benchmarks is over.

    >>> over({"summary": {"u": "median"}, "benchmarks": {"u": ["arc", "lambada"]}}, "u")
    'median of 2'
    """
    name, count = numbers["summary"][metric], len(numbers["benchmarks"][metric])
    return f"median of {count}" if name == "median" else name or "no benchmark"


def left_out(numbers: Mapping[str, Any]) -> str:
    """Which benchmarks have no R, by metric, and that arrows are values outside the view.

    >>> known = {"benchmarks": {"acc": [], "u": ["gsm8k_nll"]}, "undecided": {"acc": {"arc": "why"}}}
    >>> print(left_out({"rows": [], "metrics": ["acc"], **known}))
    Left out, for the full model is not clear of guessing: arc (accuracy). Without accuracy: gsm8k_nll.
    """
    shown = {metric: METRICS[metric] for metric in numbers["metrics"]}
    absent = {name: ", ".join(numbers["undecided"][metric]) for metric, name in shown.items()}
    if len(absent) > 1 and len(set(absent.values())) == 1:
        absent = {"either score": next(iter(absent.values()))}
    parts = "; ".join(f"{names} ({metric})" for metric, names in absent.items() if names)
    said = [f"Left out, for the full model is not clear of guessing: {parts}."] if parts else []
    every = dict.fromkeys(name for known in numbers["benchmarks"].values() for name in known)
    for metric, name in shown.items():
        known = {*numbers["benchmarks"][metric], *numbers["undecided"][metric]}
        if lacking := [one for one in every if one not in known]:
            said.append(f"Without {name}: {', '.join(lacking)}.")
    low, high = view(numbers["rows"])
    if any(row["R"] is not None and not low <= row["R"] <= high for row in numbers["rows"]):
        said.append(f"Arrows at an edge: R outside {low:.2f} to {high:.2f}.")
    return " ".join(said)


def basis(numbers: Mapping[str, Any], metric: str) -> str:
    """What R is of where a figure shows one metric: the score, over what, and who is left out."""
    rows = [row for row in numbers["rows"] if "R" in row]
    out = left_out({**numbers, "metrics": [metric], "rows": rows})
    return f"R of {METRICS[metric]}, {over(numbers, metric)}. {out}".strip()
