"""The logit lens beside the naive computation, on every causal architecture, and what its result says."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples import TINY, network, texts
from torch import Tensor

import reprlab as rl
from reprlab.captures.corpora import Corpus
from reprlab.captures.sums import sinks
from reprlab.depths import lensing
from reprlab.depths.lens import SHOWN, Lens
from reprlab.depths.lensing import lens
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.network.recorded import Recording
from reprlab.statistics.resampled import bootstrapped

CAUSAL = [name for name in TINY if network(name).has_lm_head]
SKIP = "0:2 3:6"


@pytest.fixture(scope="module")
def found() -> Lens:
    return lens(network("tiny-llama"), texts(16), documents=14)


@pytest.fixture(scope="module")
def skipped() -> Lens:
    return lens(network("tiny-llama"), texts(16), documents=14, schedule=SKIP)


def naive(net: Network, text: str, schedule: str | None = None) -> list[Tensor]:
    """Log-probabilities at every depth by the module's own norm and head: (token, vocabulary) each."""
    with torch.no_grad():
        states = net.hidden_states(net.batch(net.tokenize([text])), schedule)
        return [net.module.lm_head(net.module.model.norm(state))[0].log_softmax(-1) for state in states]


def by_hand(net: Network, documents: tuple[str, ...], schedule: str | None = None) -> dict[str, Any]:
    """Each quantity's mean over all tokens at every depth, one document at a time, without batches."""
    rows: dict[str, list[Tensor]] = {}
    for text in documents:
        depths, full = torch.stack(naive(net, text, schedule)).double(), naive(net, text)[-1].double()
        following = torch.tensor(net.tokenize([text])[0][1:])
        entropy = torch.distributions.Categorical(logits=depths).entropy()
        after = depths[:, :-1].take_along_dim(following[None, :, None], 2)[..., 0]
        kept = {"entropy": entropy, "likelihood": after}
        for key, end in (("", depths[-1]), ("_full", full)):
            kept[f"kl{key}"] = (end.exp() * (end - depths)).sum(-1)
            kept[f"agreement{key}"] = (depths.argmax(-1) == end.argmax(-1)).double()
        for key, value in kept.items():
            rows.setdefault(key, []).append(value)
    return {key: torch.cat(parts, 1).mean(1).numpy() for key, parts in rows.items()}


# --- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [None, SKIP, "0:2 [2:4]*2 4:6", "5"])
@pytest.mark.parametrize("batch_tokens", [64, 2048])
def test_it_is_the_naive_computation(tiny: Network, schedule: str | None, batch_tokens: int) -> None:
    corpus = texts(14)
    read = lens(tiny, corpus, schedule=schedule, batch_tokens=batch_tokens)
    expected = by_hand(tiny, corpus.texts, schedule)
    assert set(read.values) == set(expected) - (set() if schedule else {"kl_full", "agreement_full"})
    for key, curve in read.values.items():
        assert curve.mean == pytest.approx(expected[key], rel=1e-5, abs=1e-5), key


def test_slices_and_pieces_change_nothing(
    tiny: Network, found: Lens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lensing, "SLICE_BYTES", 4 * 260 * 7)
    monkeypatch.setattr(lensing, "CACHE_BYTES", 4 * 260 * 3)
    again = lens(tiny, texts(16), documents=14)
    for key, curve in again.values.items():
        assert curve.mean == pytest.approx(found.values[key].mean, rel=1e-5, abs=1e-6)
    monkeypatch.setattr(lensing, "CACHE_BYTES", 1)
    monkeypatch.setattr(lensing, "SLICE_BYTES", 1)
    alone = lens(tiny, texts(2))
    assert alone.values["kl"].mean[-1] == 0
    assert alone.provenance.tokens == sum(map(len, tiny.tokenize(texts(2).texts)))


