"""Prompts, tokens and scored places of a benchmark's documents, against lm-evaluation-harness's own."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from examples import network
from lm_eval.models.huggingface import HFLM
from made_benchmarks import (
    OFFICIAL,
    PRESETS,
    ROWS,
    Own,
    adding_bos,
    gsm8k,
    hellaswag,
    instances,
    opened,
    plain,
    ready,
    write,
)

from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.by_name import prepare
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.errors import ReprlabError

# --- prompts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", OFFICIAL)
def test_prompts_and_examples_are_lm_evals(
    name: str, preset: str, folder: Path, reference: Callable[[str, int], Any]
) -> None:
    benchmark = ready(opened(name, folder, preset))
    expected = reference(name, benchmark.opened.shots).instances
    assert [i.args for i in instances(benchmark)] == [i.args for i in expected]
    assert [i.doc_id for i in instances(benchmark)] == [i.doc_id for i in expected]


@pytest.mark.parametrize("name", OFFICIAL)
def test_more_documents_and_a_second_time_change_no_prompt(name: str, folder: Path) -> None:
    one = opened(name, folder, "leaderboard")
    few, all_of_them, again = ready(one, 2), ready(one), ready(opened(name, folder, "leaderboard"))
    assert few.documents == all_of_them.documents[:2]
    assert again.documents == all_of_them.documents
    assert [few.fingerprint(n) for n in range(2)] == [again.fingerprint(n) for n in range(2)]


# --- tokens --------------------------------------------------------------------------------------


class Listening(HFLM):
    """lm-eval's Hugging Face model, up to the point where it would run the model."""

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> Any:
        self.heard = [(context, rest) for _, context, rest in requests]
        return [(0.0, False)] * len(requests)

    def _model_generate(self, context: Any, max_length: int, stop: Any, **options: Any) -> Any:
        tokens = tuple(context[0].tolist())
        self.asked[tokens] = (tuple(stop), max_length - len(tokens))
        return context


def listening(tokenizer: Any, bos: bool | None) -> Listening:
    model = Listening(pretrained=network("tiny-llama").module, tokenizer=tokenizer, add_bos_token=bos)
    model.asked = {}
    return model


def heard(benchmark: Benchmark, tokenizer: Any) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """What HFLM would run and score of each request, by the rule with which it cuts from the left."""
    model = listening(tokenizer, False if benchmark.opened.preset == "paper" else None)
    model.loglikelihood(instances(benchmark), disable_tqdm=True)
    found = []
    for context, rest in model.heard:
        tokens = tuple((context + rest)[-(model.max_length + 1) :])
        found.append((tokens, tuple(range(len(tokens) - len(rest), len(tokens)))))
    return found


@pytest.mark.parametrize("tokenizer", [plain, adding_bos])
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", OFFICIAL[:4])
def test_tokens_and_scored_places_are_those_of_hflm(
    name: str, preset: str, tokenizer: Callable[[], Any], folder: Path
) -> None:
    given = tokenizer()
    benchmark = ready(opened(name, folder, preset), tokenizer=given)
    found = [(r.tokens, r.scored) for d in benchmark.documents for r in d.requests]
    assert found == heard(benchmark, given)


def test_the_rows_above_reach_the_limit_and_an_empty_context(folder: Path) -> None:
    net = network("tiny-llama")
    cut, alone = (ready(opened("lambada", folder)).documents[n].requests[0] for n in (1, 3))
    assert len(cut.tokens) == net.positions + 1
    assert alone.tokens[0] == net.tokenizer.bos_token_id
    assert alone.scored == tuple(range(1, len(alone.tokens)))


@pytest.mark.parametrize(("preset", "first"), [("paper", False), ("leaderboard", True)])
def test_only_the_paper_preset_puts_no_first_token(preset: str, first: bool, folder: Path) -> None:
    given = adding_bos()
    tokens = ready(opened("winogrande", folder, preset), tokenizer=given).documents[0].requests[0].tokens
    assert (tokens[0] == given.bos_token_id) is first


@pytest.mark.parametrize("tokenizer", [plain, adding_bos])
@pytest.mark.parametrize("preset", PRESETS)
def test_prompts_to_go_on_from_are_those_of_hflm(
    preset: str, tokenizer: Callable[[], Any], folder: Path
) -> None:
    given = tokenizer()
    benchmark = ready(opened("gsm8k", folder, preset), tokenizer=given)
    model = listening(given, False if preset == "paper" else None)
    model.generate_until(instances(benchmark), disable_tqdm=True)
    prompts = [p for d in benchmark.documents if (p := d.prompt)]
    assert {p.tokens: (p.until, p.max_new_tokens) for p in prompts} == model.asked
    assert len(prompts) == 4


