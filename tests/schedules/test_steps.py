import copy
import pickle
from operator import eq, ne
from typing import Any

import pytest
from hypothesis import given
from strategies import members

from reprlab.errors import ReprlabError
from reprlab.schedules.steps import LIMIT, Summed, checked_step, layer_calls


@given(members)
def test_summed_is_never_a_plain_tuple(found: tuple[int, ...]) -> None:
    summed = Summed(found)
    assert eq(summed, Summed(found))
    assert not ne(summed, Summed(found))
    assert ne(summed, found)
    assert ne(found, summed)
    assert not eq(summed, found)
    assert not eq(found, summed)
    assert hash(summed) == hash(Summed(found)) != hash(found)
    assert len({summed, found}) == 2 == len({found: 0, summed: 1})
    assert tuple(summed) == found
    assert layer_calls([summed]) == len(found)


def test_summed_survives_copy_and_pickle() -> None:
    summed = Summed((1, 2))
    for twin in (copy.deepcopy(summed), pickle.loads(pickle.dumps(summed))):
        assert twin == summed
        assert type(twin) is Summed


@pytest.mark.parametrize("layers", [["a"], "12", [1.5], [True]])
def test_summed_takes_whole_numbers_only(layers: Any) -> None:
    with pytest.raises(ReprlabError, match="give whole numbers"):
        Summed(layers)


NOT_A_LAYER = "a layer is a whole number 0..99999; text goes to Schedule.parse"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (True, f"step 3 holds True: {NOT_A_LAYER}"),
        (-1, f"step 3 holds -1: {NOT_A_LAYER}"),
        (LIMIT, f"step 3 holds 100000: {NOT_A_LAYER}"),
        (1.0, f"step 3 holds 1.0: {NOT_A_LAYER}"),
        (None, f"step 3 holds None: {NOT_A_LAYER}"),
        ("0:14", f"step 3 holds '0:14': {NOT_A_LAYER}"),
        ([1, (2, 3)], f"step 3 holds (2, 3): {NOT_A_LAYER}"),
        ([0, False], f"step 3 holds False: {NOT_A_LAYER}"),
        ([], "step 3 is an empty set: a set needs at least one layer"),
        ([5, 4, 5], "step 3 is [5, 4, 5]: a set names each layer once"),
    ],
)
def test_what_is_no_step(step: object, message: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        checked_step(3, step)
    assert str(caught.value) == message
