import json
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from examples import texts

import reprlab as rl
from reprlab.cache import Capture
from reprlab.comparing import MEASURES, Similarity, average, compare
from reprlab.errors import ReprlabError
from reprlab.network import Network
from reprlab.similarity import linear_cka, sequence_cosine, sums, token_cosine


@pytest.fixture
def acts(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> Capture:
    """A capture with a massive third token in every document, as real networks have."""
    real = Network.hidden_states

    def massive(self: Network, batch: dict[str, torch.Tensor], *_: object) -> list[torch.Tensor]:
        states = [state.clone() for state in real(self, batch)]
        for state in states[3:]:
            state[:, 2] *= 50
        return states

    monkeypatch.setattr(Network, "hidden_states", massive)
    return rl.capture(tiny, texts(30), shard_bytes=40_000)


def test_sinks_that_are_suspects_need_no_states(acts: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(acts.blocks[0]), "states", lambda *_: pytest.fail("states were read"))
    assert rl.cosine(acts, tokens="no-sinks", sink_factor=4).excluded == 30


def kept(acts: Capture, factor: float) -> torch.Tensor:
    norm = acts.states().double().norm(dim=-1)
    return ~(norm > factor * norm.median(1, keepdim=True).values).any(0)


@pytest.mark.parametrize("factor", [1.2, 1.5, 4.0])
@pytest.mark.parametrize("measure", MEASURES)
def test_from_the_cache_equals_from_the_states(acts: Capture, measure: str, factor: float) -> None:
    mask, states = kept(acts, factor), acts.states().double()
    lengths = [n for b in acts.blocks for n in np.diff(b.offsets).tolist()]
    documents = [
        sums(part[:, m]) for part, m in zip(states.split(lengths, 1), mask.split(lengths), strict=True)
    ]
    expected = {
        "cosine": lambda: token_cosine(sums(states[:, mask])),
        "cosine-sequence": lambda: sequence_cosine(documents),
        "cka": lambda: linear_cka(states[:, mask]),
    }[measure]()
    found = compare(acts, measure, tokens="no-sinks", sink_factor=factor)
    assert 0 < found.excluded == int((~mask).sum())
    assert found.tokens + found.excluded == acts.tokens
    np.testing.assert_allclose(found.values, expected.numpy(), atol=1e-5)


def test_every_measure_is_symmetric_with_ones(acts: Capture) -> None:
    for measure in MEASURES:
        values = compare(acts, measure).values
        np.testing.assert_allclose(values, values.T, atol=1e-12)
        np.testing.assert_allclose(values.diagonal(), 1, atol=1e-6)


def test_a_result_knows_what_it_is_made_of(acts: Capture) -> None:
    found = rl.cosine(acts, tokens="no-sinks", sink_factor=1.5)
    assert (found.model, found.corpus, found.documents, found.dtype) == (
        "tiny-llama",
        "pieces",
        30,
        "float32",
    )
    for part in ("tiny-llama", "30 documents", f"{found.excluded:,} sink tokens left out", "float32"):
        assert part in found.caption
    assert "depths 2 to 4" in found.reading


def test_save_and_load_give_the_value_back(acts: Capture, tmp_path: Path) -> None:
    found = rl.cka(acts)
    found.save(tmp_path / "a.json")
    again = Similarity.load(tmp_path / "a.json")
    assert np.array_equal(again.values, found.values)
    assert {**vars(again), "values": 0} == {**vars(found), "values": 0}


def test_nan_is_null_in_json(acts: Capture, tmp_path: Path) -> None:
    from dataclasses import replace

    values = np.full((2, 2), np.nan)
    replace(rl.cosine(acts), values=values).save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["values"] == [[None, None]] * 2
    assert np.isnan(Similarity.load(tmp_path / "a.json").values).all()


@pytest.mark.parametrize("text", ["{", "[]", '{"values": [[1]]}', '{"measure": "cka"}'])
def test_a_file_that_is_no_similarity_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ReprlabError, match="holds no similarity that reprlab wrote"):
        Similarity.load(tmp_path / "a.json")


def test_a_dataframe_has_a_row_for_each_pair(acts: Capture) -> None:
    found = rl.cosine(acts)
    frame = found.to_dataframe()
    assert len(frame) == 49
    pair = frame[(frame["depth"] == 2) & (frame["other"] == 5)]
    assert pair["similarity"].item() == found.values[2, 5]
    assert set(frame["model"]) == {"tiny-llama"}


def test_several_corpora_are_averaged(acts: Capture) -> None:
    parts = [rl.cosine(acts), rl.cosine(acts.head(3))]
    mean = average(parts, "benchmarks")
    np.testing.assert_array_equal(mean.values, (parts[0].values + parts[1].values) / 2)
    assert mean.tokens == parts[0].tokens + parts[1].tokens


def test_wrong_words_say_what_there_is(acts: Capture) -> None:
    with pytest.raises(ReprlabError, match="unknown measure 'cosin': did you mean 'cosine'"):
        compare(acts, "cosin")
    with pytest.raises(ReprlabError, match="unknown token policy 'no-sink': did you mean 'no-sinks'"):
        rl.cosine(acts, tokens="no-sink")
    with pytest.raises(ReprlabError, match=r"sink factor 0\.5: give 1 or more"):
        rl.cosine(acts, sink_factor=0.5)


def test_cka_refuses_more_tokens_than_memory_allows(acts: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Little:
        available = 100_000

    monkeypatch.setattr(psutil, "virtual_memory", Little)
    with pytest.raises(ReprlabError) as caught:
        rl.cka(acts)
    assert "GB of memory" in str(caught.value)
    assert "take --documents" in str(caught.value)


def test_too_few_tokens_are_nan_with_a_reason(tiny: Network) -> None:
    from reprlab.corpora import Corpus

    found = rl.cka(rl.capture(tiny, Corpus("short", ("abc",), ("0",), "x")))
    assert np.isnan(found.values).all()
    assert found.remark == "NaN: too few tokens are left."
