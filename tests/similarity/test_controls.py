"""Nulls keep what they say they keep, and nothing of the token."""

import numpy as np
import pytest
import torch

from reprlab.captures.activations import activations
from reprlab.errors import ReprlabError
from reprlab.similarity.comparing import compare
from reprlab.similarity.controls import null
from reprlab.similarity.measure import CONTROLS
from reprlab.similarity.states import Held


def walk(tokens: int = 400, depths: int = 6, width: int = 12) -> Held:
    """States that grow by random updates of different sizes."""
    random = torch.Generator().manual_seed(0)
    updates = torch.randn(depths, tokens, width, generator=random) * (
        1 + torch.rand(tokens, 1, generator=random)
    )
    return Held(list(updates.cumsum(0)))


@pytest.mark.parametrize("memory", [1, 1 << 30])
def test_shuffled_depths_have_the_same_tokens_in_another_order(memory: int) -> None:
    states = walk()
    with null(states, "shuffled", memory=memory) as found:
        for before, after in zip(states.states, found.panel(0, 400), strict=True):
            assert not torch.equal(before, after)
            assert torch.equal(before.sort(0).values, after.sort(0).values)


@pytest.mark.parametrize("memory", [1, 1 << 30])
def test_residual_updates_keep_each_tokens_norm(memory: int) -> None:
    states = walk()
    with null(states, "residual", memory=memory) as found:
        panel = found.panel(0, 400)
        assert torch.equal(panel[0], states.states[0])
        for depth in range(5):
            own = (states.states[depth + 1] - states.states[depth]).norm(dim=1)
            made = panel[depth + 1] - panel[depth]
            torch.testing.assert_close(made.norm(dim=1), own, rtol=1e-4, atol=1e-4)
            assert not torch.allclose(made, states.states[depth + 1] - states.states[depth])


@pytest.mark.parametrize("control", CONTROLS)
def test_a_seed_is_an_order(control: str) -> None:
    with (
        null(walk(), control, seed=1, memory=1 << 30) as one,
        null(walk(), control, seed=1, memory=1) as same,
    ):
        assert all(torch.equal(a, b) for a, b in zip(one.panel(0, 400), same.panel(0, 400), strict=True))
        with null(walk(), control, seed=2, memory=1 << 30) as other:
            assert not torch.equal(one.panel(0, 400)[-1], other.panel(0, 400)[-1])


def test_shuffled_depths_are_unrelated_and_accumulation_is_not() -> None:
    states = activations([s.numpy() for s in walk().states], offsets=range(0, 401, 10))
    shuffled = compare(states, "cka", control="shuffled")
    assert abs(shuffled.values[2, 3]) < 0.02
    assert shuffled.control == "shuffled"
    assert "control: shuffled" in shuffled.caption
    residual, own = compare(states, "cka", control="residual"), compare(states, "cka")
    np.testing.assert_allclose(
        residual.values[3, 4], own.values[3, 4], atol=0.05
    )  # a walk is all accumulation


@pytest.mark.parametrize("seed", [-1, 1 << 32])
def test_a_seed_that_is_none_is_refused(seed: int) -> None:
    acts = activations({"m": np.random.default_rng(0).normal(size=(3, 8, 4)).astype(np.float32)})
    with pytest.raises(ReprlabError, match=f"--seed {seed}: give 0 or more, below 2\\^32"):
        compare(acts, "cosine", control="shuffled", seed=seed)
