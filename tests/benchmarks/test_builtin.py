"""The built-in benchmarks: the committed rows are the generator's, and what they say is right."""

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from reprlab.benchmarks.builtin.generate import TASKS, jsonl

FOLDER = Path(__file__).parents[2] / "reprlab" / "benchmarks" / "builtin"
CHOOSING = [task for task in TASKS if task != "builtin_cloze"]
UNITS = {"builtin_cloze": 65, "builtin_science": 188, "builtin_commonsense": 40, "builtin_pronoun": 86}
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip

# How each problem reads, told apart by its words alone; a, b, c are its numbers in the order of the text.
ONE_STEP: dict[str, Callable[..., int]] = {
    r"\b(add|adding|plus)\b|What is \d+ \+|sum of|picks|girls|get on": lambda a, b: a + b,
    r"\bminus\b|What is \d+ -|ate|flew away|cut off": lambda a, b: a - b,
    r"subtract(ing)? \d+ from": lambda a, b: b - a,
    r"multiply|times|What is \d+ \*|in each bag|ticket|every day": lambda a, b: a * b,
    r"divid|What is \d+ /|boxes of|equal pieces": lambda a, b: a // b,
    r"children share": lambda a, b: b // a,
}
TWO_STEPS: dict[str, Callable[..., int]] = {
    r"\+ \d+ \+|plus \w+ plus|If you add \d+, |on Wednesday|cows": lambda a, b, c: a + b + c,
    r"\d \+ \d+ -|gave \d+ to his sister|got off": lambda a, b, c: a + b - c,
    r"then earned|brought back": lambda a, b, c: a - b + c,
    r"Lena ate|meters more": lambda a, b, c: a - b - c,
    r"\* \d+ \+|then add|single pencils|a drink|at the wall": lambda a, b, c: a * b + c,
    r"then subtract|he lost|an hour|rolls": lambda a, b, c: a * b - c,
    r"children share": lambda a, b, c: b // a + c,
    r"puts down": lambda a, b, c: a // b - c,
    r"form \d+ teams|vases": lambda a, b, c: (a + b) // c,
    r"of them broke": lambda a, b, c: (a - b) // c,
    r"multiply the sum|in the evening": lambda a, b, c: (a + b) * c,
    r"dollars less": lambda a, b, c: (a - b) * c,
    r"She bought|are used": lambda a, b, c: a - b * c,
    r"new ones every week|every month": lambda a, b, c: a + b * c,
}
ARITHMETIC = {"builtin_arithmetic_1": ONE_STEP, "builtin_arithmetic_2": TWO_STEPS}


