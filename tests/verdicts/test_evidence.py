"""Evidence: what is there is named, and shares are of the sweep that is there."""

from made_scores import some

import reprlab as rl


def test_what_is_not_there_is_no_part() -> None:
    bare = rl.Evidence("m", "", layers=12)
    assert (bare.parts, bare.u, bare.accuracy) == ((), None, None)


def test_parts_are_named_and_shares_are_those_of_the_sweep() -> None:
    scores = some(full=0.8, skip=0.5)
    evidence = rl.Evidence(
        "m", "", layers=12, scores=scores, example=rl.Example("b", "q", "4", "4", "0:12", "5")
    )
    assert evidence.parts == ("scores", "example")
    assert evidence.u is evidence.u
    assert evidence.u is not None
    assert evidence.u.benchmarks == ("a", "b")
    assert evidence.accuracy is not None
    assert evidence.accuracy.benchmarks == ()  # it has no accuracy
