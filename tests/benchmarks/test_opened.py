"""Benchmarks: lm-evaluation-harness is the reference for prompts, tokens, metrics and results files."""

import copy
import json
import math
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import yaml
from examples import network
from lm_eval.api.model import LM
from lm_eval.evaluator import evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.utils import make_table
from tokenizers.processors import TemplateProcessing

import reprlab as rl
from reprlab.benchmarks import opened as loading
from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.by_name import TRAINED, open_benchmarks, open_splits, prepare, training_rows
from reprlab.benchmarks.opened import TASKS, Opened
from reprlab.benchmarks.rows import read_rows
from reprlab.benchmarks.solution import spans
from reprlab.benchmarks.table import BENCHMARKS, GROUPS, expand
from reprlab.errors import ReprlabError
from reprlab.schedules.grids import Entry
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import aggregate
from reprlab.sweeps.lm_eval_results import export

Row = dict[str, Any]
OFFICIAL = ["lambada", "arc", "hellaswag", "winogrande", "gsm8k"]
PRESETS = ["paper", "leaderboard"]
EXAMPLES = 30  # training rows: more than ARC's 25
FRUITS = ("plums", "figs", "pears", "limes")

LAMBADA = [
    "Mira had lost the key to the shed. Before noon her brother came back and held up the key",
    "It rained. " * 60 + "When it stopped, the whole street smelled of rain",  # over the tiny model's 512
    "<bos>The baker opened early, and by nine nobody could smell anything but bread",
    " alone",
]
WINDOWS = [
    ("The lamp fell off the shelf because _ was too narrow.", "lamp", "shelf", "2"),
    ("The lamp fell off the shelf because _ was too wide.", "lamp", "shelf", "1"),
    ("Uma paid Olga since _ had repaired the roof.", "Olga", "Uma", "1"),
    ("Uma paid Olga after _ had seen the repaired roof.", "Uma", "Olga", "1"),
]


def arc(n: int) -> Row:
    texts = [f"{n + k} {FRUITS[k]}" for k in range(3 + n % 2)]
    labels = "1234" if n % 3 else "ABCD"
    return {
        "id": f"Own_{n}",
        "question": f"A basket holds {n} plums and a cook adds {FRUITS[n % 3]}. What is in it most of all?",
        "choices": {"text": texts, "label": list(labels[: len(texts)])},
        "answerKey": labels[n % 3],
    }


def hellaswag(n: int) -> Row:
    extra = (
        "[header] How to dry figs [title] Wash them. [step] Use  cold water." if n % 2 else "A cook waits."
    )
    return {
        "ind": n,
        "activity_label": f"Drying fruit {n}",
        "ctx_a": extra,
        "ctx_b": "the cook",
        "endings": [
            f"puts {n} figs on a rack.",
            "[substeps] sings to the oven.",
            "eats.",
            "paints the  rack.",
        ],
        "label": str(n % 4),
    }


def winogrande(n: int) -> Row:
    sentence, one, other, answer = WINDOWS[n % 4]
    named = sentence.replace("the", f"the {n}th", 1) if n > 3 else sentence
    return {"sentence": named, "option1": one, "option2": other, "answer": answer}


def gsm8k(n: int) -> Row:
    return {
        "question": f"Lea picks {n} figs and {n + 2} plums. She eats 2. How many are left?",
        "answer": f"She picks {n} + {n + 2} = <<{n}+{n + 2}={2 * n + 2}>>{2 * n + 2} pieces of fruit.\n"
        f"Then {2 * n + 2} - 2 = <<{2 * n + 2}-2={2 * n}>>{2 * n} are left.\n#### {2 * n}",
    }


ROWS: dict[str, Callable[[int], Row]] = {
    "lambada": lambda n: {"text": LAMBADA[n]},
    "arc": arc,
    "hellaswag": hellaswag,
    "winogrande": winogrande,
    "gsm8k": gsm8k,
}


