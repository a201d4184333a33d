"""The table of scores that a report shows: a row a schedule, a column a benchmark."""

from __future__ import annotations

import math
from typing import Any

from reprlab.reports.pages.content import Table
from reprlab.scores.cells import with_ends
from reprlab.statistics.bootstraps import interval
from reprlab.verdicts.evidence import Evidence

_SHOWN = ("acc", "f1", "mcc", "pearson", "spearman", "perplexity", "u")
SCALE = (
    "R is the share of its skill that a changed model keeps. 1 is the unchanged model, and 0 is the floor "
    "that needs no model: guessing, or the best simple rule that was measured. An R of 0.6 keeps 60 % of "
    "the way from the floor to the unchanged model; R may also lie below 0 or above 1."
)
_NOTE = (
    "Each cell is a score and its standard error over documents; a perplexity has its 95 % interval, taken "
    "on the log scale. The score u lies between 0 and 1, and is larger the more likely the model finds the "
    "right answer; R is formed of it."
)
_NONE = Table((), (), "Nothing was swept.")


def table(evidence: Evidence) -> Table:
    """A row a schedule: accuracy and u with standard errors, and the median R of u with its interval."""
    scores, u = evidence.scores, evidence.u
    if scores is None or u is None:
        return _NONE
    frame = scores.pooled()
    shown = [(r.name, m) for r in scores.benchmarks.values() for m in _SHOWN if m in r.metrics]
    cells = {(row.row, row.benchmark, row.metric): _cell(row) for row in frame.itertuples()}
    rows: list[tuple[str, ...]] = []
    for at, (labels, places) in enumerate(zip(u.labels, scores.rows, strict=True)):
        low, high = interval(u.drawn_median[at])
        ends = "too few" if math.isnan(low) else f"[{low:.2f}, {high:.2f}]"
        median = "" if math.isnan(u.median[at]) else f"{u.median[at]:.2f} {ends}"
        named = (scores.entries[places[0]].label, labels["schedule"])
        rows.append((*named, *(cells[at, *one] for one in shown), median))
    columns = ("variant", "schedule", *(f"{name}, {metric}" for name, metric in shown), "median R of u")
    of = ", ".join(u.benchmarks) or "no benchmark"
    excluded = "".join(f" {name} is excluded: {why}." for name, why in u.undecided.items())
    note = f"{_NOTE} The median is over {of}.{excluded}"
    return Table(columns, tuple(rows), note)


def _cell(row: Any) -> str:
    """A score with its standard error; a perplexity with its interval."""
    if math.isnan(row.value):
        return ""
    if row.metric == "perplexity":
        return with_ends(row)
    if row.value >= 1e4 or not math.isfinite(row.value):
        return f"{row.value:.2g}"
    digits = 1 if row.value >= 100 else 3
    return f"{row.value:.{digits}f} ± {row.stderr:.{digits}f}"
