"""Panels: ticks, maps on one scale, legends inside, bars, and texts within a page."""

import math
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reprlab import figures
from reprlab.figures.panels import few_ticks


@given(st.integers(2, 700))
def test_few_ticks_begin_at_nought_end_at_the_last_and_are_few(count: int) -> None:
    ticks = few_ticks(count)
    assert (ticks[0], ticks[-1]) == (0, count - 1)
    assert len(ticks) <= 8
    steps = np.diff(ticks)
    assert (steps[:-1] == steps[0]).all()


def test_maps_share_a_scale_that_reaches_the_lowest_and_nan_is_grey() -> None:
    low, odd = np.eye(3) - 0.2, np.eye(4)
    odd[0, 1] = np.nan
    with figures.sheet(1, 2) as row:
        shown_ = figures.maps(row, [low, odd], titles=["a", "b"], label="l", starts=[[1], []])
    assert [ax.images[0].get_clim() for ax in shown_] == [(-0.2, 1.0)] * 2
    image = shown_[1].images[0]
    assert np.allclose(image.to_rgba(image.get_array())[0, 1][:3], 0.8)
    assert [len(ax.lines) for ax in shown_] == [4, 0]  # a black and a white line, both ways
    assert row[0].figure.axes[-1].get_ylabel() == "l"  # the bar


def test_maps_name_depths_and_fill_a_given_panel_with_the_bar() -> None:
    with figures.sheet(1, 3, widths=[1, 1, 0.05]) as row:
        figures.maps(
            row[:2], [np.eye(3)] * 2, titles=["a", "b"], label="l", at=[[0, 4, 8], [0, 1, 2]], bar=row[2]
        )
    assert [text.get_text() for text in row[0].get_xticklabels()] == ["0", "4", "8"]
    assert row[0].get_xticks().tolist() == [0, 1, 2]
    assert len(row[0].figure.axes) == 3


def test_across_takes_the_place_of_a_column() -> None:
    with figures.sheet(2, 3) as grid:
        tall = figures.across(grid[:, 2])
    spec = tall.get_subplotspec()
    assert (spec.rowspan, spec.colspan) == (range(0, 2), range(2, 3))
    assert len(tall.figure.axes) == 5


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_legend_inside_lies_above_what_was_drawn(scale: str) -> None:
    with figures.sheet(1, 2) as (ax, _):
        ax.plot([0, 1], [1, 100], label="a")
        ax.set(yscale=scale, ylim=(1, 100))
        figures.legend_inside(ax, room=1.5)
    assert ax.get_ylim() == pytest.approx((1, 1000 if scale == "log" else 149.5))
    assert max(ax.get_yticks()) <= 100
    assert [text.get_text() for text in ax.get_legend().texts] == ["a"]


def test_a_factor_axis_has_plain_numbers() -> None:
    with figures.sheet(1, 2) as (ax, _):
        ax.plot([0, 1], [0.4, 6])
        figures.factor_axis(ax)
    ax.figure.canvas.draw()
    assert {"0.5", "1", "2", "5"} <= {text.get_text() for text in ax.get_yticklabels()}


def test_bars_named_points_and_spans() -> None:
    with figures.sheet(1, 2) as (ax, other):
        figures.bars(ax, [1, math.nan, 3], low=[0, math.nan, 2], high=[2, math.nan, 4], name="costs $5")
        figures.span(ax, 1, 2, "here")
        figures.named(other, [1, math.nan], [2, 3], ["$a$", "b"])
    assert [bar.get_height() for bar in ax.patches][::2] == [1, 3]
    assert ax.get_legend_handles_labels()[1] == ["here", r"costs \$5"]
    assert [text.get_text() for text in other.texts] == [r"\$a\$"]


def test_a_single_box_of_text_stays_within_the_page() -> None:
    told = figures.Passage("heading", "word " * 200)
    figure = figures.answers(told, [told], title="t", foot="small " * 60)
    with Image.open(BytesIO(figures.image(figure, "png"))) as image:
        assert image.size[0] / image.info["dpi"][0] <= figures.PAGE + 0.02
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said[0] == "t"
    assert "right" not in said
