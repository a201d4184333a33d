"""The registered corpora as data: how a row becomes a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprlab.row_files import ROW_FILES, RowFiles

BenchmarkRow = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A registered corpus: where its rows lie, and the text of a row."""

    rows: RowFiles
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


def _text(row: BenchmarkRow) -> str:
    return row["text"]


def _solved(row: BenchmarkRow) -> str:
    return f"Question: {row['question']}\nAnswer: {row['answer']}"


def _columns(columns: Sequence[str]) -> Callable[[BenchmarkRow], str]:
    return lambda row: "\n".join(row[column] for column in columns)


_TEXTS: Mapping[str, Callable[[BenchmarkRow], str]] = {
    "lambada": _text,
    "wikitext": _text,
    "arc": _arc,
    "hellaswag": _hellaswag,
    "winogrande": _winogrande,
    "gsm8k": _solved,
}
SOURCES: Mapping[str, Source] = {
    name: Source(rows, _TEXTS.get(name) or _columns(rows.columns)) for name, rows in ROW_FILES.items()
}
BENCHMARKS = ("lambada", "arc", "hellaswag", "winogrande", "gsm8k")