def write(path: Path, rows: Sequence[Row | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own rows in the official fields, laid out as --data-dir wants them."""
    made = tmp_path_factory.mktemp("data")
    for name, row in ROWS.items():
        for split, file in BENCHMARKS[name].files.items():
            some = range(4, 4 + EXAMPLES) if split == "train" else range(4)
            write(made / file, [row(n) for n in some])
    return made


@pytest.fixture(scope="module")
def reference(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Any]:
    """lm-eval's own task on the same rows, by way of its own task manager."""
    place = tmp_path_factory.mktemp("tasks")

    def load(name: str, shots: int) -> Any:
        named = BENCHMARKS[name]
        files = {split: str(folder / file) for split, file in named.files.items()}
        text = {
            "include": str(TASKS / named.file),
            "task": named.task,
            "dataset_path": "json",
            "dataset_name": None,
            "dataset_kwargs": {"data_files": files, "cache_dir": str(place / "cache")},
            "num_fewshot": shots,
        }
        path = place / f"{name}_{shots}.yaml"
        path.write_text(yaml.safe_dump(text))
        task = TaskManager(include_defaults=False).load([str(path)])["tasks"][named.task]
        task.set_fewshot_seed(1234)
        task.build_all_requests()
        return task

    return load


def opened(name: str, folder: Path | None = None, preset: str = "paper") -> Opened:
    return open_benchmarks([name], data_dir=folder, preset=preset)[0]


def ready(one: Opened, limit: int = 99, tokenizer: Any = None) -> Benchmark:
    net = network("tiny-llama")
    sizes = {"max_length": net.positions, "vocabulary": net.vocabulary, "max_new_tokens": 256}
    return prepare(one, tokenizer or net.tokenizer, limit=limit, **sizes)


def instances(benchmark: Benchmark) -> list[Any]:
    return [instance for group in benchmark.groups for instance in group]


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


@pytest.mark.parametrize(
    ("preset", "shots"), [("paper", (0, 0, 0, 0, 5)), ("leaderboard", (0, 25, 10, 5, 5))]
)
def test_presets_set_the_examples(preset: str, shots: tuple[int, ...], folder: Path) -> None:
    assert tuple(opened(name, folder, preset).shots for name in OFFICIAL) == shots


@pytest.mark.parametrize("name", OFFICIAL)
def test_more_documents_and_a_second_time_change_no_prompt(name: str, folder: Path) -> None:
    one = opened(name, folder, "leaderboard")
    few, all_of_them, again = ready(one, 2), ready(one), ready(opened(name, folder, "leaderboard"))
    assert few.documents == all_of_them.documents[:2]
    assert again.documents == all_of_them.documents
    assert [few.fingerprint(n) for n in range(2)] == [again.fingerprint(n) for n in range(2)]


def test_without_examples_the_rows_asked_are_enough(tmp_path: Path) -> None:
    write(tmp_path / "hellaswag/validation.jsonl", [hellaswag(0)])
    write(tmp_path / "arc_challenge/test.jsonl", [arc(0)])
    assert [len(ready(opened(name, tmp_path)).documents) for name in ("hellaswag", "arc")] == [1, 1]


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


def plain() -> Any:
    return network("tiny-llama").tokenizer


def adding_bos() -> Any:
    """The same tokenizer, putting its first token before every text."""
    made = copy.deepcopy(plain())
    made.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", made.bos_token_id)]
    )
    assert made.encode("a")[0] == made.bos_token_id
    return made


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
    expected = heard(Benchmark(benchmark.opened, (), (asked,), (), (), 0), given)
    assert [(d.requests[0].tokens, d.requests[0].scored) for d in benchmark.documents] == expected


@pytest.mark.parametrize("word", ["max_gen_toks", "max_new_tokens", "max_tokens"])
def test_every_word_for_the_cap_of_an_answer_is_read_as_hflm_reads_it(own: "Own", word: str) -> None:
    path = own(output_type="generate_until", generation_kwargs={"until": ["x"], word: 7}, metric_list=None)
    benchmark, model = ready(opened(path)), listening(plain(), False)
    model.generate_until(instances(benchmark), disable_tqdm=True)
    prompts = [p for d in benchmark.documents if (p := d.prompt)]
    assert {p.tokens: (p.until, p.max_new_tokens) for p in prompts} == model.asked


def test_spaces_behind_a_context_are_scored_with_the_ending_as_hflm_does(own: "Own") -> None:
    benchmark = ready(opened(own(doc_to_text="{{q}}  ")))
    expected = heard(benchmark, plain())
    assert [(r.tokens, r.scored) for d in benchmark.documents for r in d.requests] == expected
    assert len(expected[0][1]) == len("  yes")


# --- solutions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "results", "words"),
    [
        ("She has 4 + 2 = <<4+2=6>>6 eggs.\n#### 6", ["6"], "She has eggs"),
        ("So 3*4=<<3*4=12>>12 and 12/2=<<12/2=6>>6.\n#### 6", ["12", "6"], "So and"),
        ("It costs 2 * $40 = $<<2*40=80>>80.\n#### 80", ["80"], "It costs"),
        ("In all <<900+200=1,100>>1,100 or 1100.\n#### 1,100", ["1,100"], "In all or"),
        ("Half is <<7/2=3.5>>3.5 km.\n#### 3.5", ["3.5"], "Half is km"),
        ("Without a tool 7 + 8 = 15 boys\n#### 15", ["15"], "Without a tool boys"),
        ("He just says so.\n#### 72", ["72"], "He just says so"),
        ("He owes $5 then.\n#### $5", ["5"], "He owes then"),
        ("Zoë's café sold <<2+2=4>>4 tartes\n#### 4", ["4"], "Zoë s café sold tartes"),
        ("Then 2 - 7 = <<2-7=-5>>-5 degrees\n#### -5", ["-5"], "Then degrees"),
        ("It is too cold.\n#### -5", ["-5"], "It is too cold"),
        ("A pen is 1/4 = <<1/4=.25>>.25 dollars", [".25"], "A pen is dollars"),
        ("We get 3 + 3 = 6. Then 6 * 2 = 12, or so.", ["6", "12"], "We get Then or so"),
        ("no number", [], "no number"),
        ("", [], ""),
    ],
)
def test_results_stand_behind_equals_signs_and_words_outside_annotations(
    text: str, results: list[str], words: str
) -> None:
    found = spans(text)
    assert [text[a:b] for a, b in found["result"]] == results
    assert [text[a:b] for a, b in found["setup"]] == words.split()


@pytest.mark.parametrize("tokenizer", [plain, adding_bos])
def test_the_tokens_of_a_class_are_its_characters(tokenizer: Callable[[], Any], folder: Path) -> None:
    given = tokenizer()
    for document in ready(opened("gsm8k_nll", folder), tokenizer=given).documents:
        whole, result, setup = document.requests
        text = gsm8k(document.place)["answer"]
        said = [given.decode([whole.tokens[at] for at in part.scored]) for part in (whole, result, setup)]
        assert said[0].strip() == text
        assert said[1] == "".join(text[a:b] for a, b in spans(text)["result"])
        assert said[2] == "".join(text[a:b] for a, b in spans(text)["setup"])
        assert whole.tokens == result.tokens == setup.tokens


def test_a_solution_without_results_is_named(tmp_path: Path) -> None:
    train = [gsm8k(n) for n in range(5)]
    write(tmp_path / "gsm8k/train.jsonl", train)
    write(tmp_path / "gsm8k/test.jsonl", [*train[:1], {"question": "1 + 1?", "answer": "1+1=2\n#### 2"}])
    with pytest.raises(ReprlabError, match="'gsm8k_nll', document 1: its solution has no result or no words"):
        ready(opened("gsm8k_nll", tmp_path))


# --- numbers -------------------------------------------------------------------------------------


