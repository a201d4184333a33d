"""Curves: what variants retain by start, beside one another, by order, by loop count, and in words."""

from reprlab.curves.loops import Peak, peaks, proportion
from reprlab.curves.orders import kendall, orders, slope
from reprlab.curves.retaining import (
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
from reprlab.curves.words import WORDS, basis, compared, decisive, number, retains

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
