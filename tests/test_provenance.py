"""What a result comes from: in words, flat in a file and back; and the versions of libraries."""

import json
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest

from reprlab.provenance import OwnMeasure, Provenance, flattened, made_with, minor


def test_a_library_is_named_with_the_version_that_runs() -> None:
    assert made_with("numpy")["numpy"] == np.__version__
    assert set(made_with()) == {"python"}


def test_a_minor_version_is_the_beginning_of_the_whole() -> None:
    assert version("torch").startswith(minor("torch") + ".")


def source(**changes: Any) -> Provenance:
    made: dict[str, Any] = {"model": "m", "note": "n", "corpus": "c", "documents": 3, "tokens": 900}
    made |= {"excluded": 12, "policy": "no-sinks", "sink_factor": 4.0, "dtype": "float32", "layers": 6}
    return Provenance(
        **{**made, "made_with": {"reprlab": "0"}, "schedule": "0:6", "stored": "bfloat16", **changes}
    )


def test_words_for_captions() -> None:
    assert source().tokens_in_words == "12 sink tokens left out (norm above 4x the median)"
    assert (source().policy_in_words, source().dtype_in_words) == (
        *("sinks left out", "float32, stored as bfloat16"),
    )
    everything = source(policy="all", stored="")
    assert everything.tokens_in_words == everything.policy_in_words == "all tokens"
    assert everything.dtype_in_words == "float32"


@dataclass(frozen=True)
class Result:
    value: float
    provenance: Provenance
    how: str


@pytest.mark.parametrize("own", [None, OwnMeasure("mine", "0" * 12, "my words", distance=True)])
def test_a_saved_result_is_flat_in_its_own_order_and_comes_apart_again(own: OwnMeasure | None) -> None:
    result = Result(0.5, source(own_measure=own), "x")
    keys = ("value", *(f.name for f in fields(Provenance) if f.name != "own_measure"), "how")
    saved = flattened(result, keys)
    assert list(saved) == [*keys, *(["own_measure"] if own else [])]
    again = json.loads(json.dumps(saved))
    assert Provenance.popped(again) == result.provenance
    assert again == {"value": 0.5, "how": "x"}


def test_keys_that_are_no_fields_are_given_and_those_not_asked_for_left_out() -> None:
    assert flattened(Result(0.5, source(), "x"), ("other", "model"), {"other": 1}) == {
        "other": 1,
        "model": "m",
    }