def answer(arguments: tuple[Any, ...]) -> Any:
    """A made-up answer that follows from the request alone."""
    chance = random.Random(repr(arguments))
    if isinstance(arguments[1], str):
        return -chance.expovariate(0.05), chance.random() < 0.4
    said = str(chance.randrange(20))
    return chance.choice([f"She has {said} left.\n#### {said}", f"It is ${said}.", "####", f"#### {said},0"])


def answered(benchmark: Benchmark) -> list[list[Any]]:
    if benchmark.opened.output == "solution":
        return [[(-float(len(request.scored)), False) for request in d.requests] for d in benchmark.documents]
    return [[answer(instance.args) for instance in group] for group in benchmark.groups]


def items(benchmark: Benchmark, values: Any, name: str) -> Any:
    """One column's numbers: (document, size)."""
    first = 0
    for column in benchmark.columns:
        if column.name == name:
            return values[:, first : first + column.size]
        first += column.size
    raise KeyError(name)


def theirs(task: Any) -> dict[str, Any]:
    """lm-eval's metrics of the same answers: process_results, then its own aggregation."""
    for instance in task.instances:
        instance.resps = [answer(instance.args)]
    task.apply_filters()
    found: dict[str, list[Any]] = {}
    for place, doc in enumerate(task.eval_docs):
        group = [i for i in task.instances if i.doc_id == place]
        for kept in group[0].filtered_resps:
            metrics = task.process_results(doc, [i.filtered_resps[kept] for i in group])
            for metric, item in metrics.items():
                found.setdefault(metric if kept == "none" else f"{metric},{kept}", []).append(item)
    return {name: task.aggregation()[name.partition(",")[0]](given) for name, given in found.items()}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", OFFICIAL)
def test_metrics_are_lm_evals(
    name: str, preset: str, folder: Path, reference: Callable[[str, int], Any]
) -> None:
    benchmark = ready(opened(name, folder, preset))
    values = benchmark.score(range(4), answered(benchmark))
    own = {c.name: aggregate(c.aggregation, items(benchmark, values, c.name)) for c in benchmark.columns}
    own.pop("u", None)
    assert own == pytest.approx(theirs(reference(name, benchmark.opened.shots)), rel=1e-12)


def test_the_metrics_are_all_that_each_task_defines(folder: Path) -> None:
    found = {n: [c.name for c in ready(opened(n, folder)).columns] for n in [*OFFICIAL, "gsm8k_nll"]}
    assert found == {
        "lambada": ["perplexity", "acc", "u"],
        "arc": ["acc", "acc_norm", "u"],
        "hellaswag": ["acc", "acc_norm", "u"],
        "winogrande": ["acc", "u"],
        "gsm8k": ["exact_match,strict-match", "exact_match,flexible-extract"],
        "gsm8k_nll": ["u", "u_all", "u_setup", "nll_all", "nll_result", "nll_setup"],
    }


@pytest.mark.parametrize("name", ["arc", "hellaswag", "winogrande"])
def test_u_of_a_choice_is_the_golds_share(name: str, folder: Path) -> None:
    benchmark = ready(opened(name, folder))
    given = answered(benchmark)
    found = items(benchmark, benchmark.score(range(4), given), "u")[:, 0]
    for place, document in enumerate(benchmark.documents):
        shares = np.exp([likely for likely, _ in given[place]])
        assert found[place] == pytest.approx(shares[document.gold[0]] / shares.sum())


def test_u_of_a_choice_does_not_underflow(folder: Path) -> None:
    benchmark = ready(opened("winogrande", folder))
    values = benchmark.score([0], [[(-90_000.0, False), (-90_001.0, False)]])
    assert items(benchmark, values, "u")[0, 0] == pytest.approx(1 - 1 / (1 + math.exp(-1)))


@pytest.mark.parametrize("nll_a_token", [0.0, 0.25, 3.0, math.log(260), 50.0])
def test_u_of_a_text_is_what_it_saves_of_the_vocabularys_nats(nll_a_token: float, folder: Path) -> None:
    benchmark, top = ready(opened("lambada", folder)), math.log(260)
    tokens = len(benchmark.documents[0].requests[0].scored)
    values = benchmark.score([0], [[(-nll_a_token * tokens, True)]])
    assert items(benchmark, values, "u")[0, 0] == pytest.approx(1 - min(nll_a_token, top) / top)


def test_solutions_are_scored_a_token_and_u_is_that_of_the_results(folder: Path) -> None:
    benchmark, top = ready(opened("gsm8k_nll", folder)), math.log(260)
    counts = [len(r.scored) for r in benchmark.documents[2].requests]
    given = [(-0.5 * counts[0], False), (-2.0 * counts[1], False), (-9.0 * counts[2], True)]
    values = benchmark.score([2], [given])
    found = {c.name: items(benchmark, values, c.name)[0, 0] for c in benchmark.columns}
    shares = {"u": 1 - 2 / top, "u_all": 1 - 0.5 / top, "u_setup": 0.0}
    assert found == pytest.approx({**shares, "nll_all": 0.5, "nll_result": 2.0, "nll_setup": 9.0}, abs=1e-12)


WORST = {"perplexity": math.inf, "nll_all": math.inf, "nll_result": math.inf, "nll_setup": math.inf}


@pytest.mark.parametrize("bad", [math.nan, -math.inf, math.inf])
@pytest.mark.parametrize("name", [*OFFICIAL[:4], "gsm8k_nll"])
def test_answers_that_are_no_numbers_never_count_as_guesses(name: str, bad: float, folder: Path) -> None:
    benchmark = ready(opened(name, folder))
    for place, document in enumerate(benchmark.documents):
        for broken in range(len(document.requests)):
            given = [(-1.0, True)] * len(document.requests)
            given[broken] = (bad, True)
            values = benchmark.score([place], [given])
            for column in benchmark.columns:
                found = aggregate(column.aggregation, items(benchmark, values, column.name))
                assert found == WORST.get(column.name, 0.0), column