@pytest.mark.parametrize("tokenizer", [plain, adding_bos])
@pytest.mark.parametrize("preset", PRESETS)
def test_solutions_are_tokenised_as_hflm_would_score_them(
    preset: str, tokenizer: Callable[[], Any], folder: Path
) -> None:
    given = tokenizer()
    benchmark = ready(opened("gsm8k_nll", folder, preset), tokenizer=given)
    asked = [copy.copy(i) for i in instances(benchmark)]
    for instance in asked:
        instance.arguments = (instance.args[0], " " + instance.doc["answer"])
    expected = heard(Benchmark(benchmark.opened, (), (asked,), (), (), 0, benchmark.encoder), given)
    assert [(d.requests[0].tokens, d.requests[0].scored) for d in benchmark.documents] == expected


@pytest.mark.parametrize("word", ["max_gen_toks", "max_new_tokens", "max_tokens"])
def test_every_word_for_the_cap_of_an_answer_is_read_as_hflm_reads_it(own: Own, word: str) -> None:
    path = own(output_type="generate_until", generation_kwargs={"until": ["x"], word: 7}, metric_list=None)
    benchmark, model = ready(opened(path)), listening(plain(), False)
    model.generate_until(instances(benchmark), disable_tqdm=True)
    prompts = [p for d in benchmark.documents if (p := d.prompt)]
    assert {p.tokens: (p.until, p.max_new_tokens) for p in prompts} == model.asked


def test_spaces_behind_a_context_are_scored_with_the_ending_as_hflm_does(own: Own) -> None:
    benchmark = ready(opened(own(doc_to_text="{{q}}  ")))
    expected = heard(benchmark, plain())
    assert [(r.tokens, r.scored) for d in benchmark.documents for r in d.requests] == expected
    assert len(expected[0][1]) == len("  yes")


# --- names, units and errors ---------------------------------------------------------------------


def test_a_solution_without_results_is_named(tmp_path: Path) -> None:
    train = [gsm8k(n) for n in range(5)]
    write(tmp_path / "gsm8k/train.jsonl", train)
    write(tmp_path / "gsm8k/test.jsonl", [*train[:1], {"question": "1 + 1?", "answer": "1+1=2\n#### 2"}])
    with pytest.raises(ReprlabError, match="'gsm8k_nll', document 1: its solution has no result or no words"):
        ready(opened("gsm8k_nll", tmp_path))


@pytest.mark.parametrize("name", ["winogrande", "builtin_cloze"])
def test_documents_keep_no_text_of_their_rows(name: str, folder: Path) -> None:
    text = json.dumps(ready(opened(name, folder), 4).opened.docs)
    assert not any(d.unit in text for d in ready(opened(name, folder), 4).documents)


def test_rows_without_a_name_are_called_by_their_place(folder: Path) -> None:
    assert [(d.id, d.unit) for d in ready(opened("hellaswag", folder), 2).documents] == [
        ("0", "0"),
        ("1", "1"),
    ]
    assert ready(opened("arc", folder), 1).documents[0].id == "Own_0"


def test_a_later_row_without_what_a_template_needs_is_named(own: Own) -> None:
    path = own(doc_to_text="{{q}} {{'' if q == 'Is it late?' else nothing}}")
    with pytest.raises(ReprlabError, match=r"document 1 \('two'\)"):
        ready(opened(path))


def test_an_empty_ending_is_named(own: Own, tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"document 1 \('two'\): ending 0 is empty"):
        ready(opened(own(doc_to_target="{{'' if a == 'no' else a}}", target_delimiter="")))
    write(tmp_path / "hellaswag/validation.jsonl", [hellaswag(0), {**hellaswag(1), "endings": ["a", "[b]"]}])
    with pytest.raises(ReprlabError, match="'hellaswag', document 1: ending 1 is empty"):
        ready(opened("hellaswag", tmp_path))


@pytest.mark.parametrize("name", ["arc", "hellaswag"])
def test_an_empty_ending_of_the_first_row_is_named_too(name: str, tmp_path: Path) -> None:
    row = ROWS[name](0)
    row["choices" if name == "arc" else "endings"] = (
        {"text": ["a", ""], "label": ["A", "B"]} if name == "arc" else ["a", "[b]"]
    )
    write(tmp_path / next(iter(BENCHMARKS[name].files.values())), [row])
    with pytest.raises(ReprlabError, match=r"document 0.*: ending 1 is empty"):
        ready(opened(name, tmp_path))


def test_an_ending_longer_than_the_model_takes_is_named(own: Own) -> None:
    with pytest.raises(ReprlabError, match=r"document 1 \('two'\): a continuation has 600 tokens, the model"):
        ready(opened(own(doc_to_target="{{'a' * 600 if a == 'no' else a}}")))


def test_no_room_for_a_prompt_is_said(folder: Path) -> None:
    net = network("tiny-llama")
    with pytest.raises(
        ReprlabError, match="'gsm8k' writes up to 512 tokens, the model takes 512: give --max-"
    ):
        prepare(
            opened("gsm8k", folder),
            net.tokenizer,
            limit=1,
            max_length=512,
            vocabulary=260,
            max_new_tokens=512,
        )
