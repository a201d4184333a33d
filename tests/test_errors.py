"""Errors: one sentence that says what was given, what there is, and what to do."""

from __future__ import annotations

import pytest

import reprlab as rl
from reprlab.errors import ReprlabError, unknown


@pytest.mark.parametrize(
    ("given", "do", "text"),
    [
        ("cosin", "", "unknown measure 'cosin': did you mean 'cosine'? There are: cosine, cka"),
        ("zzz", "", "unknown measure 'zzz': there are: cosine, cka"),
        ("zzz", "Take one", "unknown measure 'zzz': there are: cosine, cka. Take one"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_all_there_are(
    given: str, do: str, text: str
) -> None:
    assert str(unknown("measure", given, ["cosine", "cka"], do)) == text


def test_every_public_name_is_there_and_no_other() -> None:
    assert {name: getattr(rl, name).__name__ for name in dir(rl)} == {name: name for name in rl.__all__}
    with pytest.raises(
        AttributeError, match=r"^reprlab has no 'cosin'; it has Activations, Block, Drift, Entry, "
    ):
        _ = rl.cosin
    assert rl.ReprlabError is ReprlabError