@cache
def rows(task: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{task}.jsonl").read_text().splitlines()]


def gold(row: dict[str, Any]) -> int:
    return int(row["answer"]) - 1 if "answer" in row else row["label"]


def number(word: str) -> int | None:
    """Digits or English words as a number; None for any other word."""
    if word.isdigit():
        return int(word)
    tens, _, ones = word.lower().partition("-")
    if tens in TENS:
        return 20 + 10 * TENS.index(tens) + (ONES.index(ones) if ones else 0)
    return ONES.index(tens) if tens in ONES else None


@pytest.mark.parametrize("task", TASKS)
def test_the_committed_rows_are_those_of_the_generator(task: str) -> None:
    assert (FOLDER / f"{task}.jsonl").read_bytes() == jsonl(task).encode("ascii")


@pytest.mark.parametrize("task", TASKS)
def test_rows_are_distinct_and_say_their_unit(task: str) -> None:
    found = rows(task)
    assert 120 <= len(found) <= 200
    prefix = task.removeprefix("builtin_")
    assert [row["id"] for row in found] == [f"{prefix}-{i:03d}" for i in range(len(found))]
    asked = Counter(json.dumps({k: v for k, v in row.items() if k not in {"id", "unit"}}) for row in found)
    assert max(asked.values()) == 1
    assert len({row["unit"] for row in found}) == UNITS.get(task, len(found) // 4)


@pytest.mark.parametrize("task", TASKS)
def test_text_is_plain_ascii_without_stray_spaces(task: str) -> None:
    for row in rows(task):
        texts = [
            t for v in row.values() if not isinstance(v, int) for t in ([v] if isinstance(v, str) else v)
        ]
        assert all(re.fullmatch(r"[ -~]+(\nAnswer:[ -~]*)?", text) for text in texts), row
        assert not any("  " in text or text != text.strip() or re.search(r"[{}]", text) for text in texts)


@pytest.mark.parametrize("task", CHOOSING)
def test_the_right_answer_is_everywhere_equally_often(task: str) -> None:
    places = Counter(gold(row) for row in rows(task))
    ways = 2 if task == "builtin_pronoun" else 4
    assert sorted(places) == list(range(ways))
    assert max(places.values()) - min(places.values()) <= 1


@pytest.mark.parametrize("task", [task for task in CHOOSING if task != "builtin_pronoun"])
def test_four_choices_all_different(task: str) -> None:
    assert all(len(row["choices"]) == len({c.lower() for c in row["choices"]}) == 4 for row in rows(task))


def test_cloze_ends_in_a_bare_word_that_the_last_sentence_does_not_hold() -> None:
    for row in rows("builtin_cloze"):
        *before, word = row["text"].split(" ")
        sentences = re.split(r'(?<=[.?!"]) (?=[A-Z"])', " ".join(before))
        assert re.fullmatch(r"[A-Za-z]+", word)
        assert 2 <= len(sentences) <= 5
        assert re.search(rf"\b{word}\b", " ".join(sentences[:-1])), row
        assert not re.search(rf"\b{word}\b", sentences[-1]), row


def test_every_ending_is_right_exactly_once_in_its_set() -> None:
    sets: dict[str, list[dict[str, Any]]] = {}
    for row in rows("builtin_commonsense"):
        sets.setdefault(row["unit"], []).append(row)
    for members in sets.values():
        right = [row["choices"][row["label"]] for row in members]
        assert len(set(right)) == len(members) == 4
        assert all(set(row["choices"]) == set(right) for row in members)


def test_twins_differ_in_one_word_behind_the_blank_and_in_the_answer() -> None:
    found = rows("builtin_pronoun")
    for one, two in zip(found[::2], found[1::2], strict=True):
        same = ("unit", "option1", "option2")
        assert [one[k] for k in same] == [two[k] for k in same]
        assert {one["answer"], two["answer"]} == {"1", "2"}
        pairs = zip(one["sentence"].split(), two["sentence"].split(), strict=True)
        differing = [i for i, (a, b) in enumerate(pairs) if a != b]
        assert len(differing) == 1
        assert one["sentence"].count("_") == two["sentence"].count("_") == 1
        assert differing[0] > one["sentence"].split().index("_")


def test_options_stand_in_the_sentence() -> None:
    for row in rows("builtin_pronoun"):
        assert all(re.search(rf"\b{row[option]}", row["sentence"]) for option in ("option1", "option2")), row


@pytest.mark.parametrize("task", ARITHMETIC)
def test_the_right_number_follows_from_the_text_and_from_the_expression(task: str) -> None:
    for row in rows(task):
        problem = row["question"].split("\nAnswer")[0]
        readings = [read for cue, read in ARITHMETIC[task].items() if re.search(cue, problem)]
        assert len(readings) == 1, problem
        numbers = [n for word in re.findall(r"[\w-]+", problem) if (n := number(word)) is not None]
        used = numbers[: int(task[-1]) + 1]
        right = number(row["choices"][row["label"]])
        assert readings[0](*used) == right, row
        assert re.fullmatch(r"[0-9+*/() -]+", row["expression"])
        assert eval(row["expression"]) == right  # exact: true division
        assert sorted(used) == sorted(map(int, re.findall(r"\d+", row["expression"])))


@pytest.mark.parametrize("task", ARITHMETIC)
def test_the_right_number_is_smallest_as_often_as_largest(task: str) -> None:
    ranks: Counter[int] = Counter()
    for row in rows(task):
        numbers = [number(choice) or 0 for choice in row["choices"]]
        assert all(n > 0 for n in numbers)
        ranks[sorted(numbers).index(numbers[row["label"]])] += 1
    assert len(ranks) == 4
    assert max(ranks.values()) - min(ranks.values()) <= 1


def task_of(name: str, folder: Path) -> Any:
    """lm-eval's task, the rows at their absolute path."""
    from lm_eval.tasks import TaskManager

    config = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    assert config["dataset_kwargs"]["data_files"] == {"test": f"{name}.jsonl"}
    config["dataset_kwargs"]["data_files"]["test"] = str(FOLDER / f"{name}.jsonl")
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config))
    return TaskManager(include_defaults=False).load([str(file)])["tasks"][name]


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("name", TASKS)
def test_lm_eval_asks_what_the_row_says(name: str, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    task = task_of(name, tmp_path)
    task.set_fewshot_seed(1234)
    task.build_all_requests()
    assert task.config.metadata["class"] == ("reasoning" if "arithmetic" in name else "semantic")
    asked: dict[int, list[tuple[str, str]]] = {}
    for request in task.instances:
        asked.setdefault(request.doc_id, []).append(request.args)
    assert len(asked) == len(rows(name))
    for row, requests in zip(rows(name), asked.values(), strict=True):
        assert requests == expected(name, row)
        scored = [(0.0 if i == gold_request(name, row) else -9.0, True) for i in range(len(requests))]
        results = task.process_results(row, scored if name != "builtin_cloze" else scored[:1])
        assert results["acc"] == 1


def gold_request(name: str, row: dict[str, Any]) -> int:
    return 0 if name == "builtin_cloze" else gold(row)


def expected(name: str, row: dict[str, Any]) -> list[tuple[str, str]]:
    if name == "builtin_cloze":
        context, _, word = row["text"].rpartition(" ")
        return [(context, f" {word}")]
    if name == "builtin_pronoun":
        theirs = winogrande()
        rest = theirs.doc_to_target(row)
        assert theirs.doc_to_text(row) == gold(row)
        return [(context, f" {rest}") for context in theirs.doc_to_choice(row)]
    text = row.get("context") or row["question"]
    context = f"Question: {text}\nAnswer:" if name == "builtin_science" else text
    return [(context, f" {choice}") for choice in row["choices"]]


@cache
def winogrande() -> Any:
    """lm-eval's own preprocessing of WinoGrande."""
    import lm_eval.tasks

    path = Path(lm_eval.tasks.__file__).parent / "winogrande" / "preprocess_winogrande.py"
    spec = importlib.util.spec_from_file_location("preprocess_winogrande", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
