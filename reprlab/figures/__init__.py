"""Pictures: these functions take numbers, draw them with matplotlib on `ax` and return it; none computes."""

from reprlab.counts import counted
from reprlab.figures.curves import RETAINED, curves, dots, floors, guides, lines_by, view
from reprlab.figures.grids import boxed, grid, outlined, scale
from reprlab.figures.heatmaps import heatmap
from reprlab.figures.images import close, image, save
from reprlab.figures.legends import (
    METRICS,
    SCALE,
    basis,
    floor_names,
    foot,
    intervals,
    left_out,
    legend,
    orders,
    over,
)
from reprlab.figures.lines import lines
from reprlab.figures.looks import (
    BENCHMARKS,
    COLUMN,
    OTHERS,
    PAGE,
    STYLE,
    VARIANTS,
    Look,
    depth_ticks,
    looks_of,
    ramp,
    sheet,
)
from reprlab.figures.panels import (
    across,
    bars,
    factor_axis,
    layer_axis,
    legend_inside,
    maps,
    named,
    span,
)
from reprlab.figures.schedules import diagram
from reprlab.figures.starts import by_metric, by_start, start_axes, start_notes, whole_ticks
from reprlab.figures.texts import Passage, answers

__all__ = [
    "BENCHMARKS",
    "COLUMN",
    "METRICS",
    "OTHERS",
    "PAGE",
    "RETAINED",
    "SCALE",
    "STYLE",
    "VARIANTS",
    "Look",
    "Passage",
    "across",
    "answers",
    "bars",
    "basis",
    "boxed",
    "by_metric",
    "by_start",
    "close",
    "counted",
    "curves",
    "depth_ticks",
    "diagram",
    "dots",
    "factor_axis",
    "floor_names",
    "floors",
    "foot",
    "grid",
    "guides",
    "heatmap",
    "image",
    "intervals",
    "layer_axis",
    "left_out",
    "legend",
    "legend_inside",
    "lines",
    "lines_by",
    "looks_of",
    "maps",
    "named",
    "orders",
    "outlined",
    "over",
    "ramp",
    "save",
    "scale",
    "sheet",
    "span",
    "start_axes",
    "start_notes",
    "view",
    "whole_ticks",
]
