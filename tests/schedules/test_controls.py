"""The controls: the paper's middle in a block, and the full model where nothing is left to control."""

import pytest

from reprlab.errors import ReprlabError
from reprlab.schedules.controls import CONTROLS, INTERVENTIONS
from reprlab.schedules.grids import GRIDS, paper_grid
from reprlab.schedules.schedule import PAPER, Schedule, matching
from reprlab.schedules.steps import Block

DIGEST = "0123456789abcdef"
PLAIN = {"repeat_matched": "middle_repeat", "reverse_matched": "reverse", "parallel_matched": "parallel"}


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_a_block_between_the_layers_outside(name: str) -> None:
    offered = {"seed": 5, "calibration": DIGEST}
    given = {key: offered[key] for key in CONTROLS[name].needs if key in offered}
    made = CONTROLS[name].build(9, 2, 6, **given)
    first, second, block, *rest = made.steps
    assert (first, second, *rest) == (0, 1, 6, 7, 8)
    assert isinstance(block, Block)
    assert block.span == (2, 6)
    expected = PAPER[PLAIN[name]].build(9, 2, 6).steps[2:-3] if name in PLAIN else (2, 3, 4, 5)
    assert block.steps == expected
    assert matching(made, 9) == [0, 1, 2, 6, 7, 8, 9]


@pytest.mark.parametrize("name", PLAIN)
def test_a_matched_single_layer_is_the_full_model(name: str) -> None:
    assert CONTROLS[name].build(9, 4, 5) == Schedule.full(9)


def test_the_whole_model_may_be_the_middle() -> None:
    assert str(CONTROLS["reverse_matched"].build(4, 0, 4)) == "(4:0)~0:4"
    with pytest.raises(ReprlabError, match="the range 3:3 does not fit 4 layers"):
        CONTROLS["mean_ablation"].build(4, 3, 3, calibration=DIGEST)


def test_the_grid_has_every_control_for_every_start() -> None:
    entries = paper_grid("controls", 9, seeds=range(2), calibration=DIGEST)
    assert entries[0].variant == "full"
    counts = {name: sum(entry.variant == name for entry in entries) for name in INTERVENTIONS}
    names = [line.variant for line in GRIDS["controls"]]
    assert {name: count for name, count in counts.items() if count} == {
        name: {"full": 1, "random_direction": 8}.get(name, 4) for name in names
    }
    assert {"skip", *PLAIN, *PLAIN.values(), "random_direction", "mean_ablation"} == {*names} - {"full"}
    assert {entry.seed for entry in entries if entry.variant == "random_direction"} == {0, 1}
    assert all(Schedule.parse(str(entry.schedule), 9) == entry.schedule for entry in entries)


def test_without_a_calibration_there_is_no_mean_ablation() -> None:
    assert "mean_ablation" not in {entry.variant for entry in paper_grid("controls", 9)}
