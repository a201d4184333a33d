"""Precision: the same schedules in float32 and in the dtype of the sweep.

Caption: Score u under every schedule in the dtype of the sweep minus that in float32, against the score in
float32, on the same documents of one benchmark. Bars are 95 % intervals of the difference, paired over
documents. On the dashed line both are equal. The dotted lines are the full model in float32, across, and a
difference of a twentieth of its margin over the best baseline, up.

Claim: None of the paper's. A number format that changes scores far less than schedules do can stand for the
other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores", "precise")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Mean u of every schedule in float32, its paired change in the other dtype, and whether u can tell."""
    fine, coarse = evidence.precise, evidence.scores
    assert fine is not None  # NEEDS has both
    assert coarse is not None
    (name,) = fine.benchmarks
    if name not in coarse.benchmarks:
        raise rl.ReprlabError(f"{name} was swept in float32 only")
    precise = fine.results(name)
    swept = {entry.schedule for entry in coarse.entries}
    both = dict.fromkeys(entry.schedule for entry in fine.entries if entry.schedule in swept)
    rows: list[dict[str, Any]] = []
    for schedule in both:
        one, other = (scores.results(name).items("u")[scores.row_of(schedule)] for scores in (fine, coarse))
        other = other[: len(one)]
        change = curves.changed(other, one, precise.unit_codes)
        apart = np.abs(one - other).mean()
        variant = fine.entries[fine.row_of(schedule)].variant
        labels = {"schedule": str(schedule), "variant": variant, "float32": one.mean(), "other": other.mean()}
        rows.append({**labels, **change, "document_difference": apart})
    full = precise.items("u")[0]
    margin = float(full.mean() - precise.guess("u"))
    clear = name in rl.retained(fine, "u", count=1).benchmarks  # 5 standard errors of full - floor, in units
    labels = {"model": evidence.model, "benchmark": name, "documents": len(full), "dtype": coarse.dtype}
    return {**labels, "margin": margin, "clear": clear, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """The largest paired change of a mean, how many are surely not 0, and the range of schedules."""
    rows = numbers["rows"]
    range_ = max(row["float32"] for row in rows) - min(row["float32"] for row in rows)
    most = max(rows, key=lambda row: abs(row["value"]))
    sure = sum(curves.bounded(row) and (row["low"] > 0 or row["high"] < 0) for row in rows)
    documents = figures.counted(numbers["documents"], "document")
    caution = (
        "" if numbers["clear"] else " The full model is near the best baseline there, so this tests little."
    )
    return (
        f"On {documents} of {numbers['benchmark']}, {numbers['dtype']} changes the mean u of a schedule of "
        f"{numbers['model']} by at most {curves.number(most, 'value', digits=3)}, and {sure} of {len(rows)} "
        f"surely; schedules differ by up to {range_:.3f}.{caution}"
    )


def _foot(numbers: dict[str, Any]) -> str:
    """The data, and the meaning of marks, bars and lines."""
    data = f"{numbers['benchmark']}: {figures.counted(numbers['documents'], 'document')}."
    near = (
        "" if numbers["clear"] else " The full model is near the best baseline: no benchmark to test this on."
    )
    lines = "Dashed: equal scores." + (
        " Dotted: a twentieth of the full model's margin." if numbers["clear"] else ""
    )
    return f"{data}{near} Marks: schedules. Bars: 95 % intervals, paired over documents. {lines}"


def draw(numbers: dict[str, Any]) -> Any:
    """The paired change of every schedule's mean u against its mean in float32."""
    rows, title = numbers["rows"], f"{numbers['model']}: {numbers['dtype']} minus float32"
    with figures.sheet(width=5.0, height=2.8, title=title) as (ax,):
        lines = figures.lines_by(rows, "variant")
        figures.dots(ax, lines, x="float32", y="value", size=3)
        ax.axhline(0, color="0.45", lw=0.8, ls=(0, (6, 2)), zorder=0)
        for sign in (-1, 1) if numbers["clear"] else ():
            ax.axhline(sign * numbers["margin"] / 20, color="0.6", lw=0.6, ls=(0, (1, 1.5)), zorder=0)
        ax.set(xlabel=f"score u in float32, {numbers['benchmark']}", ylabel="change of u")
        ax.spines[["top", "right"]].set_visible(False)
        figures.legend([ax], order=("full",))
        figures.foot(ax.figure, _foot(numbers))
    return ax.figure
