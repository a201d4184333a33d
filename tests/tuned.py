"""Rows, a recipe and a whole call of fine-tuning that tests share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from examples import network
from safetensors.torch import load_file

import reprlab as rl
from reprlab.benchmarks.by_name import open_splits, prepare, training_rows
from reprlab.network.network import Network
from reprlab.training.fine_tuned import FineTuned
from reprlab.training.finetuning import finetune
from reprlab.training.recipe import Recipe

T = 6
SKIP = rl.Schedule.parse("0:2 4:6")
RECIPE = Recipe(epochs=1, batch=4, rate=3e-3, seed=7)
WORDS = ("plums", "figs", "pears", "limes")


def row(n: int) -> dict[str, Any]:
    texts = [f"{n + k} {WORDS[k]}" for k in range(3 + n % 2)]
    labels = list("ABCD"[: len(texts)])
    question = f"Which of {'some ' * (n % 3)}{WORDS[n % 3]}?"
    return {
        "id": f"n{n}",
        "question": question,
        "choices": {"text": texts, "label": labels},
        "answerKey": "B",
    }


def written(folder: Path, train: int = 10, test: int = 5) -> Path:
    (folder / "arc_challenge").mkdir(parents=True)
    for split, places in (("train", range(20, 20 + train)), ("test", range(test))):
        lines = [json.dumps(row(n)) for n in places]
        (folder / "arc_challenge" / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def tune(
    data: Path, cache: Path, schedules: Any = (SKIP,), net: Network | None = None, **options: Any
) -> FineTuned:
    given = {"recipe": RECIPE, "data_dir": data, "cache": cache, **options}
    return finetune(net or network("tiny-llama"), schedules, **given)


def rows_of(net: Network, data: Path) -> list[Any]:
    opened = open_splits("arc", data_dir=data, sample=0).training
    sizes = {"max_length": net.positions, "vocabulary": net.vocabulary, "max_new_tokens": 0}
    return training_rows(prepare(opened, net.tokenizer, limit=99, **sizes), net.positions)


@dataclass(frozen=True)
class Whole:
    """A call that was never interrupted, and what it left."""

    made: FineTuned
    checkpoints: Path
    cache: Path
    shown: list[tuple[float, float]]
    said: list[str]


def same(one: FineTuned, other: FineTuned) -> bool:
    pairs = [(one.frozen, other.frozen), (one.tuned, other.tuned)]
    return one.curves == other.curves and all(
        np.array_equal(a.results().values, b.results().values) for a, b in pairs
    )


def saved(whole: Whole, schedule: rl.Schedule) -> Path:
    (folder,) = (
        file.parent
        for file in whole.checkpoints.glob("*/schedule.txt")
        if file.read_text() == f"{schedule}\n"
    )
    return folder


def weights(whole: Whole, schedule: rl.Schedule) -> dict[str, torch.Tensor]:
    (file,) = saved(whole, schedule).glob("*.safetensors")
    return load_file(file)
