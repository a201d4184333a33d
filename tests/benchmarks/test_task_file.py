"""Task files that would take all memory, run for ever, write elsewhere, or have fields of other kinds."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import reprlab as rl
from reprlab.benchmarks.opened import open_task
from reprlab.errors import ReprlabError

GOOD: dict[str, Any] = {
    "task": "mine",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "rows.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{q}}",
    "doc_to_target": "{{a}}",
    "doc_to_choice": "{{c}}",
    "metric_list": [{"metric": "acc"}],
}
BAD: dict[str, dict[str, Any]] = {
    "task": {"task": ""},
    "metadata": {"metadata": [1]},
    "metric": {"metric_list": [["acc"]]},
    "filter": {"filter_list": [{"name": "x", "filter": [{"function": "custom", "filter_fn": "a.b"}]}]},
    "cache": {"dataset_kwargs": {"data_files": "rows.jsonl", "cache_dir": "../elsewhere"}},
    "no files": {"dataset_kwargs": None},
    "empty file": {"dataset_kwargs": {"data_files": ""}},
    "blank file": {"dataset_kwargs": {"data_files": {"test": ["rows.jsonl", " "]}}},
    "list of none": {"dataset_kwargs": {"data_files": []}},
    "empty path": {"dataset_path": ""},
    "range": {"doc_to_text": "{% for i in range(10**9) %}{% endfor %}"},
    "loops": {"doc_to_text": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"},
    "times": {"doc_to_text": "{{ 'a' * 10**10 }}"},
    "power": {"doc_to_text": "{{ 9 ** 999999 }}"},
    "joined": {"doc_to_text": "{% set n = namespace(s='ab') %}{% for i in range(40) %}"
               "{% set n.s = n.s ~ n.s %}{% endfor %}"},
    "padded": {"doc_to_text": "{{ q | center(10 ** 9) }}"},
    "method": {"doc_to_text": "{{ q.ljust(10 ** 9) }}"},
}  # fmt: skip


def _task(folder: Path, text: str) -> Path:
    rows = [{"q": f"q {i}", "a": i % 2, "c": ["yes", "no"]} for i in range(4)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "mine.yaml").write_text(text)
    return folder / "mine.yaml"


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_hostile_task_file_is_refused_in_a_line(tmp_path: Path, change: dict[str, Any]) -> None:
    assert open_task(str(_task(tmp_path, yaml.safe_dump(GOOD)))).name == "mine"
    with pytest.raises(ReprlabError) as caught:
        open_task(str(_task(tmp_path, yaml.safe_dump(GOOD | change))))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("levels", [9, 30])
def test_anchors_that_multiply_are_refused(tmp_path: Path, levels: int) -> None:
    lines = ["metadata:", "  a0: &a0 [x, x]"]
    lines += [f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    with pytest.raises(ReprlabError, match="parts without its anchors"):
        open_task(str(_task(tmp_path, yaml.safe_dump(GOOD) + "\n".join(lines) + "\n")))


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_kwargs": {"data_files": "rows.jsonl", "chunksize": 0}},
        {"filter_list": [{"name": "x", "filter": [{"function": "regex", "regex_pattern": "a+"}]}]},
        {"doc_to_target": None},
    ],
    ids=["StopIteration of datasets", "filter of texts on choices", "nothing said"],
)
def test_whatever_the_code_of_lm_eval_raises_is_a_line_with_a_reason(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    task = _task(tmp_path, yaml.safe_dump(GOOD | change))
    with pytest.raises(ReprlabError, match=r"mine'.*\w") as caught:
        rl.sweep("tiny-llama", ["0:6"], [str(task)], limit=2, cache=tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert not str(caught.value).rstrip().endswith(":")
