"""The registered corpora as data: where their rows lie, and how a row becomes a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

BenchmarkRow = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A registered corpus: its file under --data-dir, its place on the hub, and a row's text."""

    file: str
    hub: tuple[str, str | None, str]  # repository, configuration, split
    text: Callable[[BenchmarkRow], str]


def _arc(row: BenchmarkRow) -> str:
    gold = row["choices"]["text"][row["choices"]["label"].index(row["answerKey"])]
    return f"Question: {row['question']}\nAnswer: {gold}"


def _hellaswag(row: BenchmarkRow) -> str:
    context = f"{row['ctx_a']} {row['ctx_b'].capitalize()}".strip()
    text = f"{row['activity_label']}: {context} {row['endings'][int(row['label'])]}"
    return re.sub(r"\[.*?\]", "", text.replace(" [title]", ". ")).replace("  ", " ")  # WikiHow's marks


def _winogrande(row: BenchmarkRow) -> str:
    return row["sentence"].replace("_", row[f"option{row['answer']}"])


def _glue(*fields: str) -> Callable[[BenchmarkRow], str]:
    return lambda row: "\n".join(row[field] for field in fields)


def _text(row: BenchmarkRow) -> str:
    return row["text"]


_PAIR = ("sentence1", "sentence2")


_GLUE_FIELDS = {
    "cola": ("sentence",),
    "mrpc": _PAIR,
    "qnli": ("question", "sentence"),
    "rte": _PAIR,
    "sst2": ("sentence",),
    "stsb": _PAIR,
    "wnli": _PAIR,
}


SOURCES: Mapping[str, Source] = {
    "lambada": Source("lambada_openai/test.jsonl", ("EleutherAI/lambada_openai", None, "test"), _text),
    "wikitext": Source(
        "corpus/wikitext2_test_raw.txt", ("Salesforce/wikitext", "wikitext-2-raw-v1", "test"), _text
    ),
    "arc": Source("arc_challenge/test.jsonl", ("allenai/ai2_arc", "ARC-Challenge", "test"), _arc),
    "hellaswag": Source("hellaswag/validation.jsonl", ("Rowan/hellaswag", None, "validation"), _hellaswag),
    "winogrande": Source(
        "winogrande/validation.jsonl",
        ("allenai/winogrande", "winogrande_xl", "validation"),
        _winogrande,
    ),
    "gsm8k": Source(
        "gsm8k/test.jsonl",
        ("openai/gsm8k", "main", "test"),
        lambda row: f"Question: {row['question']}\nAnswer: {row['answer']}",
    ),
    **{
        f"glue-{task}": Source(
            f"glue/{task}/validation.jsonl", ("nyu-mll/glue", task, "validation"), _glue(*fields)
        )
        for task, fields in _GLUE_FIELDS.items()
    },
}


BENCHMARKS = ("lambada", "arc", "hellaswag", "winogrande", "gsm8k")
