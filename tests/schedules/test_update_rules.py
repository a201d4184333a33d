import pytest

from reprlab.errors import ReprlabError
from reprlab.schedules.steps import Block, Plain, layer_calls, layers_of, size
from reprlab.schedules.update_rules import Matched, MeanUpdate, RandomDirection

DIGEST = "0123456789abcdef"


@pytest.mark.parametrize(("start", "stop"), [(3, 3), (4, 2), (-1, 2), (0, 100_001)])
def test_a_matched_range_goes_up(start: int, stop: int) -> None:
    with pytest.raises(ReprlabError, match="allowed is 0 <= a < b"):
        Matched(start, stop)


@pytest.mark.parametrize("seed", [-1, 100_001])
def test_a_seed_has_bounds(seed: int) -> None:
    with pytest.raises(ReprlabError, match=r"allowed are 0\.\.100000"):
        RandomDirection(seed)


@pytest.mark.parametrize("value", [True, 1.5, "1", None])
def test_numbers_of_rules_are_whole(value: object) -> None:
    with pytest.raises(ReprlabError, match="give a whole number"):
        RandomDirection(value)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ReprlabError, match="give a whole number"):
        Matched(value, 3)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["", "0" * 15, "0" * 17, "G" * 16, "A" * 16])
def test_a_calibration_is_sixteen_digits(name: str) -> None:
    with pytest.raises(ReprlabError, match="16 digits 0-9 and a-f"):
        MeanUpdate(name)


@pytest.mark.parametrize("steps", [[1, 3], [2, 1], [1, 1], [(1, 2)], [1, (2, 3)]])
def test_a_mean_update_stands_for_one_range(steps: list[Plain]) -> None:
    with pytest.raises(ReprlabError, match="one range of layers a:b"):
        Block(steps, MeanUpdate(DIGEST))


def test_a_block_is_checked_when_made() -> None:
    with pytest.raises(ReprlabError, match="at least one step"):
        Block([], RandomDirection(0))
    with pytest.raises(ReprlabError, match="cannot hold another block"):
        Block([Block([1], RandomDirection(0))], RandomDirection(0))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ReprlabError, match=r"rule '~1:2' .*: give a Matched"):
        Block([1], "~1:2")  # pyright: ignore[reportArgumentType]


def test_a_mean_update_runs_nothing_and_still_counts_for_the_limit() -> None:
    mean = Block(range(2, 5), MeanUpdate(DIGEST))
    assert (layer_calls([mean]), size([mean]), layers_of(mean)) == (0, 1, (2, 3, 4))