@pytest.mark.parametrize("schedule", [None, SKIP])
@pytest.mark.parametrize("name", CAUSAL)
def test_laws_hold_on_every_causal_architecture(name: str, schedule: str | None) -> None:
    net = network(name)
    schedule = schedule and str(rl.Schedule.skip_one(net.n_layers, 2))
    read = lens(net, texts(14), schedule=schedule)
    assert read.depths == net.n_layers + (0 if schedule else 1)
    assert read.nonfinite == 0
    assert read.values["kl"].mean[-1] == read.values["kl"].low[-1] == read.values["kl"].high[-1] == 0
    assert read.values["agreement"].mean[-1] == read.values["agreement"].low[-1] == 1
    top = math.log(read.vocabulary)
    for key, curve in read.values.items():
        lowest, highest = {"l": (-math.inf, 0), "a": (0, 1), "k": (-1e-6, math.inf), "e": (0, top + 1e-6)}[
            key[0]
        ]
        for low, mean, high in zip(curve.low, curve.mean, curve.high, strict=True):
            assert lowest <= low <= high <= highest
            assert low - 1e-6 <= mean <= high + 1e-6
    if schedule:
        assert read.values["kl_full"].mean[-1] > 0
        assert read.values["agreement_full"].mean[-1] <= 1


@pytest.mark.parametrize("name", CAUSAL)
def test_the_last_depth_is_the_models_own_bit_for_bit(name: str) -> None:
    net, text = network(name), texts(3).texts[2]
    batch = net.batch(net.tokenize([text]))
    with torch.no_grad():
        logits = net.module(**batch).logits[0]
    recording = net.record(batch)
    assert torch.equal(recording.head(recording.run(net.full())[-1][0]), logits)
    chances = logits.float().log_softmax(-1)
    following = batch["input_ids"][0, 1:, None]
    read = lens(net, Corpus("one", (text,), ("0",), "here"))
    assert read.values["likelihood"].mean[-1] == chances[:-1].gather(1, following).double().mean()
    entropy = -(chances.exp() * chances).sum(-1, dtype=torch.float64).float()
    assert read.values["entropy"].mean[-1] == entropy.double().mean()


def test_under_the_full_models_own_schedule_nothing_is_held_against_it(tiny: Network, found: Lens) -> None:
    assert lens(tiny, texts(16), documents=14, schedule="0:6") == found
    assert found.full


def test_before_the_layer_left_out_all_is_as_in_the_full_model(found: Lens, skipped: Lens) -> None:
    for depth in range(3):
        assert skipped.values["kl_full"].mean[depth] == pytest.approx(
            found.values["kl"].mean[depth], rel=1e-6
        )
        assert skipped.values["entropy"].mean[depth] == found.values["entropy"].mean[depth]


# --- tokens and intervals ------------------------------------------------------------------------


def test_sinks_are_left_out_by_the_norms_of_the_schedules_own_states(tiny: Network, tmp_path: Path) -> None:
    corpus, factor = texts(16), 1.3
    for schedule in (None, rl.Schedule.parse(SKIP)):
        acts = rl.capture(tiny, corpus, documents=16, cache=tmp_path, schedule=schedule)
        dropped = int(sinks(acts.norms, factor).sum())
        read = lens(tiny, corpus, schedule=schedule, tokens="no-sinks", sink_factor=factor)
        assert 0 < dropped < acts.tokens
        assert (read.provenance.tokens, read.provenance.excluded) == (acts.tokens - dropped, dropped)
        assert f"{dropped} sink tokens left out (norm above 1.3x the median)" in read.caption
    everything = lens(tiny, corpus)
    source = everything.provenance
    assert (source.tokens, source.excluded, source.policy) == (acts.tokens, 0, "all")
    assert "all tokens" in everything.caption


def test_excluded_tokens_are_out_of_the_means(tiny: Network) -> None:
    corpus, factor = texts(4), 1.3
    states = [torch.stack(tiny.hidden_states(tiny.batch(tiny.tokenize([t]))))[:, 0] for t in corpus.texts]
    kept = ~sinks(torch.cat(states, 1).norm(dim=-1), factor)
    expected = torch.cat([torch.stack(naive(tiny, text)) for text in corpus.texts], 1)[:, kept]
    entropy = -(expected.exp() * expected).sum(-1).mean(1)
    read = lens(tiny, corpus, tokens="no-sinks", sink_factor=factor)
    assert read.provenance.excluded > 0
    assert read.values["entropy"].mean == pytest.approx(entropy.numpy(), rel=1e-5)