# --- what guessing gives, and units --------------------------------------------------------------


def test_the_floor_is_the_better_of_uniform_and_majority_guessing(folder: Path) -> None:
    golds = [0, 1, 2, 0]
    uniform = (1 / 3 + 1 / 4 + 1 / 3 + 1 / 4) / 4
    assert [document.gold[0] for document in ready(opened("arc", folder)).documents] == golds
    floors = {name: ready(opened(name, folder)).floor for name in [*OFFICIAL, "gsm8k_nll"]}
    assert floors["arc"] == max(uniform, 2 / 4)
    assert floors["hellaswag"] == 1 / 4
    assert floors["winogrande"] == 3 / 4
    assert [floors[name] for name in ("lambada", "gsm8k", "gsm8k_nll")] == [0, 0, 0]


def test_the_floor_is_that_of_all_rows_whatever_the_limit(folder: Path) -> None:
    assert ready(opened("arc", folder), 1).floor == ready(opened("arc", folder)).floor


def together(labels: Sequence[str]) -> list[int]:
    """Which documents share a unit, whatever it is called: the first place of each label."""
    return [list(labels).index(label) for label in labels]


def test_twins_of_winogrande_are_one_unit(folder: Path) -> None:
    units = [document.unit for document in ready(opened("winogrande", folder)).documents]
    assert together(units) == [0, 0, 2, 2]


@pytest.mark.parametrize("name", GROUPS["builtin"])
def test_built_in_rows_name_themselves_and_their_unit(name: str) -> None:
    benchmark = ready(opened(name), 50)
    rows = read_rows(Path(rl.__file__).parent / "benchmarks" / "builtin" / f"{name}.jsonl")[:50]
    assert [document.id for document in benchmark.documents] == [row["id"] for row in rows]
    assert together([d.unit for d in benchmark.documents]) == together([row["unit"] for row in rows])
    assert benchmark.opened.kind in {"semantic", "reasoning"}


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


# --- names ---------------------------------------------------------------------------------------


def test_names_of_lm_eval_are_ours_and_groups_their_members() -> None:
    assert expand(["arc_challenge", "arc", "lambada_openai", "gsm8k"]) == ["arc", "lambada", "gsm8k"]
    assert expand(["paper"]) == ["lambada", "arc", "hellaswag", "winogrande", "gsm8k_nll"]
    assert expand(["builtin_cloze", "builtin"]) == list(GROUPS["builtin"])
    assert expand(["other", "own.yaml"]) == ["other", "own.yaml"]


def test_the_papers_tasks_carry_its_classes(folder: Path) -> None:
    kinds = [opened(name, folder).kind for name in [*OFFICIAL, "gsm8k_nll"]]
    assert kinds == ["", "reasoning", "semantic", "semantic", "reasoning", "reasoning"]


# --- the digest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFICIAL)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_digest_does_not_depend_on_the_folder(name: str, preset: str, folder: Path, tmp_path: Path) -> None:
    for file in BENCHMARKS[name].files.values():
        write(tmp_path / file, (folder / file).read_text().splitlines())
    assert opened(name, tmp_path, preset).digest == opened(name, folder, preset).digest


