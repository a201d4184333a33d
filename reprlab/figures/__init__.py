"""Pictures: matplotlib, and nothing computed. Every function takes numbers, draws on `ax`, returns it."""

from reprlab.figures.heatmaps import heatmap
from reprlab.figures.lines import lines
from reprlab.figures.looks import COLUMN, OTHERS, PAGE, STYLE, VARIANTS, depth_ticks, save
from reprlab.figures.schedules import diagram

__all__ = [
    "COLUMN",
    "OTHERS",
    "PAGE",
    "STYLE",
    "VARIANTS",
    "depth_ticks",
    "diagram",
    "heatmap",
    "lines",
    "save",
]
