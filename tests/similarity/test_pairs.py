"""Two captures side by side: row i of one is row i of the other, or there is an error."""

import numpy as np
import pytest
import torch

from reprlab.captures.activations import activations
from reprlab.errors import ReprlabError
from reprlab.similarity.measure import MEASURES
from reprlab.similarity.pairs import pair
from reprlab.similarity.policy import Policy

RNG = np.random.default_rng(0)


def test_sinks_of_either_are_left_out_of_both() -> None:
    one, other = RNG.normal(size=(2, 20, 3)), RNG.normal(size=(2, 20, 3))
    one[1, 4] *= 100
    other[0, 7] *= 100
    first, second = (activations(x, offsets=[0, 10, 20]) for x in (one, other))
    taken = pair(first, second, Policy("no-sinks", 8.0), MEASURES["cosine"])
    kept = [i for i in range(20) if i not in {4, 7}]
    panel = torch.stack(list(taken.states.panel(0, taken.states.count)))
    np.testing.assert_array_equal(panel, np.concatenate([one[:, kept], other[:, kept]]))
    assert taken.offsets == (0, 8, 18)
    assert taken.excluded == 2


def test_last_tokens_of_different_lengths_are_paired_by_document() -> None:
    one = activations(RNG.normal(size=(2, 9, 3)), offsets=[0, 4, 9])
    other = activations(RNG.normal(size=(3, 12, 3)), offsets=[0, 9, 12])
    taken = pair(one, other, Policy(samples="last"), MEASURES["cka"])
    assert taken.states.count == 2
    panel = taken.states.panel(0, 2)
    assert torch.equal(panel[0], one.states[0][[3, 8]])
    assert torch.equal(panel[4], other.states[2][[8, 11]])


def test_as_many_tokens_in_other_documents_are_no_same_tokens() -> None:
    one = activations(RNG.normal(size=(2, 9, 3)), offsets=[0, 4, 9])
    other = activations(RNG.normal(size=(2, 9, 3)), offsets=[0, 6, 9])
    panel = pair(one, other, Policy(samples="last"), MEASURES["cka"]).states.panel(0, 2)
    assert torch.equal(panel[0], one.states[0][[3, 8]])
    assert torch.equal(panel[2], other.states[0][[5, 8]])


def test_a_document_whose_last_token_is_a_sink_in_one_is_left_out_of_both() -> None:
    states = RNG.normal(size=(2, 9, 3))
    states[:, 3] *= 100
    one = activations(states, offsets=[0, 4, 9])
    other = activations(RNG.normal(size=(3, 12, 3)), offsets=[0, 9, 12])
    taken = pair(one, other, Policy("no-sinks", 20.0, samples="last"), MEASURES["cka"])
    assert taken.states.count == 1
    assert torch.equal(taken.states.panel(0, 1)[2], other.states[0][[11]])


def test_other_documents_are_refused() -> None:
    one = activations(RNG.normal(size=(2, 9, 3)), offsets=[0, 4, 9])
    with pytest.raises(ReprlabError, match="the two have 2 and 1 documents"):
        pair(one, activations(RNG.normal(size=(2, 9, 3))), Policy(), MEASURES["cka"])
    with pytest.raises(ReprlabError, match="different tokens"):
        pair(one, activations(RNG.normal(size=(2, 9, 3)), offsets=[0, 5, 9]), Policy(), MEASURES["cka"])