def test_a_digest_is_the_same_in_another_process(folder: Path) -> None:
    names = [*OFFICIAL, "builtin_cloze"]
    code = (
        "from reprlab.benchmarks import open_benchmarks\n"
        f"print(*(o.digest for o in open_benchmarks({names}, data_dir={str(folder)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [opened(name, folder).digest for name in names]


def test_rows_examples_and_shots_each_change_the_digest(folder: Path, tmp_path: Path) -> None:
    found = {opened("arc", folder).digest, opened("arc", folder, "leaderboard").digest}
    for split in ("test", "train"):
        for file in BENCHMARKS["arc"].files.values():
            lines = (folder / file).read_text().splitlines()
            changed = [lines[0].replace("basket", "bucket"), *lines[1:]] if split in file else lines
            write(tmp_path / split / file, changed)
        found.add(opened("arc", tmp_path / split, "leaderboard").digest)
    assert len(found) == 4


def test_examples_that_are_not_shown_do_not_change_the_digest(folder: Path, tmp_path: Path) -> None:
    file = BENCHMARKS["arc"].files["test"]
    write(tmp_path / file, (folder / file).read_text().splitlines())
    assert opened("arc", tmp_path).digest == opened("arc", folder).digest


def test_the_definition_changes_the_digest(own: "Own") -> None:
    changes = [{}, {"doc_to_text": "Q: {{q}}"}, {"target_delimiter": ""}, {"description": "Answer."}]
    assert len({opened(own(**change)).digest for change in changes}) == len(changes)


def test_solutions_and_answers_to_the_same_rows_have_digests_of_their_own(folder: Path) -> None:
    assert opened("gsm8k", folder).digest != opened("gsm8k_nll", folder).digest


# --- task files of one's own ---------------------------------------------------------------------

Own = Callable[..., str]
RUNS = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\ndef text(doc): return doc['q']\n"


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Writes a task file; its keys can be changed, and text put under them as it is."""
    rows = [{"q": "Is it late?", "a": "yes", "id": "one"}, {"q": "Is it far?", "a": "no", "id": "two"}]
    file = write(tmp_path / "rows.jsonl", rows)
    (tmp_path / "code.py").write_text(RUNS)
    count = iter(range(99))

    def make(raw: str = "", **changes: Any) -> str:
        config = {
            "task": "own",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(file)}, "cache_dir": str(tmp_path / "cache")},
            "test_split": "test",
            "output_type": "loglikelihood",
            "doc_to_text": "{{q}}",
            "doc_to_target": "{{a}}",
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
            **changes,
        }
        kept = {key: value for key, value in config.items() if value is not None}
        path = tmp_path / f"own{next(count)}.yaml"
        path.write_text(yaml.safe_dump(kept) + raw)
        return str(path)

    return make


def ran(path: str) -> bool:
    return (Path(path).parent / "ran").exists()


def refused(name: str, words: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_task_file_is_a_benchmark(own: Own) -> None:
    benchmark = ready(opened(own(metadata={"class": "semantic"})))
    assert [c.name for c in benchmark.columns] == ["acc", "u"]
    assert [document.id for document in benchmark.documents] == ["one", "two"]
    assert benchmark.opened.kind == "semantic"


def test_a_task_file_that_runs_python_is_refused_until_it_is_allowed(own: Own) -> None:
    path = own("doc_to_text: !function code.text\n", doc_to_text=None)
    refused(path, f"task file '{path}' runs Python (!function)")
    refused(path, "--allow-task-code")
    assert not ran(path)
    (found,) = open_benchmarks([path], allow_code=True)
    assert instances(ready(found))[0].args == ("Is it late?", "yes")
    assert ran(path)


def test_python_behind_includes_is_refused_too(own: Own) -> None:
    inner = own("doc_to_text: !function code.text\n", doc_to_text=None)
    middle = own(f"include: {Path(inner).name}\n")
    outer = own(f"include: [{Path(own()).name}, {middle}]\n")
    refused(outer, f"task file '{inner}' runs Python (!function)")
    assert not ran(outer)


def test_a_task_file_may_include_lm_evals_own_code(own: Own, folder: Path) -> None:
    files = {"validation": str(folder / "winogrande/validation.jsonl")}
    unset = dict.fromkeys(["doc_to_text", "doc_to_target", "output_type", "test_split", "metric_list"])
    path = own(
        f"include: {TASKS / 'winogrande/default.yaml'}\ndataset_name: null\ntraining_split: null\n",
        dataset_kwargs={"data_files": files},
        num_fewshot=0,
        **unset,
    )
    assert [d.requests for d in ready(opened(path)).documents] == [
        d.requests for d in ready(opened("winogrande", folder)).documents
    ]


@pytest.mark.parametrize(
    ("head", "tag"),
    [("", "!%66unction"), ("", "!<!%66unction>"), ("%TAG !e! !func\n---\n", "!e!tion")],
)
def test_python_under_another_spelling_of_its_tag_is_refused_too(own: Own, head: str, tag: str) -> None:
    path = own(f"doc_to_text: {tag} code.text\n", doc_to_text=None)
    Path(path).write_text(head + Path(path).read_text())
    with pytest.raises(ReprlabError, match="runs Python"):
        open_benchmarks([path])
    assert not ran(path)


@pytest.mark.parametrize("metric", [{"metric": "rouge"}, {"metric": "acc", "hf_evaluate": True}], ids=str)
def test_a_metric_that_would_be_fetched_as_code_is_refused(own: Own, metric: dict[str, Any]) -> None:
    given = {"aggregation": "mean", "higher_is_better": True, **metric}
    refused(own(metric_list=[given]), f"metric '{metric['metric']}' is not one of lm-eval's")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": None}, "has no `task: NAME`"),
        ({"task": ["a", "b"]}, "has no `task: NAME`"),
        ({"output_type": "loglikelihood_rolling", "metric_list": None}, "is of type loglikelihood_rolling"),
        ({"output_type": "guess"}, "lm-eval cannot make this task: Got invalid output_type"),
        ({"repeats": 3}, "asks for 3 repeats: reprlab runs one"),
        ({"unsafe_code": True}, "runs generated code or needs images"),
        ({"metadata": {"class": "semantics"}}, "'semantics': did you mean 'semantic'"),
        ({"include": "none.yaml"}, "none.yaml' cannot be read"),
        ({"dataset_kwargs": {"data_files": "none.jsonl"}}, "check its dataset_path and data_files"),
        ({"test_split": "tset"}, "lm-eval cannot make this task"),
        ({"dataset_rows": 3}, "lm-eval cannot make this task"),
        ({"doc_to_text": "{{question}}"}, "'question' is undefined"),
        ({"doc_to_text": "{{q"}, "own0.yaml"),
        ({"metric_list": ["acc"]}, "metric"),
        ({"use_prompt": "promptsource:own"}, "promptsource"),
    ],
    ids=str,
)
def test_a_task_file_that_cannot_be_is_refused_with_words(
    own: Own, changes: dict[str, Any], words: str
) -> None:
    refused(own(**changes), words)


def test_a_task_file_that_includes_itself_or_is_not_there(own: Own, tmp_path: Path) -> None:
    path = own("include: own0.yaml\n")
    refused(path, "Include cycle")
    refused(str(tmp_path / "no.yaml"), f"no task file at '{tmp_path / 'no.yaml'}'")
    (tmp_path / "list.yaml").write_text("- task: own\n")
    refused(str(tmp_path / "list.yaml"), "cannot be read: Expected YAML dict")


TRICKS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__.os.system('true') }}",
    "{{ '{0.__class__.__init__}'.format(q) }}",
    "{{ self._TemplateReference__context.eval_ctx.environment.__init__.__globals__ }}",
    "{{ (q|attr('__class__')).__base__ }}",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_template_has_no_way_to_python(own: Own, trick: str) -> None:
    with pytest.raises(Exception, match=r"unsafe|undefined|has no attribute"):
        ready(opened(own(doc_to_text=trick)))


@pytest.mark.parametrize("trick", TRICKS[:2])
def test_a_template_that_tries_is_refused_in_one_line(own: Own, trick: str) -> None:
    refused(own(doc_to_text=trick), "unsafe")


def test_a_later_row_without_what_a_template_needs_is_named(own: Own) -> None:
    path = own(doc_to_text="{{q}} {{'' if q == 'Is it late?' else nothing}}")
    with pytest.raises(ReprlabError, match=r"document 1 \('two'\)"):
        ready(opened(path))


def test_a_task_file_that_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("task: [own\n")
    refused(str(tmp_path / "own.yaml"), "own.yaml' cannot be read")


def test_several_right_choices_raise_the_floor(own: Own, tmp_path: Path) -> None:
    file = write(tmp_path / "several.jsonl", [{"q": f"{n}?", "right": [n, (n + 1) % 4]} for n in range(4)])
    path = own(
        dataset_kwargs={"data_files": {"test": str(file)}},
        output_type="multiple_choice",
        doc_to_choice=["a", "b", "c", "d"],
        doc_to_target="right",
    )
    benchmark = ready(opened(path))
    values = benchmark.score([0], [[(-1.0, False)] * 4])
    assert items(benchmark, values, "u")[0, 0] == 0.5
    assert benchmark.floor == 0.5


def test_a_metric_that_is_no_average_is_left_out_with_a_note(own: Own) -> None:
    metrics = [
        {"metric": name, "aggregation": how, "higher_is_better": True}
        for name, how in [("acc", "mean"), ("mcc", "matthews_corrcoef")]
    ]
    path = own(
        output_type="multiple_choice",
        doc_to_choice=["yes", "no"],
        doc_to_target="{{['yes', 'no'].index(a)}}",
        metric_list=metrics,
    )
    benchmark = ready(opened(path))
    assert [c.name for c in benchmark.columns] == ["acc", "u"]
    assert [note.partition(": ")[2] for note in benchmark.notes] == [
        "metric mcc (matthews_corrcoef) is no average over documents: left out"
    ]


# --- errors --------------------------------------------------------------------------------------


@pytest.fixture
def few_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder of lm-eval's tasks in the place of all, which take seconds to list."""
    manager = TaskManager(include_defaults=False, include_path=str(TASKS / "arc"))
    monkeypatch.setattr(loading, "_manager", lambda: manager)


@pytest.mark.usefixtures("few_tasks")
def test_an_unknown_benchmark_names_its_neighbour() -> None:
    refused("lambda", "unknown benchmark 'lambda': did you mean 'lambada'?")
    refused("lambda", "by name or YAML path too")


@pytest.mark.usefixtures("few_tasks")
def test_a_task_of_lm_eval_works_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    some = datasets.Dataset.from_list([arc(0), arc(1)])
    rows = datasets.DatasetDict(dict.fromkeys(["train", "validation", "test"], some))
    monkeypatch.setattr(datasets, "load_dataset", lambda **given: rows)
    (found,) = open_benchmarks(["arc_easy"])
    assert (found.name, found.output, found.shots) == ("arc_easy", "multiple_choice", 0)


def test_a_group_of_lm_eval_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = TaskManager(include_defaults=False, include_path=str(TASKS / "blimp"))
    monkeypatch.setattr(loading, "_manager", lambda: manager)
    refused("blimp", "'blimp' is a group of lm-eval's tasks: name the tasks themselves")


@pytest.mark.usefixtures("few_tasks")
def test_a_tag_of_lm_eval_is_refused_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(**_: Any) -> Any:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    refused("ai2_arc", "'ai2_arc' is a group of lm-eval's tasks: name the tasks themselves")


def test_nothing_and_an_unknown_preset_are_refused() -> None:
    with pytest.raises(ReprlabError, match="no benchmark was given: there are lambada, arc"):
        open_benchmarks([])
    with pytest.raises(ReprlabError, match="unknown preset 'papr': did you mean 'paper'"):
        open_benchmarks(["builtin_cloze"], preset="papr")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(ReprlabError, match=f"--limit {limit}: give 1 or more"):
        ready(opened("builtin_cloze"), limit)


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_missing_file_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name], data_dir=tmp_path)
    file = next(iter(BENCHMARKS[name].files.values()))
    words = f"benchmark '{name}' needs {file} in --data-dir '{tmp_path}' for its rows: put it there"
    assert str(caught.value) == words


