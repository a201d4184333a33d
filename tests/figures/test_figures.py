from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reprlab import figures
from reprlab.errors import ReprlabError
from reprlab.schedules.diagram import boxes
from reprlab.schedules.schedule import Schedule


def draw(values: np.ndarray, ax: object = None) -> object:
    return figures.heatmap(values, title="m", label="l", caption="costs $5 and $6", ax=ax)


@given(st.integers(2, 400))
def test_ticks_begin_at_nought_end_at_the_last_and_do_not_crowd(count: int) -> None:
    ticks = figures.depth_ticks(count)
    assert ticks[0] == 0
    assert ticks[-1] == count - 1
    assert len(ticks) <= 10
    steps = np.diff(ticks)
    assert (steps[:-1] == steps[0]).all()
    assert steps.min() * 2 > steps.max() or len(ticks) < 3 or steps[-1] * 2 > steps[0]


@pytest.mark.parametrize("ending", [".png", ".pdf", ".svg"])
def test_a_picture_is_the_same_bytes_every_time(tmp_path: Path, ending: str) -> None:
    values = np.linspace(-0.2, 1, 49).reshape(7, 7)
    for name in "ab":
        figures.save(draw(values), tmp_path / f"{name}{ending}")
    first, second = ((tmp_path / f"{name}{ending}").read_bytes() for name in "ab")
    assert first == second
    assert b"20" + b"26" not in first[:200]


def test_a_picture_fits_a_column(tmp_path: Path) -> None:
    figures.save(draw(np.eye(31)), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        width, height = (side / 300 for side in image.size)
    assert 2.5 < width <= figures.COLUMN + 0.1
    assert 2.5 < height < 4.2


def test_colours_reach_below_nought_and_nan_is_grey() -> None:
    values = np.eye(4)
    values[0, 1], values[2, 3] = -0.4, np.nan
    image = draw(values).images[0]
    assert image.get_clim() == (-0.4, 1.0)
    assert np.allclose(image.to_rgba(image.get_array())[2, 3][:3], 0.8)


def test_a_given_axes_is_drawn_on_and_carries_no_caption() -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2)
    assert draw(np.eye(3), axes[1]) is axes[1]
    assert not axes[0].images
    assert figure._supxlabel is None  # pyright: ignore
    plt.close(figure)


DIAGRAMS = ["0:32", "0:14 19:32", "0:14 [14:19]*3 19:32", "0:19 14:32", "0:14 [14:40]+*28 3 7 1 99 [2 1]*3"]
DIAGRAMS += [
    "0:14 (16*5)~14:19 19:32",
    "0 ([3:6] 7 [1 2]+)~3:6*5 (9:14)=0123456789abcdef",
    "(0 2 4 1 3 7 2 9 1 7 4 1)?7",
]


def drawn(schedule: str, ax: object = None) -> object:
    return figures.diagram(boxes(Schedule.parse(schedule).steps), caption=schedule, ax=ax)


@pytest.mark.parametrize("schedule", DIAGRAMS)
def test_a_diagram_fills_a_column_and_nothing_sticks_out(tmp_path: Path, schedule: str) -> None:
    figures.save(drawn(schedule), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] / 300 == pytest.approx(figures.COLUMN, abs=0.02)


def test_a_diagram_says_labels_signs_counts_and_kinds() -> None:
    ax = drawn("0 [1 2]+*4 2 [3 4]")
    said = ["0", "1", "2", "+", "\N{MULTIPLICATION SIGN}4", "2", "3", "4", r"$\bar{x}$"]
    kinds = ["layer", "side by side", "repeated"]
    assert [text.get_text() for text in ax.texts] == [*said, *kinds, "0 [1 2]+*4 2 [3 4]"]
    assert "layers left out" in [text.get_text() for text in drawn("0 2").texts]


def test_a_diagram_says_the_rules_of_blocks_and_what_is_not_run() -> None:
    said = [text.get_text() for text in drawn("0 (1 [2 3])~1:4*4 (4:7)=0123456789abcdef 7").texts]
    boxes_ = ["0", "1", "2", "3", r"$\bar{x}$", "~1:4\N{MULTIPLICATION SIGN}4", "4 … 6", "=0123…", "7"]
    kinds = ["layer", "side by side", "repeated", "mean update"]
    assert said[:-1] == [*boxes_, *kinds]


def test_a_diagram_is_drawn_on_a_given_axes() -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2)
    assert drawn("0:3", axes[1]) is axes[1]
    assert not axes[0].texts
    plt.close(figure)


def test_too_many_boxes_for_a_picture_are_refused() -> None:
    with pytest.raises(ReprlabError, match=r"^402 boxes are too many for a picture: at most 400$"):
        drawn("(0 2)*201")


def test_a_palette_keeps_the_colours_of_variants_whatever_else_there_is() -> None:
    with figures.sheet(1, 2) as (one, other):
        for at, (colour, marker) in enumerate(figures.VARIANTS.values()):
            one.plot([at], [at], marker, color=colour, ms=4)
        other.imshow(np.random.default_rng(0).random((200, 200, 3)))  # more colours than any palette has
    with Image.open(BytesIO(figures.image(one.figure, "png"))) as found:
        there = {colour for _, colour in found.convert("RGB").getcolors(found.width * found.height)}
    for colour, _ in figures.VARIANTS.values():
        if colour.startswith("#"):
            assert tuple(bytes.fromhex(colour[1:])) in there
