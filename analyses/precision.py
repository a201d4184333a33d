"""Precision: the same schedules in float32 beside the dtype of the sweep.

Caption: Score u under every schedule, in float32 (across) and in the dtype of the sweep (up), on the same
documents of one benchmark; bars are standard errors over documents, the line is where both are equal.

Claim: None of the paper's. A number format that changes scores by much less than schedules do can stand for
the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures

NEEDS = ("scores", "precise")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    fine, coarse = evidence.precise, evidence.scores
    (name,) = fine.benchmarks
    if name not in coarse.benchmarks:
        raise rl.ReprlabError(f"{name} was swept in float32 only")
    both = [
        entry.schedule for entry in fine.entries if entry.schedule in {e.schedule for e in coarse.entries}
    ]
    shared = len(fine.results(name).ids)
    found: dict[str, dict[str, Any]] = {}
    for schedule in both:
        one, other = (s.results(name).items("u")[s.row_of(schedule)][:shared, 0] for s in (fine, coarse))
        entry = fine.entries[fine.row_of(schedule)]
        found[str(schedule)] = {
            "schedule": str(schedule),
            "variant": entry.variant,
            "float32": one.mean(),
            "other": other.mean(),
            "stderr": one.std(ddof=1) / np.sqrt(shared),
            "document_difference": np.abs(one - other).mean(),
        }
    labels = {"model": evidence.model, "benchmark": name, "documents": shared, "dtype": coarse.dtype}
    return {**labels, "rows": list(found.values())}


def _apart(rows: list[dict[str, Any]]) -> float:
    return max(abs(row["float32"] - row["other"]) for row in rows)


def reading(numbers: dict[str, Any]) -> str:
    rows = numbers["rows"]
    range_ = max(row["float32"] for row in rows) - min(row["float32"] for row in rows)
    single = max(row["document_difference"] for row in rows)
    moved = f"{numbers['dtype']} moves the mean u of a schedule by at most {_apart(rows):.3f}"
    return (
        f"On {numbers['documents']} documents of {numbers['benchmark']}, {moved} (a document's by "
        f"{single:.3f} on average at most), while schedules differ by up to {range_:.3f}."
    )


def draw(numbers: dict[str, Any]) -> Any:
    rows, title = numbers["rows"], f"{numbers['model']}, {numbers['benchmark']}"
    with figures.sheet(width=figures.COLUMN, height=figures.COLUMN, title=title) as (ax,):
        for variant in dict.fromkeys(row["variant"].replace("_", " ") for row in rows):
            some = [row for row in rows if row["variant"].replace("_", " ") == variant]
            colour, marker = figures.VARIANTS[variant]
            at, up, error = ([row[key] for row in some] for key in ("float32", "other", "stderr"))
            look: Any = {"fmt": marker, "color": colour, "ms": 3, "lw": 0.5, "label": variant}
            ax.errorbar(at, up, xerr=error, **look)
        ends = [min(row["float32"] for row in rows), max(row["float32"] for row in rows)]
        ax.plot(ends, ends, color="0.6", lw=0.8, zorder=0)
        ax.set(xlabel="u, float32", ylabel=f"u, {numbers['dtype']}")
        ax.legend(frameon=False, fontsize=6)
        ax.spines[["top", "right"]].set_visible(False)
    return ax.figure
