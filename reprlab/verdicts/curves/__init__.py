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
from reprlab.verdicts.curves.loops import Peak, peaks, proportion, slopes
from reprlab.verdicts.curves.orders import kendall, orders, slope
from reprlab.verdicts.curves.words import WORDS, basis, change, compared, decisive, number, retains

__all__ = [
    "WORDS",
    "Peak",
    "about",
    "averages",
    "basis",
    "both",
    "both_of",
    "by_start",
    "change",
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
    "slopes",
    "summary",
    "window",
]
