"""Every measure of a capture is what its formula says of the states, whatever way it is computed."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from examples import massive, network, texts
from torch import Tensor

import reprlab as rl
from reprlab.captures.activations import activations
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.similarity.cka.cka import linear_cka, rbf_cka
from reprlab.similarity.comparing import FACTORS, MEASURES, compare, sinks_sweep
from reprlab.similarity.neighbours import mutual_knn
from reprlab.similarity.procrustes import procrustes


@pytest.fixture
def acts(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> Capture:
    massive(monkeypatch)
    return rl.capture(tiny, texts(30), shard_bytes=40_000)


def kept(acts: Capture, factor: float) -> Tensor:
    norm = acts.states().double().norm(dim=-1)
    return ~(norm > factor * norm.median(1, keepdim=True).values).any(0)


def lengths(acts: Capture) -> list[int]:
    return [int(n) for block in acts.blocks for n in np.diff(block.offsets)]


def cosines(x: Tensor) -> Tensor:
    """Mean over tokens of the cosine between depths, from (depth, token, width)."""
    return torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=-1).mean(-1)


def flattened(x: Tensor, mask: Tensor, acts: Capture) -> Tensor:
    parts = zip(x.split(lengths(acts), 1), mask.split(lengths(acts)), strict=True)
    flat = [torch.nn.functional.normalize(part[:, m].flatten(1)) for part, m in parts if m.any()]
    return torch.stack([f @ f.T for f in flat]).mean(0)


def without_components(x: Tensor) -> Tensor:
    centred = x - x.mean(1, keepdim=True)
    top = torch.linalg.svd(centred, full_matrices=False).Vh[:, :3]
    return centred - (centred @ top.mT) @ top


NAIVE = {
    "cosine": cosines,
    "cosine-centred": lambda x: cosines(x - x.mean(1, keepdim=True)),
    "cosine-standardised": lambda x: cosines(
        (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True, correction=0)
    ),
    "cosine-components": lambda x: cosines(without_components(x)),
    "angular": lambda x: (
        torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=-1).clamp(-1, 1).arccos() / torch.pi
    ).mean(-1),
    "cka": linear_cka,
    "cka-biased": lambda x: linear_cka(x, debiased=False),
    "rbf-cka": rbf_cka,
    "procrustes": procrustes,
    "knn": mutual_knn,
}


@pytest.mark.parametrize("factor", [1.2, 1.5, 4.0])
@pytest.mark.parametrize("measure", MEASURES)
def test_from_the_cache_equals_from_the_states(acts: Capture, measure: str, factor: float) -> None:
    mask, states = kept(acts, factor), acts.states().double()
    expected = NAIVE[measure](states[:, mask]) if measure in NAIVE else flattened(states, mask, acts)
    found = compare(acts, measure, tokens="no-sinks", sink_factor=factor)
    assert 0 < found.provenance.excluded == int((~mask).sum())
    assert found.tokens + found.provenance.excluded == acts.tokens
    tied = slice(1 if measure == "knn" else 0, None)  # one token's embeddings are all alike: ties
    near = 0.01 if measure == "knn" else 2e-5  # a neighbour that is near a tie
    np.testing.assert_allclose(found.values[tied, tied], expected.numpy()[tied, tied], atol=near)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_symmetric_with_an_exact_diagonal_inside_its_interval(
    acts: Capture, measure: str
) -> None:
    found = compare(acts, measure)
    np.testing.assert_allclose(found.values, found.values.T, atol=1e-12)
    np.testing.assert_array_equal(found.values.diagonal(), 0 if found.distance else 1)
    if measure != "procrustes":
        assert found.intervals.low is not None
        assert found.intervals.high is not None
        middle = (found.intervals.low + found.intervals.high) / 2
        assert (found.intervals.low - 1e-9 <= middle).all()
        assert np.abs(middle - found.values).max() < 0.15
        assert (found.intervals.high - found.intervals.low)[0, 1] > 1e-6


@pytest.mark.parametrize("measure", ["cosine", "cka", "rbf-cka", "knn", "angular"])
def test_memory_and_shards_change_nothing(acts: Capture, measure: str, tiny: Network, tmp_path: Path) -> None:
    said: list[str] = []
    little, values = compare(acts, measure, memory=60_000, say=said.append), compare(acts, measure).values
    tied = slice(1 if measure == "knn" else 0, None)
    near = 0.01 if measure == "knn" else 1e-6
    np.testing.assert_allclose(little.values[tied, tied], values[tied, tied], atol=near)
    assert bool(said) == ("cka" in measure or measure == "knn")
    whole = rl.capture(tiny, texts(30), cache=tmp_path / "one")
    np.testing.assert_allclose(compare(whole, measure).values[tied, tied], values[tied, tied], atol=near)


def test_sinks_that_are_suspects_need_no_states(acts: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(acts.blocks[0]), "states", lambda *_: pytest.fail("states were read"))
    for measure in ("cosine", "cosine-sequence"):
        assert compare(acts, measure, tokens="no-sinks", sink_factor=4).provenance.excluded == 30


@pytest.mark.parametrize("measure", ["cosine", "angular", "cka"])
def test_states_are_read_once(acts: Capture, measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = type(acts.blocks[0]).states

    def counted(self: object, *args: object) -> Tensor:
        found = real(self, *args)  # pyright: ignore
        read.append(found.numel())
        return found

    compare(acts, measure)  # the statistics beside the states are at hand from here on
    monkeypatch.setattr(type(acts.blocks[0]), "states", counted)
    monkeypatch.setattr("reprlab.similarity.cka.cka.features_are_cheaper", lambda *_: False)
    compare(acts, measure)
    assert sum(read) == (0 if measure == "cosine" else acts.depths * acts.tokens * acts.width)


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ("first", lambda n: [0]),
        ("last", lambda n: [n - 1]),
        ("2:5", lambda n: list(range(n))[2:5]),
        ("9:", lambda n: list(range(n))[9:]),
    ],
)
def test_positions_choose_places_in_the_document(acts: Capture, positions: str, expected: object) -> None:
    places = [a + i for a, b in pairwise(np.cumsum([0, *lengths(acts)])) for i in expected(int(b - a))]  # pyright: ignore
    found = compare(acts, "cosine", positions=positions)
    np.testing.assert_allclose(found.values, cosines(acts.states().double()[:, places]).numpy(), atol=1e-6)
    assert (found.tokens, found.provenance.excluded) == (len(places), 0)
    assert f"at positions {positions}" in found.caption


def test_samples_are_documents_or_one_token_of_each(acts: Capture) -> None:
    states = acts.states().double()
    parts = states.split(lengths(acts), 1)
    given = {
        "documents": torch.stack([part.mean(1) for part in parts], 1),
        "last": torch.stack([part[:, -1] for part in parts], 1),
        "cls": torch.stack([part[:, 0] for part in parts], 1),
    }
    for samples, expected in given.items():
        for measure in ("cosine", "cka", "knn"):
            found = compare(acts, measure, samples=samples)
            tied = slice(1 if measure == "knn" else 0, None)
            naive = NAIVE[measure](expected).numpy()
            near = 0.01 if measure == "knn" else 2e-5
            np.testing.assert_allclose(found.values[tied, tied], naive[tied, tied], atol=near)
            assert found.tokens == found.documents == 30


def test_documents_without_sinks_are_means_of_what_is_left(acts: Capture) -> None:
    mask, states = kept(acts, 4), acts.states().double()
    parts = zip(states.split(lengths(acts), 1), mask.split(lengths(acts)), strict=True)
    means = torch.stack([part[:, m].mean(1) for part, m in parts], 1)
    found = compare(acts, "cosine", samples="documents", tokens="no-sinks")
    np.testing.assert_allclose(found.values, cosines(means).numpy(), atol=1e-6)


def test_a_sweep_over_sinks_goes_from_few_tokens_to_all(acts: Capture) -> None:
    found = sinks_sweep(acts, "cosine")
    assert [one.provenance.sink_factor for one in found[:-1]] == list(FACTORS)
    left = [one.tokens for one in found]
    assert left == sorted(left)
    assert (found[-1].provenance.policy, found[-1].provenance.excluded) == ("all", 0)


def test_a_capture_against_itself_is_the_capture(acts: Capture) -> None:
    for measure in ("cosine", "cosine-sequence", "angular", "cka", "rbf-cka", "knn", "procrustes"):
        alone, both = compare(acts, measure), compare(acts, measure, against=acts)
        np.testing.assert_allclose(both.values, alone.values, atol=1e-5)
        assert (both.other, both.tokens) == ("tiny-llama", alone.tokens)
        if measure == "cka":
            assert alone.intervals.low is not None
            np.testing.assert_allclose(both.intervals.low, alone.intervals.low, atol=1e-5)


def test_a_model_under_a_schedule_is_alike_until_they_part(acts: Capture, tiny: Network) -> None:
    skip = rl.capture(tiny, texts(30), schedule="0:3 4:6")
    found = compare(acts, "cosine", against=skip)
    assert found.values.shape == (7, 6)
    np.testing.assert_allclose(found.values[range(4), range(4)], 1, atol=1e-6)
    assert found.values[6, 5] < 0.999
    assert found.other == "tiny-llama under 0:3 4 5"
    assert "against tiny-llama under 0:3 4 5 (across)" in found.caption


def test_two_models_are_compared_by_documents_where_tokens_differ(acts: Capture) -> None:
    bert = rl.capture(network("tiny-bert"), texts(30))
    with pytest.raises(ReprlabError, match="different tokens: compare samples 'documents', 'last' or 'cls'"):
        compare(acts, "cka", against=bert)
    for samples in ("documents", "last", "cls"):
        found = compare(acts, "cka", against=bert, samples=samples)
        assert found.values.shape == (7, 7)
        assert found.tokens == 30


def test_what_cannot_be_paired_says_why(acts: Capture, tiny: Network) -> None:
    with pytest.raises(ReprlabError, match="the two have 30 and 3 documents"):
        compare(acts, "cka", against=acts.first(3))
    with pytest.raises(ReprlabError, match="the two are of different texts: 'pieces' and 'builtin'"):
        compare(acts, "cka", against=rl.capture(tiny, "builtin", documents=30))
    wide = activations(np.ones((2, 30, 4)), offsets=range(31))
    with pytest.raises(ReprlabError, match="cosine needs states of one width, these have 4 to 32"):
        compare(acts, "cosine", against=wide, samples="documents")


def test_without_states_only_sums_are_compared(tiny: Network, tmp_path: Path) -> None:
    small = rl.capture(tiny, texts(8), states=False, cache=tmp_path)
    assert compare(small, "cosine").tokens == small.tokens
    for measure in set(MEASURES) - {"cosine", "cosine-sequence"}:
        with pytest.raises(ReprlabError, match="holds no states"):
            compare(small, measure)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "cosin"}, "unknown measure 'cosin': did you mean 'cosine'"),
        ({"tokens": "no-sink"}, "unknown token policy 'no-sink': did you mean 'no-sinks'"),
        ({"samples": "document"}, "unknown sample 'document': did you mean 'documents'"),
        ({"control": "shuffle"}, "unknown control 'shuffle': did you mean 'shuffled'"),
        ({"sink_factor": 0.5}, r"sink factor 0\.5: give 1 or more"),
        ({"sink_factor": float("nan")}, "sink factor nan: give 1 or more"),
        ({"positions": "5:2"}, "positions '5:2': give all, first, last, or a range a:b"),
        ({"positions": ":"}, "positions ':'"),
        ({"positions": "first", "samples": "last"}, "samples 'last' are one place already"),
        ({"measure": "rbf-cka", "bandwidth": 0}, "bandwidth 0: give a positive number"),
        ({"measure": "knn", "neighbours": 0}, "neighbours 0: give 1 or more"),
        ({"measure": "cosine-components", "components": 0}, "components 0: give 1 or more"),
        ({"measure": "cosine-components", "components": 32}, "have 32, and without them only rounding"),
        ({"measure": "cosine-sequence", "samples": "documents"}, "compares whole documents"),
    ],
)
def test_wrong_words_say_what_there_is(acts: Capture, options: dict[str, object], message: str) -> None:
    with pytest.raises(ReprlabError, match=message):
        compare(acts, **{"measure": "cosine", **options})  # pyright: ignore


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_none_is_refused(acts: Capture) -> None:
    with pytest.raises(ReprlabError, match="device 'cuda' is not on this machine: use auto or cpu"):
        compare(acts, "cka", device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("measure", ["cka", "rbf-cka", "knn", "angular", "cosine-centred"])
def test_a_gpu_gives_the_same_values(acts: Capture, measure: str) -> None:
    found, there = (compare(acts, measure, device=device).values for device in ("cpu", "cuda"))
    tied = slice(1 if measure == "knn" else 0, None)
    np.testing.assert_allclose(found[tied, tied], there[tied, tied], atol=0.01 if measure == "knn" else 1e-5)


def test_too_few_tokens_are_nan_with_a_reason(tiny: Network) -> None:
    from reprlab.captures.corpora import Corpus

    found = rl.cka(rl.capture(tiny, Corpus("short", ("abc",), ("0",), "x")))
    assert np.isnan(found.values).all()
    assert found.remark == "NaN: too few samples for it, 3 tokens."
    one = compare(activations(np.random.default_rng(0).normal(size=(3, 1, 5))), "knn")
    assert np.isnan(one.values).all()
    assert np.isnan(compare(activations(np.zeros((2, 9, 3))), "cosine").values).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_odd_states_are_nan_with_a_reason_or_a_value_never_a_silent_1(measure: str) -> None:
    states = np.random.default_rng(0).normal(size=(4, 30, 6))
    states[1] = 7.0  # constant
    states[2, 3, 1] = np.nan
    found = compare(activations(states, offsets=[0, 10, 30]), measure)
    assert np.isnan(found.values[2]).all()
    assert "2" in found.remark
    assert np.isfinite(found.values[0, 3])
    plain = {"cosine", "cosine-sequence", "angular", "knn"}  # of which a constant state has one
    assert np.isnan(found.values[1, 0]) == (measure not in plain)


def test_rank_deficient_states_have_values() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(3, 40, 2)) @ rng.normal(size=(3, 2, 8))
    for measure in MEASURES:
        assert np.isfinite(compare(activations(states, offsets=[0, 20, 40]), measure).values).all()


def test_a_biased_estimate_of_few_tokens_is_warned_of(acts: Capture) -> None:
    few = compare(acts, "cka-biased", samples="documents")
    assert (
        "Warning: n/d = 0.94 is below 1, where cka-biased is near 1 even for unrelated states" in few.remark
    )
    assert compare(acts, "cka-biased").remark == ""
    assert compare(acts, "cka", samples="documents").remark == ""