def test_the_interval_is_that_of_resampled_documents(tiny: Network, found: Lens) -> None:
    single = [lens(tiny, Corpus("one", (t,), ("0",), "")) for t in texts(14).texts]
    counts = np.array([one.provenance.tokens for one in single])
    sums = np.array([one.values["kl"].mean for one in single]) * counts[:, None]
    resampled = bootstrapped(sums, counts.astype(float))
    assert resampled is not None
    low, high = resampled.interval(sums.sum(0) / counts.sum())
    assert found.values["kl"].low == pytest.approx(low, rel=1e-3, abs=1e-6)
    assert found.values["kl"].high == pytest.approx(high, rel=1e-3, abs=1e-6)
    assert np.isnan([*single[0].values["kl"].low, *single[0].values["kl"].high]).all()  # too few


def test_documents_of_one_token_have_no_next_one(tiny: Network) -> None:
    read = lens(tiny, Corpus("short", ("a", "b"), ("0", "1"), ""))
    assert np.isnan(read.values["likelihood"].mean).all()
    assert np.isfinite(read.values["entropy"].mean).all()
    mixed = lens(tiny, Corpus("mixed", ("a", "bc"), ("0", "1"), ""))
    assert np.isfinite(mixed.values["likelihood"].mean).all()


def test_numbers_that_are_not_finite_are_counted_and_said(tiny: Network) -> None:
    net = rl.load("tiny-llama")
    with torch.no_grad():
        net.layers[3].mlp.down_proj.weight.fill_(math.nan)
    read = lens(net, texts(3))
    assert read.nonfinite == read.provenance.tokens
    assert math.isnan(read.values["agreement"].mean[-1])
    assert read.settled is None
    assert f"NaN or infinite at {read.provenance.tokens} tokens" in read.caption
    assert "is unknown: " in read.summary


