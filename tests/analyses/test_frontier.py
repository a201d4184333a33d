"""The frontier: what nothing cheaper beats, its lines and every schedule's cost."""

from matplotlib.colors import to_hex
from planted import FULL, analysis, evidence, legend, numbers

import reprlab as rl


def test_the_frontier_is_what_nothing_cheaper_beats() -> None:
    for cost in ("path", "layer_calls"):
        rows = numbers("frontier")["rows"]
        for row in rows:
            beaten = any(
                (o[cost] < row[cost] and o["R"] >= row["R"]) or (o[cost] <= row[cost] and o["R"] > row["R"])
                for o in rows
            )
            if row[f"on_{cost}"]:
                assert not beaten or row["variant"] == "full"


def test_nothing_beats_the_full_model_by_noise() -> None:
    frontier = analysis("frontier")
    rows = [
        {"variant": "full", "path": 12, "R": 1.0, "low": 1.0},
        {"variant": "switch", "path": 12, "R": 1.02, "low": 0.95},
        {"variant": "skip_one", "path": 11, "R": 1.01, "low": 0.9},
        {"variant": "skip", "path": 11, "R": 0.9, "low": 0.8},
    ]
    values = [frontier._sure(row) for row in rows]
    assert frontier.frontier([row["path"] for row in rows], values) == [2, 0]
    assert frontier._sure({"variant": "switch", "R": 1.3, "low": 1.1}) == 1.3


def test_the_frontier_has_two_lines_and_its_own_points_and_the_rest_is_grey() -> None:
    figure = analysis("frontier").draw(numbers("frontier"))
    for ax in figure.axes[:2]:
        joined = [
            line.get_label()
            for line in ax.lines
            if line.get_linestyle() == "-" and line.get_marker() != "None"
        ]
        assert joined == ["skip", "parallel"]
        (others,) = (line for line in ax.lines if line.get_label() == "other schedules")
        assert to_hex(others.get_color()) == to_hex("0.8")


def test_the_frontier_has_every_schedule_at_its_cost() -> None:
    rows = numbers("frontier")["rows"]
    scores = evidence().scores
    assert scores is not None
    assert len(rows) == len(scores.rows)
    for row in rows:
        if row["schedule"].startswith("0") or row["schedule"][0].isdigit():
            schedule = (
                rl.Schedule.parse(row["schedule"]) if "orders" not in row["schedule"] else FULL.schedule
            )
            assert (row["path"], row["layer_calls"]) == (schedule.longest_path, schedule.layer_calls)
    figure = analysis("frontier").draw(numbers("frontier"))
    assert legend(figure)[:4] == ["frontier", "skip", "parallel", "other schedules"]
