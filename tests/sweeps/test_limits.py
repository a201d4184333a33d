"""Limits: one number for all, one by name, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.sweeps.limits import limits_of, with_own

BOTH = ["builtin_pronoun", "builtin_cloze"]


def test_a_benchmark_with_its_own_number_scores_the_beginning_of_the_same_sample(tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    few = rl.sweep(net, ["0:2 3:6"], BOTH, limit={"builtin_pronoun": 6, "builtin_cloze": 3}, cache=tmp_path)
    same = rl.sweep(net, ["0:2 3:6"], BOTH, limit=6, cache=tmp_path)
    assert [len(few.benchmarks[name].ids) for name in BOTH] == [6, 3]
    for name, count in zip(BOTH, (6, 3), strict=True):
        assert few.benchmarks[name].ids == same.benchmarks[name].ids[:count]
        np.testing.assert_array_equal(few.benchmarks[name].values, same.benchmarks[name].values[:, :count])


def test_the_first_number_is_for_all_that_have_none_of_their_own() -> None:
    assert with_own(9, {"b": 2}, ["a", "b"]) == limits_of({"a": 9, "b": 2}, ["a", "b"]) == {"a": 9, "b": 2}


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"a": 9}, "limit {'a': 9} lacks b: give every benchmark a number"),
        ({"a": 9, "b": 9, "c": 9}, "unknown benchmark of --limit 'c': there are: a, b"),
    ],
)
def test_numbers_by_name_are_for_every_benchmark_and_no_other(limit: dict[str, int], message: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        limits_of(limit, ["a", "b"])
    assert str(caught.value).startswith(message)
