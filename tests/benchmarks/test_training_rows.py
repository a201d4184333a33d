"""Rows to train on: they are asked as those that are scored, and only the right ending is learnt."""

from pathlib import Path
from typing import Any

import pytest
from made_benchmarks import EXAMPLES, PRESETS, arc, plain, ready, write

from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.by_name import TRAINED, open_benchmarks, open_splits, training_rows
from reprlab.benchmarks.table import BENCHMARKS


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