def test_missing_examples_are_named_where_they_are_shown(tmp_path: Path) -> None:
    write(tmp_path / "arc_challenge/test.jsonl", [arc(0)])
    with pytest.raises(ReprlabError, match=r"needs arc_challenge/train.jsonl in .* for its 25 examples"):
        open_benchmarks(["arc"], data_dir=tmp_path, preset="leaderboard")


@pytest.mark.parametrize("name", ["arc", "gsm8k_nll"])
def test_fewer_examples_than_are_shown_are_counted(name: str, tmp_path: Path) -> None:
    row = ROWS.get(name, gsm8k)
    write(tmp_path / BENCHMARKS[name].files["test"], [row(0)])
    write(tmp_path / BENCHMARKS[name].files["train"], [row(n) for n in range(1, 4)])
    with pytest.raises(ReprlabError, match=r"train\.jsonl"):
        ready(open_benchmarks([name], data_dir=tmp_path, preset="leaderboard")[0])


def test_a_data_dir_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"--data-dir '.*nowhere' is no folder"):
        open_benchmarks(["arc"], data_dir=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("lambada", '{"text": "a b"', "is not JSON: "),
        ("lambada", "[1, 2]", "is a list, not an object with fields"),
        ("lambada", {"txt": "a b"}, "field text: Field required; a row needs text"),
        ("lambada", {"text": 3}, "field text: Input should be a valid string"),
        ("lambada", {"text": "word"}, "field text: String should match pattern"),
        ("lambada", {"text": "ends in space "}, "field text: String should match pattern"),
        ("arc", {**arc(1), "answerKey": "D"}, "answerKey 'D' is none of choices.label ['1', '2', '3', '4']"),
        ("arc", {**arc(1), "choices": {"text": ["a"], "label": ["A"]}}, "field choices.text: List should"),
        ("arc", {**arc(1), "choices": {"text": ["a", "b"], "label": ["2"]}}, "text and choices.label differ"),
        ("arc", {**arc(1), "question": ""}, "field question: String should have at least 1 character"),
        ("hellaswag", {**hellaswag(1), "label": "4"}, "label '4' is none of the 4 endings"),
        ("hellaswag", {**hellaswag(1), "label": ""}, "label '' is none of the 4 endings"),
        ("hellaswag", {**hellaswag(1), "endings": "one"}, "field endings: Input should be a valid list"),
        ("winogrande", {**winogrande(1), "answer": "3"}, "field answer: Input should be '1' or '2'"),
        ("winogrande", {**winogrande(1), "sentence": "No gap."}, "field sentence: String should match"),
        ("gsm8k", {**gsm8k(1), "answer": "It is 4"}, "field answer: String should match pattern '#### '"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_field(
    name: str, wrong: Row | str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / next(iter(BENCHMARKS[name].files.values()))
    write(path, [ROWS[name](0), "", wrong])
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name], data_dir=tmp_path)
    assert str(caught.value).startswith(f"'{path}' line 3")
    assert says in str(caught.value)


def test_a_field_that_only_later_rows_have_is_kept(tmp_path: Path) -> None:
    rows = [{"text": "one two"}, {"text": "one three", "id": "named", "unit": "pair"}]
    write(tmp_path / "lambada_openai/test.jsonl", rows)
    documents = ready(opened("lambada", tmp_path)).documents
    assert [document.id for document in documents] == ["0", "named"]
    assert documents[1].unit not in {"0", "1"}


def test_a_field_of_two_types_is_no_crash(tmp_path: Path) -> None:
    write(tmp_path / "lambada_openai/test.jsonl", [{"text": "one two", "n": 1}, {"text": "a b", "n": "x"}])
    with pytest.raises(ReprlabError, match=r"lambada_openai/test\.jsonl"):
        open_benchmarks(["lambada"], data_dir=tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b'{"text": "a b"}\n{"text": "a \xff"}', r"is not UTF-8 \(byte 28\)"),
    ],
)
def test_a_file_without_rows_or_in_another_encoding(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    with pytest.raises(ReprlabError, match=says):
        read_rows(path)


def test_rows_may_have_a_byte_order_mark_line_separators_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + '{"text": "a\u2028b"}\r\n{"text": "c"}\r\n'.encode())
    assert read_rows(path) == [{"text": "a\u2028b"}, {"text": "c"}]


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


