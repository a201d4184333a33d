"""Curves: the score that variants retain by start, by order and by loop count, compared and in words."""

from reprlab.verdicts.curves.by_start import (
    about,
    averages,
    both,
    both_of,
    by_start,
    contrast,
    ranking,
    summary,
    window,
)
from reprlab.verdicts.curves.loops import Peak, peaks, proportion
from reprlab.verdicts.curves.orders import kendall, orders, slope
from reprlab.verdicts.curves.paired import CELL, against, baselines, nats_lost
from reprlab.verdicts.curves.paper import GROUPS_13B, LAYERS, STATED, Stated, beside_paper, stated_rank
from reprlab.verdicts.curves.words import (
    WORDS,
    basis,
    change,
    compared,
    decisive,
    ended,
    fewest,
    finds_middle,
    group_lines,
    number,
    retains,
)

__all__ = [
    "CELL",
    "GROUPS_13B",
    "LAYERS",
    "STATED",
    "WORDS",
    "Peak",
    "Stated",
    "about",
    "against",
    "averages",
    "baselines",
    "basis",
    "beside_paper",
    "both",
    "both_of",
    "by_start",
    "change",
    "compared",
    "contrast",
    "decisive",
    "ended",
    "fewest",
    "finds_middle",
    "group_lines",
    "kendall",
    "nats_lost",
    "number",
    "orders",
    "peaks",
    "proportion",
    "ranking",
    "retains",
    "slope",
    "stated_rank",
    "summary",
    "window",
]
