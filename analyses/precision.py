"""Precision: the same schedules in float32 and in the dtype of the sweep.

Caption: Score u under every schedule, in float32 (across) and in the dtype of the sweep (up), on the same
documents of one benchmark. Bars are standard errors over documents. On the line both are equal.

Claim: None of the paper's. A number format that changes scores far less than schedules do can stand for the
other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures

NEEDS = ("scores", "precise")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Mean u of every schedule in both dtypes, and how far single documents differ."""
    fine, coarse = evidence.precise, evidence.scores
    (name,) = fine.benchmarks
    if name not in coarse.benchmarks:
        raise rl.ReprlabError(f"{name} was swept in float32 only")
    swept = {entry.schedule for entry in coarse.entries}
    both = dict.fromkeys(entry.schedule for entry in fine.entries if entry.schedule in swept)
    shared = len(fine.results(name).ids)
    rows: list[dict[str, Any]] = []
    for schedule in both:
        one, other = (s.results(name).items("u")[s.row_of(schedule)][:shared, 0] for s in (fine, coarse))
        rows.append(
            {
                "schedule": str(schedule),
                "variant": fine.entries[fine.row_of(schedule)].variant,
                "float32": one.mean(),
                "other": other.mean(),
                "stderr": one.std(ddof=1) / np.sqrt(shared),
                "document_difference": np.abs(one - other).mean(),
            }
        )
    labels = {"model": evidence.model, "benchmark": name, "documents": shared, "dtype": coarse.dtype}
    return {**labels, "rows": rows}


def _apart(rows: list[dict[str, Any]]) -> float:
    """The largest difference between the dtypes' mean scores."""
    return max(abs(row["float32"] - row["other"]) for row in rows)


def reading(numbers: dict[str, Any]) -> str:
    """The largest change that the dtype makes to a mean and to a document, and that schedules make."""
    rows = numbers["rows"]
    range_ = max(row["float32"] for row in rows) - min(row["float32"] for row in rows)
    single = max(row["document_difference"] for row in rows)
    documents = figures.counted(numbers["documents"], "document")
    return (
        f"On {documents} of {numbers['benchmark']}, {numbers['dtype']} changes the mean "
        f"u of a schedule of {numbers['model']} by at most {_apart(rows):.3f}, while schedules differ by up "
        f"to {range_:.3f}. A single document changes by at most {single:.3f} on average."
    )


def _foot(numbers: dict[str, Any]) -> str:
    """The data, and the meaning of marks, bars and the line."""
    data = f"{numbers['benchmark']}: {figures.counted(numbers['documents'], 'document')}."
    return f"{data} Each mark is a schedule. Bars: standard errors over documents. Line: equal scores."


def draw(numbers: dict[str, Any]) -> Any:
    """Every schedule's mean u in one dtype against the other."""
    rows, title = numbers["rows"], f"{numbers['model']}: scores in float32 and {numbers['dtype']}"
    with figures.sheet(width=figures.COLUMN, height=figures.COLUMN, title=title) as (ax,):
        for variant in dict.fromkeys(row["variant"].replace("_", " ") for row in rows):
            some = [row for row in rows if row["variant"].replace("_", " ") == variant]
            colour, marker = figures.VARIANTS[variant]
            at, up, error = ([row[key] for row in some] for key in ("float32", "other", "stderr"))
            look: Any = {"fmt": marker, "color": colour, "ms": 3, "lw": 0.5, "label": variant}
            ax.errorbar(at, up, xerr=error, **look)
        ends = [min(row["float32"] for row in rows), max(row["float32"] for row in rows)]
        ax.plot(ends, ends, color="0.6", lw=0.8, zorder=0)
        ax.set(xlabel="score u in float32", ylabel=f"score u in {numbers['dtype']}")
        ax.legend(frameon=False, fontsize=6)
        ax.spines[["top", "right"]].set_visible(False)
        figures.foot(ax.figure, _foot(numbers))
    return ax.figure
