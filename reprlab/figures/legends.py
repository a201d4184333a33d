"""Legends: one for all panels of a figure, and the notes in small print at its foot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reprlab.figures.curves import view
from reprlab.figures.looks import plain
from reprlab.schedules.grids import RUINED

METRICS = {"acc": "accuracy", "u": "continuous score u"}
SCALE = "0 is the best baseline without a model, below 0 worse than that, 1 the full model"  # of R


def legend(panels: Sequence[Any], *, order: Sequence[str] = ("median",), within: Any = None) -> None:
    """Draws one legend for all panels, to their right, or `within` an empty panel; `order` comes first."""
    lines: dict[str, Any] = {}
    for ax in panels:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            lines.setdefault(name, handle)
    names = [name for name in order if name in lines]
    names += [name for name in lines if name not in names]
    if not names:
        return
    handles = [lines[name] for name in names]
    look = {"frameon": False, "fontsize": 7, "handlelength": 2.6}
    if within is None:
        panels[0].figure.legend(handles, names, loc="outside right center", **look)
        return
    within.set_axis_off()
    within.legend(handles, names, loc="center", **look)


def foot(figure: Any, text: str) -> None:
    """Writes notes at the foot of a figure, in small print."""
    if text:
        wide = int(figure.get_figwidth() * 22.5)
        figure.supxlabel(textwrap.fill(plain(text), wide), fontsize=6, color="0.3", x=0.01, ha="left")


def over(numbers: Mapping[str, Any], metric: str) -> str:
    """The benchmarks that a summary line stands for.

    >>> over({"summary": {"u": "median"}, "benchmarks": {"u": ["arc", "lambada"]}}, "u")
    'median of 2 benchmarks'
    """
    name, count = numbers["summary"][metric], len(numbers["benchmarks"][metric])
    return f"median of {count} benchmarks" if name == "median" else name or "no benchmark"


def left_out(numbers: Mapping[str, Any]) -> str:
    """Benchmarks that a figure does not show, by metric, and the meaning of arrows where there are any.

    >>> known = {"benchmarks": {"acc": [], "u": ["gsm8k_nll"]}, "undecided": {"acc": {"arc": "why"}}}
    >>> print(left_out({"rows": [], "metrics": ["acc"], **known}))
    Not shown: arc (full model near the best baseline by accuracy). Without accuracy: gsm8k_nll.
    """
    shown = {metric: METRICS[metric] for metric in numbers["metrics"]}
    absent = {name: ", ".join(numbers["undecided"][metric]) for metric, name in shown.items()}
    if len(absent) > 1 and len(set(absent.values())) == 1:
        absent = {"either score": next(iter(absent.values()))}
    near = "full model near the best baseline by"
    parts = "; ".join(f"{names} ({near} {by})" for by, names in absent.items() if names)
    notes = [f"Not shown: {parts}."] if parts else []
    every = dict.fromkeys(name for known in numbers["benchmarks"].values() for name in known)
    for metric, name in shown.items():
        known = {*numbers["benchmarks"][metric], *numbers["undecided"][metric]}
        if lacking := [one for one in every if one not in known]:
            notes.append(f"Without {name}: {', '.join(lacking)}.")
    low, high = view(numbers["rows"])
    if any(row["R"] is not None and not low <= row["R"] <= high for row in numbers["rows"]):
        notes.append(f"Arrows at an edge: R outside {low:.2f} to {high:.2f}.")
    return " ".join(notes)


def intervals(numbers: Mapping[str, Any], mark: str = "Bands") -> str:
    """The meaning of R and of the `mark` that shows its interval.

    >>> intervals({"rows": [{"variant": "skip"}]}).split(". ")[1]
    'Bands: 95 % intervals over documents.'
    """
    some = orders(numbers["rows"])
    over_orders = ", for random order over orders too" if some else ""
    return f"R: {SCALE}. {mark}: 95 % intervals over documents{over_orders}. {some}".strip()


def orders(rows: Iterable[Mapping[str, Any]]) -> str:
    """How many random orders a figure's rows stand for, as a sentence; nothing where there are none.

    >>> orders([{"variant": "random", "start": 5, "seeds": 3}, {"variant": "random", "start": 6, "seeds": 5}])
    'Random order: the mean of 3 to 5 orders a start.'
    """
    random = [row for row in rows if row.get("variant") == "random" and row.get("middle") != 1]
    some = [row.get("orders", row.get("seeds")) for row in random]
    counts = sorted({count for count in some if isinstance(count, int)})
    if not counts:
        return ""
    several = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    return f"Random order: the mean of {several} order{'s' if counts[-1] > 1 else ''} a start."


def floor_names(numbers: Mapping[str, Any]) -> str:
    """The thin lines of baselines without a model by name, as a sentence; empty where 0 is the only one.

    >>> lines = [{"metric": "u", "benchmark": "lambada", "baseline": "unigram", "R": -0.25}]
    >>> floor_names({"floors": lines, "metrics": ["u"]})
    'Thin dotted lines: other baselines without a model (unigram).'
    >>> floor_names({"floors": [*lines, {**lines[0], "baseline": "the model's own ruins"}], "metrics": ["u"]})
    "Thin dotted lines: other baselines without a model (unigram) and the model's own ruins."
    """
    rows = [row for row in numbers.get("floors", ()) if row["metric"] in numbers["metrics"]]
    names = dict.fromkeys(row["baseline"] for row in rows if row["R"] is not None and abs(row["R"]) > 1e-6)
    others = [name for name in names if name != RUINED]
    parts = [f"other baselines without a model ({', '.join(others)})"] if others else []
    parts += [RUINED] if RUINED in names else []
    return f"Thin dotted lines: {' and '.join(parts)}." if parts else ""


def basis(numbers: Mapping[str, Any], metric: str) -> str:
    """The score and the benchmarks of R where a figure shows one metric, and the benchmarks not shown."""
    rows = [row for row in numbers["rows"] if "R" in row]
    out = left_out({**numbers, "metrics": [metric], "rows": rows})
    return f"R of the {METRICS[metric]}, {over(numbers, metric)}: {SCALE}. {out}".strip()
