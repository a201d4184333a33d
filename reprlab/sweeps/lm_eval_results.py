"""Scores in lm-evaluation-harness's own results format, for the tools that read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from lm_eval.loggers.evaluation_tracker import GeneralConfigTracker
from lm_eval.utils import handle_non_serializable, hash_string

from reprlab.benchmarks.benchmark import Benchmark
from reprlab.files import write_whole
from reprlab.schedules.grids import Entry
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import aggregate
from reprlab.statistics.intervals import standard_error


def export(folder: Path, scores: Scores, benchmarks: Sequence[Benchmark]) -> list[Path]:
    """Write one results file a schedule, in a folder of its own; gives the folders.

    As lm-eval's command line writes them with `--output_path`: aggregated metrics with standard errors,
    versions, shots, and a hash of every task's rows, prompts and targets. The schedule is in the model's
    arguments.
    """
    hashes = {_task_name(b): _hash(b, scores.results(b.name)) for b in benchmarks}
    folders: dict[str, Path] = {}
    for place, entry in enumerate(scores.entries):
        text = str(entry.schedule)
        if text in folders:
            continue
        folders[text] = folder / _name(place, entry)
        arguments = {"pretrained": scores.model, "dtype": scores.dtype, "schedule": text}
        about = GeneralConfigTracker()
        about.log_experiment_args("reprlab", arguments, "", "", False)
        about.log_end_time()
        results = {**_whole(scores, benchmarks, place, arguments), "task_hashes": hashes, **asdict(about)}
        file = folders[text] / str(about.model_name_sanitized) / f"results_{_now()}.json"
        options: dict[str, Any] = {"indent": 2, "ensure_ascii": False}
        write_whole(file, json.dumps(results, default=handle_non_serializable, **options))
    return list(folders.values())


def _now() -> str:
    """The time as lm-eval names its files by."""
    return datetime.now().isoformat().replace(":", "-")


def _task_name(benchmark: Benchmark) -> str:
    """lm-eval's own name, but for solutions, which it does not score."""
    opened = benchmark.opened
    return opened.name if opened.output == "solution" else str(opened.task.config.task)


def _name(place: int, entry: Entry) -> str:
    """A folder's name: the row, the variant, and what it takes."""
    labels = {"s": entry.start, "layer": entry.layer, "x": entry.times, "seed": entry.seed}
    taken = [f"{key}{value}" for key, value in labels.items() if value is not None]
    window = [] if entry.window is None else ["{}-{}".format(*entry.window)]
    return "-".join([f"{place:04d}", entry.variant, *taken, *window])


def _whole(
    scores: Scores, benchmarks: Sequence[Benchmark], place: int, arguments: dict[str, Any]
) -> dict[str, Any]:
    tasks = {_task_name(b): (b, scores.results(b.name)) for b in benchmarks}
    return {
        "results": {name: _task(name, results, place) for name, (_, results) in tasks.items()},
        "group_subtasks": {name: [] for name in tasks},
        "configs": {name: _config(b) for name, (b, _) in tasks.items()},
        "versions": {name: b.opened.task.VERSION for name, (b, _) in tasks.items()},
        "n-shot": {name: results.shots for name, (_, results) in tasks.items()},
        "higher_is_better": {
            name: {column.name.partition(",")[0]: column.higher_is_better for column in results.columns}
            for name, (_, results) in tasks.items()
        },
        "n-samples": {
            name: {"original": len(b.opened.docs), "effective": len(results.ids)}
            for name, (b, results) in tasks.items()
        },
        "config": {"model": "reprlab", "model_args": arguments, "made_with": dict(scores.made_with)},
    }


def _task(name: str, results: Results, place: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"alias": name, "sample_len": len(results.ids)}
    for metric in results.metrics:
        how, items = results.column(metric).aggregation, results.items(metric)[place]
        short, _, filter_name = metric.partition(",")
        fields[f"{short},{filter_name or 'none'}"] = float(aggregate(how, items))
        error = float(standard_error(how, items, results.unit_codes))
        fields[f"{short}_stderr,{filter_name or 'none'}"] = error if error == error else "N/A"
    return fields


def _config(benchmark: Benchmark) -> dict[str, Any]:
    return {k: v for k, v in benchmark.opened.task.dump_config().items() if k != "custom_dataset"}


def _hash(benchmark: Benchmark, results: Results) -> str:
    """lm-eval's hash of a task: over the hashes of each document, of its prompt, of its target."""
    task, hashes = benchmark.opened.task, list[str]()
    for group in benchmark.groups[: len(results.ids)]:
        row = json.dumps(group[0].doc, indent=2, default=handle_non_serializable, ensure_ascii=False)
        texts = (row, group[0].args[0], str(task.doc_to_target(group[0].doc)))
        hashes.append("".join(map(hash_string, texts)))
    return hash_string("".join(hashes * len(task._filters)))  # lm-eval goes over them once a filter
