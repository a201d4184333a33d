"""Precision: the same schedules in float32 beside the dtype of the sweep.

Caption: score u under every schedule, in float32 (across) and in the dtype of the sweep (up), on the same documents of one
benchmark; bars are standard errors over documents, the line is where both are equal.

Claim: none of the paper's. A number format that changes scores by much less than schedules do can stand for the other.
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
    both = [entry.schedule for entry in fine.entries if entry.schedule in {e.schedule for e in coarse.entries}]
    shared = len(fine.results(name).ids)
    found: dict[str, dict[str, Any]] = {}
    for schedule in both:
        one, other = (s.results(name).items("u")[s.place(schedule)][:shared, 0] for s in (fine, coarse))
        entry = fine.entries[fine.place(schedule)]
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
    return (
        f"On {numbers['documents']} documents of {numbers['benchmark']}, {numbers['dtype']} moves the mean u of a "
        f"schedule by at most {_apart(rows):.3f} (a document's by {single:.3f} on average at most), while schedules "
        f"differ by up to {range_:.3f}."
    )


def draw(numbers: dict[str, Any]) -> Any:
    axes = figures.sheet(1, 1, width=figures.COLUMN, height=figures.COLUMN)
    ax, rows = axes.flat[0], numbers["rows"]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        some = [row for row in rows if row["variant"] == variant]
        colour, marker = figures.VARIANTS[variant.replace("_", " ")]
        at, up, error = ([row[key] for row in some] for key in ("float32", "other", "stderr"))
        look: Any = {"fmt": marker, "color": colour, "ms": 3, "lw": 0.5, "label": variant.replace("_", " ")}
        ax.errorbar(at, up, xerr=error, **look)
    ends = [min(row["float32"] for row in rows), max(row["float32"] for row in rows)]
    ax.plot(ends, ends, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="u, float32", ylabel=f"u, {numbers['dtype']}", title=f"{numbers['model']}, {numbers['benchmark']}")
    ax.legend(frameon=False, fontsize=6)
    ax.spines[["top", "right"]].set_visible(False)
    return ax.figure
