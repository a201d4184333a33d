"""Row files: where the rows of every registered data set lie, under --data-dir and on the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RowFiles:
    """One data set: its repository and configuration on the hub, and a file a split under --data-dir.

    The first of `splits` is the one that is scored and captured. `columns` are a row's texts, where every
    row is one text or a pair of texts (GLUE).

    >>> ROW_FILES["arc"].files["train"], ROW_FILES["arc"].first
    ('arc_challenge/train.jsonl', 'arc_challenge/test.jsonl')
    """

    repository: str
    configuration: str | None
    pattern: str
    splits: tuple[str, ...]
    columns: tuple[str, ...] = ()

    @property
    def files(self) -> Mapping[str, str]:
        """The file of each split, below --data-dir."""
        return {split: self.pattern.format(split=split) for split in self.splits}

    @property
    def first(self) -> str:
        """The file of the split that is scored and captured."""
        return self.files[self.splits[0]]


_COMMIT = re.compile(r"[/\\]([0-9a-f]{40})[/\\]")


def revision_of(rows: Any) -> str:
    """The hub's commit of rows that `datasets` loaded: it names the folder that keeps them; else empty."""
    files = [str(file["filename"]) for file in getattr(rows, "cache_files", ())]
    return next((commit for file in files for commit in _COMMIT.findall(file)), "")


GLUE_REPOSITORY = "nyu-mll/glue"
GLUE_PREFIX = "glue-"
_PAIR = ("sentence1", "sentence2")


def _glue(task: str, *columns: str) -> RowFiles:
    return RowFiles(GLUE_REPOSITORY, task, f"glue/{task}/{{split}}.jsonl", ("validation", "train"), columns)


ROW_FILES: Mapping[str, RowFiles] = {
    "lambada": RowFiles("EleutherAI/lambada_openai", None, "lambada_openai/{split}.jsonl", ("test",)),
    "wikitext": RowFiles(
        "Salesforce/wikitext", "wikitext-2-raw-v1", "corpus/wikitext2_{split}_raw.txt", ("test",)
    ),
    "arc": RowFiles(
        "allenai/ai2_arc", "ARC-Challenge", "arc_challenge/{split}.jsonl", ("test", "validation", "train")
    ),
    "hellaswag": RowFiles("Rowan/hellaswag", None, "hellaswag/{split}.jsonl", ("validation", "train")),
    "winogrande": RowFiles(
        "allenai/winogrande", "winogrande_xl", "winogrande/{split}.jsonl", ("validation", "train")
    ),
    "gsm8k": RowFiles("openai/gsm8k", "main", "gsm8k/{split}.jsonl", ("test", "train")),
    "glue-cola": _glue("cola", "sentence"),
    "glue-mrpc": _glue("mrpc", *_PAIR),
    "glue-qnli": _glue("qnli", "question", "sentence"),
    "glue-rte": _glue("rte", *_PAIR),
    "glue-sst2": _glue("sst2", "sentence"),
    "glue-stsb": _glue("stsb", *_PAIR),
    "glue-wnli": _glue("wnli", *_PAIR),
}