# --- results files -------------------------------------------------------------------------------


class MadeUp(LM):
    """A model whose answers are made up, for lm-eval's own evaluation."""

    def loglikelihood(self, requests: Any) -> Any:
        return [answer(request.args) for request in requests]

    generate_until = loglikelihood

    def loglikelihood_rolling(self, requests: Any) -> Any:
        raise NotImplementedError


def scores(benchmarks: Sequence[Benchmark]) -> Scores:
    """Two schedules with the same made-up answers."""
    found: dict[str, Results] = {}
    for benchmark in benchmarks:
        one, documents = benchmark.opened, benchmark.documents
        values = benchmark.score(range(len(documents)), answered(benchmark))
        found[one.name] = Results(
            name=one.name,
            task=str(one.task.config.task),
            kind=one.kind,
            output=one.output,
            shots=one.shots,
            preset=one.preset,
            definition=one.digest,
            floor=benchmark.floor,
            vocabulary=benchmark.vocabulary,
            columns=benchmark.columns,
            ids=tuple(d.id for d in documents),
            units=tuple(d.unit for d in documents),
            values=np.stack([values, values]),
            nonfinite=np.zeros(2, dtype=np.int64),
        )
    entries = (Entry("full", rl.Schedule.full(6)), Entry("skip", rl.Schedule.skip(6, 2, 4), start=1))
    return Scores("tiny-llama", "", "float32", 6, entries, found, {})


def exported(folder: Path, benchmarks: Sequence[Benchmark]) -> list[dict[str, Any]]:
    made = export(folder, scores(benchmarks), benchmarks)
    return [json.loads(next(path.rglob("results_*.json")).read_text()) for path in made]


