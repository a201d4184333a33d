"""Which tokens are kept, and how their states are read."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from examples import massive, texts
from hypothesis import given
from hypothesis import strategies as st

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.similarity.policy import Policy, places
from reprlab.similarity.samples import Stacked, dropped, sample


@pytest.fixture
def acts(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> Capture:
    massive(monkeypatch)
    return rl.capture(tiny, texts(30), shard_bytes=40_000)


@given(st.integers(0, 30), st.integers(1, 40))
def test_a_range_of_places_is_a_slice(first: int, more: int) -> None:
    assert places(f"{first}:{first + more}") == slice(first, first + more)
    assert places(f"{first}:") == slice(first, None)
    assert places(f":{more}") == slice(0, more)


@pytest.mark.parametrize("text", ["", ":", "3", "3:3", "5:2", "-1:4", "a:b", "1:2:3", "firs"])
def test_what_is_no_place_says_what_is(text: str) -> None:
    with pytest.raises(ReprlabError, match="give all, first, last, or a range a:b"):
        places(text)


def test_a_policy_leaves_out_sinks_and_other_places() -> None:
    norms = torch.tensor([[1.0, 9, 1, 1, 1, 1], [1.0, 1, 1, 1, 1, 1]])
    offsets = (0, 2, 2, 6)
    for policy, expected in (
        (Policy(), []),
        (Policy("no-sinks"), [1]),
        (Policy(positions="first"), [1, 3, 4, 5]),
        (Policy(positions="last"), [0, 2, 3, 4]),
        (Policy("no-sinks", positions=":2"), [1, 4, 5]),
        (Policy(samples="cls"), [1, 3, 4, 5]),
    ):
        assert dropped(norms, offsets, policy).nonzero()[:, 0].tolist() == expected


def test_panels_are_the_kept_tokens_in_order_over_all_shards(acts: Capture) -> None:
    assert len(acts.blocks) > 3
    policy = Policy("no-sinks", 1.5)
    out = dropped(acts.norms, acts.offsets, policy)
    taken = sample(acts, policy)
    whole = acts.states()[:, ~out]
    for start, stop in ((0, 7), (5, 60), (0, taken.states.count), (50, 51)):
        panel = torch.stack(list(taken.states.panel(start, stop)))
        assert torch.equal(panel, whole[:, start:stop])
        assert torch.equal(torch.stack(list(taken.states.panel(start, stop, slice(2, 4)))), panel[2:4])
    assert taken.excluded == int(out.sum())


def test_documents_own_their_tokens(acts: Capture) -> None:
    taken = sample(acts, Policy("no-sinks"))
    assert len(taken.offsets) == 31
    assert np.diff(taken.offsets).tolist() == [len(ids) - 1 for ids in _ids(acts)]
    assert taken.documents.tolist() == sorted(taken.documents.tolist())
    assert taken.documents.bincount().tolist() == np.diff(taken.offsets).tolist()


def _ids(acts: Capture) -> list[range]:
    offsets = acts.offsets
    return [range(a, b) for a, b in pairwise(offsets)]


def test_two_are_stacked_depth_behind_depth(acts: Capture) -> None:
    states = sample(acts, Policy()).states
    both = Stacked(states, states)
    assert len(both.widths) == 14
    whole = states.panel(3, 9)
    for depths in (slice(0, 7), slice(7, 14), slice(5, 9), slice(6, 7), slice(13, 14), slice(None)):
        expected = [*whole, *whole][depths]
        found = both.panel(3, 9, depths)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_no_states_are_read_until_they_are_asked_for(acts: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(acts.blocks[0]), "states", lambda *_: pytest.fail("states were read"))
    assert sample(acts, Policy("no-sinks", 1.2)).excluded > 30