def test_a_batch_runs_its_schedule_once_and_progress_counts_tokens(
    tiny: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    apply = Recording.apply
    monkeypatch.setattr(Recording, "apply", lambda *given: calls.append(given[1]) or apply(*given))
    seen: list[tuple[float, float]] = []
    lens(tiny, texts(5), schedule=SKIP, progress=lambda done, total: seen.append((done, total)))
    whole = sum(map(len, tiny.tokenize(texts(5).texts)))
    assert (seen[0], seen[-1]) == ((0, whole), (whole, whole))
    assert calls == [0, 1, 3, 4, 5, *range(6)] * (len(seen) - 1)


# --- the result ----------------------------------------------------------------------------------


def test_a_lens_comes_back_as_it_was_saved(skipped: Lens, tmp_path: Path) -> None:
    skipped.save(tmp_path / "lens.json")
    assert Lens.load(tmp_path / "lens.json") == skipped
    skipped.save(tmp_path / "lens.csv")
    assert len((tmp_path / "lens.csv").read_text().splitlines()) == skipped.depths + 1
    gap = replace(skipped.values["kl"], low=(math.nan, *skipped.values["kl"].low[1:]))
    replace(skipped, values={**skipped.values, "kl": gap}).save(tmp_path / "gap.json")
    assert "NaN" not in (tmp_path / "gap.json").read_text()
    assert math.isnan(Lens.load(tmp_path / "gap.json").values["kl"].low[0])
    for text in ("[]", "{}", '{"values": 3}', "x"):
        (tmp_path / "other.json").write_text(text)
        with pytest.raises(ReprlabError, match="holds no lens that reprlab wrote"):
            Lens.load(tmp_path / "other.json")


def test_the_table_has_a_row_a_depth_with_its_labels(skipped: Lens) -> None:
    table = skipped.to_dataframe()
    assert table["depth"].tolist() == list(range(6))
    assert table["kl_full"].tolist() == list(skipped.values["kl_full"].mean)
    assert {"kl_low", "kl_high", "entropy", "agreement", "likelihood", "agreement_full"} <= set(table)
    assert set(table["schedule"]) == {"0 1 3:6"}
    assert set(table["model"]) == {"tiny-llama"}


def settling(found: Lens, agreement: tuple[float, ...]) -> Lens:
    values = {**found.values, "agreement": replace(found.values["agreement"], mean=agreement)}
    return replace(found, values=values)


@pytest.mark.parametrize(
    ("agreement", "settled", "words"),
    [
        (
            (0, 0.2, 0.5, 0.9, 0.95, 0.97, 1),
            3,
            "is settled (agreement >= 90 %) from depth 3 of 6 on; at depth 3 it is",
        ),
        ((0, 0.95, 0.5, 0.6, 0.89, 0.97, 1), 5, "from depth 5 of 6 on"),
        ((0, 0, 0, 0, 0, 0.5, 1), 6, "is settled (agreement >= 90 %) at the last depth, 6, only"),
        ((1, 1, 1, 1, 1, 1, 1), 0, "from depth 0 of 6 on"),
    ],
)
def test_the_reading_says_where_the_prediction_is_settled(
    found: Lens, agreement: tuple[float, ...], settled: int, words: str
) -> None:
    made = settling(found, agreement)
    assert made.settled == settled
    assert words in made.summary
    assert "from the full model's" not in made.summary


def test_under_a_schedule_the_reading_says_how_far_its_end_is(skipped: Lens) -> None:
    far = skipped.values["kl_full"]
    ends = f"{far.mean[-1]:.2f} nats [{far.low[-1]:.2f}, {far.high[-1]:.2f}] from the full model's"
    assert f"; the last one is {ends}, and " in skipped.summary
    assert "schedule 0 1 3:6" in skipped.caption


@pytest.mark.parametrize("show", SHOWN)
def test_a_picture_has_a_line_a_quantity(found: Lens, skipped: Lens, show: str) -> None:
    names = [lensing.QUANTITIES[name] for name in SHOWN[show][0]]
    drawn = skipped.plot(show=show)
    assert [line.get_label() for line in drawn.get_lines()] == names
    assert drawn.get_yscale() == ("symlog" if show == "nats" else "linear")
    few = found.plot(show=show)
    assert [line.get_label() for line in few.get_lines()] == [n for n in names if "full" not in n]


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tokens": "no-sink"}, "unknown token policy 'no-sink'"),
        ({"sink_factor": 0.5}, "sink factor 0.5: give 1 or more"),
        ({"sink_factor": math.nan}, "sink factor nan: give 1 or more"),
        ({"documents": 0}, "--documents 0: give 1 or more"),
        ({"documents": 99}, "has 16 documents, 99 were asked for"),
        ({"max_tokens": 0}, "--max-tokens 0: give 1 or more"),
        ({"batch_tokens": 0}, "--batch-tokens 0: give 1 or more"),
        ({"schedule": "0:9"}, "does not exist in a model of 6 layers"),
        ({"corpus": "builtinn"}, "unknown corpus 'builtinn'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_words(
    tiny: Network, given: dict[str, Any], message: str
) -> None:
    corpus = given.pop("corpus", texts(16))
    with pytest.raises(ReprlabError, match=message):
        lens(given.pop("network", tiny), corpus, **given)


def test_a_factor_that_leaves_no_token_is_refused(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lensing, "sinks", lambda norm, _: torch.ones(norm.shape[1], dtype=torch.bool))
    with pytest.raises(ReprlabError, match="sink factor 4 makes every token a sink: give a larger one"):
        lens(tiny, texts(3), tokens="no-sinks")


def test_a_model_without_a_language_head_has_no_lens() -> None:
    with pytest.raises(ReprlabError, match="'tiny-bert' has no causal language head"):
        lens(network("tiny-bert"), texts(3))


def test_an_unknown_picture_says_what_there_is(found: Lens) -> None:
    with pytest.raises(ReprlabError, match="unknown picture 'nat': did you mean 'nats'"):
        found.plot(show="nat")


def test_texts_are_cut_and_that_is_said(tiny: Network) -> None:
    read = lens(tiny, texts(6), max_tokens=10)
    assert read.cut > 0
    assert f"6 documents ({read.cut} cut at 10 tokens)" in read.caption
    assert read.provenance.tokens <= 60