@pytest.fixture(scope="module")
def official(
    folder: Path, reference: Callable[[str, int], Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The results file of lm-eval's own evaluation of the same rows and answers."""
    tasks = {BENCHMARKS[n].task: reference(n, BENCHMARKS[n].shots.get("paper", 0)) for n in OFFICIAL}
    for task in tasks.values():
        task.set_fewshot_seed(1234)  # again: a second build draws on
    results: Any = evaluate(MadeUp(), {"tasks": tasks, "groups": {}, "group_map": {}}, bootstrap_iters=0)
    place = tmp_path_factory.mktemp("official")
    tracker = EvaluationTracker(output_path=str(place))
    tracker.general_config_tracker.log_experiment_args("made-up", "", "", "", False)
    tracker.save_results_aggregated(results, results["samples"])
    return json.loads(next(place.rglob("results_*.json")).read_text())


@pytest.mark.parametrize("name", OFFICIAL)
def test_task_hashes_are_lm_evals(name: str, folder: Path, official: dict[str, Any], tmp_path: Path) -> None:
    (found, _) = exported(tmp_path, [ready(opened(name, folder))])
    task = BENCHMARKS[name].task
    assert found["task_hashes"] == {task: official["task_hashes"][task]}


@pytest.mark.parametrize("name", OFFICIAL)
def test_exported_metrics_are_lm_evals(
    name: str, folder: Path, official: dict[str, Any], tmp_path: Path
) -> None:
    (found, _) = exported(tmp_path, [ready(opened(name, folder))])
    task = BENCHMARKS[name].task
    expected = {k: v for k, v in official["results"][task].items() if "," in k and "_stderr" not in k}
    values = {k: v for k, v in found["results"][task].items() if k in expected}
    assert values == pytest.approx(expected, rel=1e-12)
    for part in ("versions", "n-shot", "n-samples"):
        assert found[part][task] == official[part][task], part
    assert expected.keys() == values.keys()


def test_exported_files_are_read_by_lm_evals_table(folder: Path, tmp_path: Path) -> None:
    benchmarks = [ready(opened(name, folder)) for name in [*OFFICIAL[:4], "gsm8k_nll", "builtin_cloze"]]
    full, skipped = exported(tmp_path, benchmarks)
    for found in (full, skipped):
        table = make_table(found)
        assert all(name in table for name in ("lambada_openai", "arc_challenge", "gsm8k_nll", "acc_norm"))
    assert full["config"]["model_args"]["schedule"] == "0:6"
    assert skipped["config"]["model_args"]["schedule"] == str(rl.Schedule.skip(6, 2, 4))


# --- the real rows -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*OFFICIAL, "gsm8k_nll"])
def test_the_real_rows_are_read_at_both_presets(name: str, shared_data: Path) -> None:
    net = network("tiny-llama")
    for preset in PRESETS:
        sizes = {"max_length": 4096, "vocabulary": net.vocabulary, "max_new_tokens": 256}
        benchmark = prepare(opened(name, shared_data, preset), net.tokenizer, limit=20, **sizes)
        assert len(benchmark.documents) == 20


# --- rows to train on ----------------------------------------------------------------------------


def lessons(
    name: str, folder: Path, longest: int = 512, preset: str = "paper"
) -> tuple[Benchmark, list[Any]]:
    taught = ready(open_splits(name, data_dir=folder, preset=preset).training)
    return taught, training_rows(taught, longest)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", TRAINED)
def test_training_rows_are_asked_as_those_that_are_scored(
    name: str, preset: str, folder: Path, tmp_path: Path
) -> None:
    files = BENCHMARKS[name].files
    scored = next(iter(files.values()))
    write(tmp_path / scored, (folder / files["train"]).read_text().splitlines())
    expected = ready(open_benchmarks([name], data_dir=tmp_path)[0])  # the training rows, put to be scored
    taught, rows = lessons(name, folder, preset=preset)
    assert [d.requests for d in taught.documents] == [d.requests for d in expected.documents]
    assert [d.gold for d in taught.documents] == [d.gold for d in expected.documents]
    assert len(rows) == EXAMPLES


@pytest.mark.parametrize("name", TRAINED)
def test_labels_are_the_right_endings_tokens_and_no_others(name: str, folder: Path) -> None:
    taught, rows = lessons(name, folder)
    decode = plain().decode
    for document, group, row in zip(taught.documents, taught.groups, rows, strict=True):
        context, ending = group[document.gold[0]].args
        ids, labels = row["input_ids"], row["labels"]
        assert len(ids) == len(labels) == len(row["attention_mask"])
        assert decode(ids) == context + ending
        assert decode([label for label in labels if label != -100]) == ending
        assert all(label in (-100, token) for label, token in zip(labels, ids, strict=True))
        assert row["attention_mask"] == [1] * len(ids)
        assert labels == sorted(labels, key=lambda label: label != -100), "the prompt's come first"


def test_the_right_ending_is_the_one_that_the_row_names(folder: Path) -> None:
    _, rows = lessons("arc", folder)
    for n, row in zip(range(4, 4 + EXAMPLES), rows, strict=True):
        said = arc(n)
        answer = said["choices"]["text"][said["choices"]["label"].index(said["answerKey"])]
        assert plain().decode([t for t in row["labels"] if t != -100]) == f" {answer}"


def test_rows_longer_than_the_model_lose_their_beginnings(folder: Path) -> None:
    _, whole = lessons("arc", folder)
    _, cut = lessons("arc", folder, longest=40)
    assert all(len(row["input_ids"]) > 40 for row in whole)
    for one, other in zip(whole, cut, strict=True):
        assert {key: values[-40:] for key, values in one.items()} == other


@pytest.mark.parametrize("name", ["lambada", "gsm8k", "builtin_cloze", "paper", "nothing"])
def test_a_task_without_choices_or_training_rows_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_splits(name, data_dir=folder)
    assert str(caught.value).startswith(
        f"unknown task to train on '{name}': there are: arc, hellaswag, winogr"
    )


@pytest.mark.parametrize("name", TRAINED)
def test_a_missing_training_file_is_named(name: str, folder: Path, tmp_path: Path) -> None:
    scored, *_ = BENCHMARKS[name].files.values()
    write(tmp_path / scored, (folder / scored).read_text().splitlines())
    file = BENCHMARKS[name].files["train"]
    with pytest.raises(
        ReprlabError, match=f"'{name}' needs {file} in --data-dir .* to train on: put it there"
    ):
        open_splits(name, data_dir=tmp_path)


def test_a_wrong_training_row_is_named_by_line_and_field(folder: Path, tmp_path: Path) -> None:
    for split, file in BENCHMARKS["arc"].files.items():
        write(tmp_path / file, [arc(0), {**arc(1), "answerKey": "Z"}] if split == "train" else [arc(0)])
    with pytest.raises(ReprlabError, match=r"train.jsonl' line 2: answerKey 'Z' is none of"):
        open_splits("arc", data_dir=tmp_path)


def test_lm_evals_name_is_ours_here_too(folder: Path) -> None:
    found = open_splits("arc_challenge", data_dir=folder)
    assert (found.scored.name, found.training.name) == ("arc", "arc train")
    assert (len(found.scored.docs), len(found.training.docs)) == (4, EXAMPLES)


def test_the_hubs_rows_to_train_on_are_its_train_split(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = {"train": [arc(5)], "validation": [arc(6)], "test": [arc(7), arc(8)]}
    made = datasets.DatasetDict({k: datasets.Dataset.from_list(v) for k, v in splits.items()})
    monkeypatch.setattr(datasets, "load_dataset", lambda **_: made)
    found = open_splits("arc")
    assert [row["id"] for row in found.training.docs] == ["Own_5"]
    assert [row["id"] for row in found.scored.docs] == ["Own_7", "Own_8"]
