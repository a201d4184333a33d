"""A capture and the same states from memory answer alike what a comparison asks of them."""

from pathlib import Path

import pytest
import torch
from examples import texts

import reprlab as rl
from reprlab.captures.hidden_states import HiddenStates
from reprlab.network.network import Network


@pytest.fixture
def both(tiny: Network, tmp_path: Path) -> list[HiddenStates]:
    capture = rl.capture(tiny, texts(12), shard_bytes=20_000, cache=tmp_path)
    assert len(capture.blocks) > 1
    return [capture, rl.activations(capture.states(), offsets=capture.offsets, name="theirs")]


def test_both_have_the_same_tokens_and_norms(both: list[HiddenStates]) -> None:
    capture, memory = both
    assert capture.offsets == memory.offsets
    assert list(capture.widths) == list(memory.widths)
    torch.testing.assert_close(capture.norms, memory.norms)
    assert (capture.exact, capture.has_states) == (memory.exact, memory.has_states) == (False, True)
    assert capture.nonfinite_words == memory.nonfinite_words == ""


@pytest.mark.parametrize("places", [[], [0], [3, 4, 5], [1, 30, 55], list(range(60))], ids=str)
def test_both_give_the_same_states_at_places(both: list[HiddenStates], places: list[int]) -> None:
    for depths in (slice(None), slice(2, 4), slice(6, 7)):
        ours, theirs = (states.at(torch.tensor(places, dtype=torch.int64), depths) for states in both)
        assert len(ours) == len(theirs)
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_only_a_capture_knows_its_texts(both: list[HiddenStates]) -> None:
    capture, memory = both
    assert capture.texts is not None
    assert (capture.texts.corpus, memory.texts) == ("pieces", None)
    sources = [states.provenance for states in both]
    assert [source.model for source in sources] == ["tiny-llama", "theirs"]
    assert sources[0].documents == sources[1].documents == 12
    assert sources[0].tokens == sources[1].tokens == capture.offsets[-1]
