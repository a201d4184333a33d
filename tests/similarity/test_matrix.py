"""A matrix is a value that knows what it is of, is saved and read again, and is drawn."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from examples import texts

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.similarity.comparing import compare
from reprlab.similarity.matrix import Intervals, Similarity, average


@pytest.fixture
def acts(tiny: Network) -> Capture:
    return rl.capture(tiny, texts(30), shard_bytes=40_000)


def test_a_result_knows_what_it_is_made_of(acts: Capture) -> None:
    found = rl.cosine(acts, tokens="no-sinks", sink_factor=1.5)
    assert (found.model, found.provenance.corpus, found.documents) == ("tiny-llama", "pieces", 30)
    assert (found.provenance.dtype, found.width, found.ratio) == ("float32", 32, found.tokens / 32)
    for part in (
        "tiny-llama",
        "30 documents",
        f"{found.provenance.excluded:,} sink tokens left out",
        "float32",
        "n/d =",
    ):
        assert part in found.caption
    assert "depths 2 to 4 have a mean of 0." in found.summary
    assert set(found.provenance.made_with) >= {"torch", "transformers", "reprlab"}


def test_a_result_is_not_written_to(acts: Capture) -> None:
    found = rl.cosine(acts)
    for matrix in (found.values, found.intervals.low, found.intervals.high):
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 2  # pyright: ignore


@pytest.mark.parametrize("measure", ["cosine", "cka", "procrustes", "rbf-cka"])
def test_save_and_load_give_the_value_back(acts: Capture, tmp_path: Path, measure: str) -> None:
    found = compare(acts, measure)
    found.save(tmp_path / "a.json")
    again = Similarity.load(tmp_path / "a.json")
    np.testing.assert_array_equal(again.values, found.values)
    assert again.intervals.how == found.intervals.how
    np.testing.assert_array_equal(again.by_document, found.by_document)
    for name in ("low", "high"):
        np.testing.assert_array_equal(getattr(again.intervals, name), getattr(found.intervals, name))
    apart = {"values": 0, "intervals": 0, "resampled": 0, "by_document": 0}
    assert {**vars(again), **apart} == {**vars(found), **apart}
    assert again.summary == found.summary
    again.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_nan_is_null_in_json(acts: Capture, tmp_path: Path) -> None:
    values = np.full((2, 2), np.nan)
    found = replace(rl.cosine(acts), values=values, intervals=Intervals(), averages=(), by_document=None)
    found.save(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["values"] == [[None, None]] * 2
    assert np.isnan(Similarity.load(tmp_path / "a.json").values).all()


@pytest.mark.parametrize("text", ["{", "[]", '{"values": [[1]]}', '{"measure": "cka"}', '{"values": 3}'])
def test_a_file_that_is_no_similarity_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ReprlabError, match="holds no similarity that reprlab wrote"):
        Similarity.load(tmp_path / "a.json")
    with pytest.raises(ReprlabError, match="holds no similarity that reprlab wrote"):
        Similarity.load(tmp_path / "none.json")


def test_a_dataframe_has_a_row_for_each_pair(acts: Capture) -> None:
    found = rl.cosine(acts)
    frame = found.to_dataframe()
    assert len(frame) == 49
    pair = frame[(frame["depth"] == 2) & (frame["other_depth"] == 5)]
    assert pair["similarity"].item() == found.values[2, 5]
    assert pair["low"].item() < pair["similarity"].item() < pair["high"].item()
    assert found.by_document is not None
    assert pair["by_document"].item() == found.by_document[2, 5] != found.values[2, 5]
    assert set(frame["model"]) == {"tiny-llama"}


def test_both_means_are_shown_where_lengths_differ(acts: Capture) -> None:
    found = rl.cosine(acts)
    assert found.by_document is not None
    inside = found.average(2, 5)
    block = found.by_document[2:5, 2:5]
    assert inside.by_document == pytest.approx(block[~np.eye(3, dtype=bool)].mean())
    assert f"(mean over documents {inside.by_document:.3f})" in found.summary
    assert "Values are means over tokens, in which long documents weigh more" in found.caption
    alone = rl.cosine(acts.first(1))
    assert alone.by_document is None
    assert "long documents weigh more" not in alone.caption


def test_means_over_depths_have_intervals_of_their_own(acts: Capture) -> None:
    found = rl.cka(acts)
    inside = found.average(2, 5)
    block = found.values[2:5, 2:5]
    assert inside.value == pytest.approx(block[~np.eye(3, dtype=bool)].mean())
    assert found.resampled is not None
    assert inside.low < inside.value < inside.high
    wide = (found.intervals.high - found.intervals.low)[2:5, 2:5][~np.eye(3, dtype=bool)]  # pyright: ignore
    assert inside.high - inside.low < wide.mean() * 1.001
    with pytest.raises(ReprlabError, match=r"5:9: give a half-open range .* in 0:7; 5:9 does not hold 9"):
        found.average(5, 9)


@pytest.mark.parametrize("depths", [(3, 3), (3, 4), (4, 3), (-1, 3), (0, 8)])
def test_a_mean_is_over_two_depths_or_more(acts: Capture, depths: tuple[int, int]) -> None:
    with pytest.raises(ReprlabError, match="half-open range of two depths or more"):
        rl.cosine(acts).average(*depths)


def test_depths_are_half_open_in_python_as_on_the_command_line(acts: Capture) -> None:
    """average(8, 25) is --mean 8:25: depths 8 to 24, as a slice has them."""
    found = rl.cosine(acts)
    block = found.values[2:5, 2:5]
    assert found.average(2, 5).words == "depths 2 to 4 to each other"
    assert found.mean(2, 5) == pytest.approx(block[~np.eye(3, dtype=bool)].mean())
    assert found.between(2, 5, 0).words == "depths 2 to 4 to depth 0"
    assert found.between(2, 5, 0).value == pytest.approx(found.values[2:5, 0].mean())
    np.testing.assert_allclose(found.towards(2, 5)[6], found.values[6, 2:5].mean())
    assert found.average(0, 7).value == pytest.approx(found.values[~np.eye(7, dtype=bool)].mean())


def test_steps_and_block_influence_are_diagonals(acts: Capture) -> None:
    found = rl.cosine(acts)
    np.testing.assert_array_equal(found.steps(2), [found.values[i, i + 2] for i in range(5)])
    np.testing.assert_array_equal(found.block_influence, 1 - found.steps())
    with pytest.raises(ReprlabError, match="block influence is of the measure 'cosine'"):
        _ = rl.cka(acts).block_influence


def test_several_corpora_are_averaged_and_their_errors_do_not_add_up(acts: Capture) -> None:
    parts = [rl.cosine(acts), rl.cosine(acts.first(15))]
    mean = average(parts, "benchmarks")
    np.testing.assert_array_equal(mean.values, (parts[0].values + parts[1].values) / 2)
    assert mean.tokens == parts[0].tokens + parts[1].tokens
    spans = [float((part.intervals.high - part.intervals.low)[0, 6]) for part in (*parts, mean)]  # pyright: ignore
    assert spans[2] == pytest.approx(np.hypot(*spans[:2]) / 2, rel=0.15)


def test_a_matrix_between_two_is_drawn_to_one_length(acts: Capture, tiny: Network) -> None:
    skip = rl.capture(tiny, texts(30), schedule="0:2 4:6")
    ax = compare(acts, "angular", against=skip).plot()
    assert ax.get_xlabel() == "depth of tiny-llama under 0 1 4 5"
    assert ax.get_ylabel() == "depth of tiny-llama"
    assert ax.get_aspect() == pytest.approx(5 / 7)
    assert ax.images[0].get_cmap().name == "viridis_r"
