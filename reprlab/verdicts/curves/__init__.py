"""Curves: what variants retain by start, against each other, by order, by loop count, and in words."""

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
from reprlab.verdicts.curves.words import WORDS, basis, compared, decisive, number, retains

__all__ = [
    "WORDS",
    "Peak",
    "about",
    "averages",
    "basis",
    "both",
    "both_of",
    "by_start",
    "compared",
    "contrast",
    "decisive",
    "kendall",
    "number",
    "orders",
    "peaks",
    "proportion",
    "ranking",
    "retains",
    "slope",
    "summary",
    "window",
]
