"""Schedules as boxes and as text: what is drawn, what is abbreviated, and that it fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import block

from reprlab.schedules.diagram import MEMBERS, Box, boxes, text, wrap
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Step

STEPS = st.lists(
    st.integers(0, 12) | st.sets(st.integers(0, 12), min_size=2).map(sorted), min_size=1, max_size=20
)


def kinds(schedule: str) -> list[tuple[str, str]]:
    return [(" ".join(box.labels), box.kind) for box in boxes(Schedule.parse(schedule).steps)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0:6", [(str(i), "layer") for i in range(6)]),
        ("0:7", [("0 … 6", "layer")]),
        ("0:7 8:15", [("0 … 6", "layer"), ("8 … 14", "layer")]),
        ("1 0", [("1", "out of order"), ("0", "out of order")]),
        ("0 8:1 8", [("0", "layer"), ("7 … 1", "out of order"), ("8", "layer")]),
        ("0:3 1:4", [("0", "layer"), *[(i, "repeated") for i in "1212"], ("3", "layer")]),
        ("0:8 0:8", [("0 … 7", "repeated")] * 2),
        ("[0 1] 2", [("0 1", "side by side"), ("2", "layer")]),
        ("[0 2] 1", [("0 2", "side by side"), ("1", "out of order")]),
        ("[1 3:11]", [("1 3 4 … 10", "side by side")]),
    ],
)
def test_runs_and_kinds(schedule: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(schedule) == expected


def test_more_than_three_equal_steps_are_one_box_with_its_count() -> None:
    three, four = (boxes(Schedule.parse(f"[0 1]+*{n}").steps) for n in (3, 4))
    assert three == (Box(("0", "1"), "side by side", "+"),) * 3
    assert four == (Box(("0", "1"), "side by side", "+", times=4),)


@pytest.mark.parametrize(
    ("schedule", "gaps"),
    [("0 2", [False, True]), ("1", [True]), ("0 2 1", [False] * 3), ("0 [3 4]*2 3", [0, 1, 0, 0])],
)
def test_a_gap_is_before_a_box_that_passes_over_layers_that_run_nowhere(
    schedule: str, gaps: list[bool]
) -> None:
    assert [box.gap for box in boxes(Schedule.parse(schedule).steps)] == gaps


def test_a_large_set_is_abbreviated() -> None:
    (box,) = boxes([tuple(range(0, 60, 2))])
    assert len(box.labels) == MEMBERS
    assert box.labels[-3:] == ("18", "…", "58")


def test_a_looped_set_as_text() -> None:
    drawn = boxes(Schedule.parse("0:14 [14 15]*4 16:32").steps)
    assert "\n".join(text(drawn, 80)) == (
        "                   ┌────┐\n"
        "   ┌────────┐   ┌─▶│ 14 │─┐            ┌─────────┐\n"
        "──▶│ 0 … 13 │───┤  ├────┤ ├──▶(mean)──▶│ 16 … 31 │──▶\n"
        "   └────────┘   └─▶│ 15 │─┘            └─────────┘\n"
        "                   └────┘\n"
        "                ╰────────*4────────╯"
    )


def test_ascii_has_the_same_shape() -> None:
    drawn = boxes(Schedule.parse("0:14 [15:24]+*4 3 40").steps)
    plain, drawn_lines = text(drawn, 80, ascii=True), text(drawn, 80)
    assert [len(line) for line in plain] == [len(line) for line in drawn_lines]
    assert all(line.isascii() for line in plain)


@given(STEPS, st.integers(40, 100))
def test_no_line_is_wider_than_the_terminal_and_every_layer_is_there(steps: list, width: int) -> None:
    drawn = boxes(Schedule(steps).steps)
    lines = text(drawn, width)
    assert max(map(len, lines)) <= width
    shown = " ".join(lines).split()
    assert all(label in shown or "…" in label for box in drawn for label in box.labels)


@given(st.lists(st.integers(1, 20), min_size=1), st.integers(1, 30))
def test_rows_hold_every_box_once_in_order_and_fit(widths: list[int], room: int) -> None:
    rows = wrap(widths, room)
    assert [at for row in rows for at in row] == list(range(len(widths)))
    assert all(len(row) == 1 or sum(widths[at] for at in row) <= room for row in rows)


def test_a_schedule_as_long_as_may_be_is_drawn_soon() -> None:
    assert boxes(Schedule(range(100_000)).steps) == (Box(("0 … 99999",)),)


BLOCK_STEPS: st.SearchStrategy[list[Step]] = st.lists(block | st.integers(0, 8), min_size=1, max_size=6)


@given(BLOCK_STEPS, st.integers(40, 200), st.booleans())
def test_blocks_are_drawn_as_boxes_over_a_brace(steps: list[Step], width: int, plain: bool) -> None:
    drawn = boxes(steps)
    lines = text(drawn, width, ascii=plain)
    widest = max(len(line) for line in text(drawn, 10, ascii=plain))
    assert max(map(len, lines)) <= max(width, widest)
    assert all(line.isascii() for line in lines) or not plain
    for box in drawn:
        assert bool(box.inner) == bool(box.rule) != bool(box.labels)
        assert not any(part.inner for part in box.inner)
        assert any(box.brace in line for line in lines) or plain


def test_a_block_as_text() -> None:
    assert text(boxes(Schedule.parse("0:2 (3*4)~2:5*2 (5:8)=0123456789abcdef").steps), 100) == [
        "   ┌───┐   ┌───┐   ┌────┐   ┌────┐   ┌───────┐",
        "──▶│ 0 │──▶│ 1 │┄┄▶│ 3  │──▶│ 3  │┄┄▶│ 5 … 7 │──▶",
        "   └───┘   └───┘   └────┘   └────┘   └───────┘",
        "                   ╰─*4─╯   ╰─*4─╯   ╰─=0123…╯",
        "                   ╰~2:5╯   ╰~2:5╯",
    ]


def test_layers_of_a_block_have_their_kinds_and_those_of_a_mean_do_not_run() -> None:
    drawn = boxes(Schedule.parse("0 (2 1)~1:3 (3:5)=0123456789abcdef 3 (5)?0*4").steps)
    kinds_ = [(part.labels[0], part.kind) for box in drawn for part in box.parts]
    assert kinds_ == [
        *[("0", "layer"), ("2", "out of order"), ("1", "out of order")],
        *[("3 … 4", "mean update"), ("3", "out of order"), ("5", "repeated")],
    ]
    assert [box.brace for box in drawn] == ["", "~1:3", "=0123…", "", "?0*4"]
