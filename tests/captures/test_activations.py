"""States made elsewhere go through the same functions."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprlab.captures.activations import activations
from reprlab.errors import ReprlabError
from reprlab.similarity.cka.cka import linear_cka
from reprlab.similarity.comparing import compare

STATES = np.random.default_rng(0).normal(size=(12, 40, 5)).astype(np.float32)
OFFSETS = [0, 10, 25, 40]


def test_every_way_to_give_them_is_one(tmp_path: Path) -> None:
    named = {f"layer.{depth}": STATES[depth] for depth in reversed(range(12))}
    np.savez(tmp_path / "a.npz", offsets=OFFSETS, **named)
    np.savez(tmp_path / "b.npz", hidden=STATES)
    tensors = {key: torch.from_numpy(value) for key, value in named.items()}
    save_file({**tensors, "offsets": torch.tensor(OFFSETS)}, tmp_path / "c.safetensors")
    files = [tmp_path / "a.npz", str(tmp_path / "b.npz"), tmp_path / "c.safetensors"]
    for source in (STATES, list(STATES), named, *files):
        made = activations(source, offsets=OFFSETS)
        assert (made.depths, made.tokens, made.offsets) == (12, 40, (0, 10, 25, 40))
        np.testing.assert_array_equal(torch.stack(list(made.states)), STATES)
    assert activations(tmp_path / "a.npz").offsets == (0, 10, 25, 40)
    assert activations(tmp_path / "b.npz").name == "b"
    assert activations(STATES, offsets=[0, 10, 25]).offsets == (0, 10, 25, 40)


def test_they_are_compared_like_a_capture() -> None:
    made = activations(STATES, offsets=OFFSETS, name="theirs")
    found = compare(made, "cka")
    np.testing.assert_allclose(found.values, linear_cka(torch.from_numpy(STATES)).numpy(), atol=1e-6)
    assert (found.model, found.documents, found.tokens, found.width) == ("theirs", 3, 40, 5)
    assert found.remark == "No intervals: too few documents: 12 are needed."
    many = compare(activations(STATES, offsets=range(0, 41, 2)), "cka")
    assert many.intervals.how == "95 % intervals from a jackknife over 20 groups of documents"
    assert compare(activations(STATES), "cka").remark == "No intervals: fewer than two documents."


def test_widths_may_differ_where_the_measure_allows() -> None:
    mixed = activations([STATES[0], STATES[1][:, :3], STATES[2][:, :4]], offsets=OFFSETS)
    for measure in ("cka", "cka-biased", "rbf-cka", "procrustes", "knn"):
        assert compare(mixed, measure).values.shape == (3, 3)
    with pytest.raises(ReprlabError, match="cosine needs states of one width, these have 3 to 5"):
        compare(mixed, "cosine")


@pytest.mark.parametrize(
    ("source", "offsets", "message"),
    [
        ([], None, "there are no arrays"),
        ([np.zeros((3, 2)), np.zeros((4, 2))], None, "'depth 1' has 4 tokens, 'depth 0' has 3"),
        ([np.zeros(3)], None, r"'depth 0' has shape \(3,\), \(token, width\) is needed"),
        (np.zeros((2, 3, 4)), [0, 2, 5], "rising from 0 to at most the number of tokens, 3; given 0, 2, 5"),
        (np.zeros((2, 3, 4)), [1, 2], "given 1, 2, 3"),
        (np.zeros((2, 3, 4)), [0, 2, 1, 3], "given 0, 2, 1, 3"),
        (np.zeros((2, 3, 4)), [0, 1.5], "given 0.0, 1.5, 3"),
        (np.zeros((0, 3, 4)), None, "there are no arrays"),
        (np.zeros((2, 0, 4)), None, r"'depth 0' has shape \(0, 4\), there are none"),
        (np.zeros((2, 3, 4), dtype=complex), None, "'depth 0' holds complex numbers"),
        ([np.array([["a", "b"]])], None, "'depth 0' holds no numbers"),
    ],
)
def test_what_is_none_is_one_line(source: object, offsets: list[int] | None, message: str) -> None:
    with pytest.raises(ReprlabError, match=message):
        activations(source, offsets=offsets)


def test_files_that_are_none_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("nothing")
    (tmp_path / "a.safetensors").write_text("nothing")
    np.savez(tmp_path / "b.npz", np.array([object()], dtype=object), allow_pickle=True)
    for name in ("a.npz", "a.safetensors", "b.npz", "missing.npz"):
        with pytest.raises(ReprlabError, match="cannot read activations from"):
            activations(tmp_path / name)
    with pytest.raises(ReprlabError, match=r"is no file of activations: give \.npz or \.safetensors"):
        activations(tmp_path / "a.bin")
