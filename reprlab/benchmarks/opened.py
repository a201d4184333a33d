"""From a benchmark's name to lm-eval's task: its own task files, rows from the hub or from a folder."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import datasets
import lm_eval.utils
import yaml
from datasets.exceptions import DatasetsError
from lm_eval.api.registry import METRIC_REGISTRY
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from reprlab.benchmarks.index import TaskNames, keep_names, kept_names
from reprlab.benchmarks.rows import JsonObject, read_rows
from reprlab.benchmarks.table import BENCHMARKS, BUILTIN, CLASSES, PRESETS, Named
from reprlab.benchmarks.task_file import check_paths, check_task_file, check_tree
from reprlab.benchmarks.templates import sandbox
from reprlab.counts import counted
from reprlab.errors import ReprlabError, unknown
from reprlab.foreign import is_file, read_text
from reprlab.progress import Say
from reprlab.sampled import sampled

TASKS = (Path(lm_eval.utils.__file__).parent / "tasks").resolve()
KINDS = ("multiple_choice", "loglikelihood", "generate_until")
_THEIRS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MemoryError)
_WHERE = ("custom_dataset", "dataset_path", "dataset_kwargs", "metadata", "tag", "task_alias")

logging.getLogger("lm_eval").setLevel(logging.ERROR)
logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are no news
datasets.disable_progress_bars()


lm_eval.utils.env = sandbox()


@dataclass(frozen=True)
class Opened:
    """A benchmark's task with its rows, before any model is there."""

    name: str
    task: Any
    kind: str  # semantic, reasoning, or nothing
    shots: int
    preset: str
    nll: bool
    unit: Callable[[JsonObject], Any]
    sample: int | None = None  # the seed of its rows' order; None: as they are
    majority: float | None = None  # the published share of the commonest answer, of our own benchmarks
    numbers: tuple[int, ...] = ()  # the place of each row among the rows as they are; none: that order

    @property
    def output(self) -> str:
        """How it is answered: one of `KINDS`, or `solution` for the reference solution's log-likelihood."""
        return "solution" if self.nll else str(self.task.OUTPUT_TYPE)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of its metrics, without filters, before anything is run."""
        if self.nll:
            return ("u", "u_all", "u_setup", "nll_all", "nll_result", "nll_setup")
        own = tuple(map(str, self.task.aggregation()))
        return own if self.output == "generate_until" else (*own, "u")

    @cached_property
    def docs(self) -> list[JsonObject]:
        """Its rows, in the order of the sample."""
        return list(self.task.eval_docs)

    def number(self, place: int) -> int:
        """A row's place among the rows as they are."""
        return self.numbers[place] if self.numbers else place

    def sampled(self, seed: int | None) -> Opened:
        """With its rows in the order that a seed draws, units together (`reprlab.sampled`)."""
        if seed is None:
            return self
        units = [self.unit(row) for row in self.docs]
        named = [place if unit is None else str(unit) for place, unit in enumerate(units)]
        numbers = tuple(sampled(named, seed))
        self.task.order = numbers
        return replace(self, sample=seed, numbers=numbers)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the task's definition, its rows and its examples: what its prompts follow from."""
        config = {k: v for k, v in self.task.dump_config().items() if k not in _WHERE}
        examples = list(self.task.fewshot_docs() or []) if self.shots else []
        whole = [config, self.output, self.docs, examples]
        text = json.dumps(whole, sort_keys=True, default=_written)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _written(value: Any) -> str:
    """A value that JSON lacks, as text that is the same in every process: a function as its source."""
    return inspect.getsource(value) if inspect.isroutine(value) else str(value)


class _OpenedTask(ConfigurableTask):
    """lm-eval's task; while it is made, an empty ending is no crash: it is named when requests are built."""

    _made = False
    order: Sequence[int] | None = None  # of its rows, where it is not their own

    @property
    def eval_docs(self) -> Any:
        rows = super().eval_docs
        if self.order is None:
            return rows
        return (
            rows.select(self.order) if isinstance(rows, datasets.Dataset) else [rows[n] for n in self.order]
        )

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config=config)
        self._made = True

    def doc_to_choice(self, doc: Any, doc_to_choice: Any = None) -> list[str]:
        choices = super().doc_to_choice(doc, doc_to_choice)
        return choices if self._made else [choice or " " for choice in choices]


def open_task(
    name: str,
    *,
    data_dir: Path | None = None,
    preset: str = "paper",
    sample: int | None = None,
    allow_code: bool = False,
    cache: Path | None = None,
    say: Say = lambda _: None,
) -> Opened:
    """The task of a name, an lm-eval task's name, or a YAML file's path; its rows as `sample` orders them."""
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    if name in BENCHMARKS:
        named = BENCHMARKS[name]
        shots = named.shots.get(preset, 0)
        config = _named(name, named, data_dir, shots)
        kind = named.kind
        task = _build(f"benchmark '{name}'", config, _advice(name, named))
    else:
        named = Named(name, "", {})
        task = _foreign(name, allow_code, cache, say)
        name = str(task.config.task)
        kind = str((task.config.metadata or {}).get("class", ""))
        shots = int(task.config.num_fewshot or 0)
    if kind and kind not in CLASSES:
        raise unknown(f"class of '{name}'", kind, CLASSES)
    _usable(name, task)
    opened = Opened(name, task, kind, shots, preset, named.nll, named.unit, majority=named.majority)
    return opened.sampled(sample)


def open_training(
    name: str, *, data_dir: Path | None = None, preset: str = "paper", sample: int | None = None
) -> Opened:
    """A benchmark with its training rows in the place of those that are scored, and without examples."""
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    named = BENCHMARKS[name]
    config = _named(name, named, None, 0) | {"validation_split": None, "test_split": "train"}
    file = named.files["train"]
    if data_dir is not None:
        path = data_dir / file
        if not path.is_file():
            raise ReprlabError(
                f"benchmark '{name}' needs {file} in --data-dir '{data_dir}' to train on: put it there"
            )
        rows = datasets.DatasetDict({"train": _dataset(path, read_rows(path, named.shape))})
        config["custom_dataset"] = lambda **_: rows
    advice = f"check the network and HF_HOME, or give --data-dir DIR with DIR/{file}"
    task = _build(f"the training rows of '{name}'", config, advice)
    return Opened(f"{name} train", task, named.kind, 0, preset, named.nll, named.unit).sampled(sample)


def _named(name: str, named: Named, data_dir: Path | None, shots: int) -> dict[str, Any]:
    """lm-eval's own definition, with the rows of --data-dir or of the wheel in the place of the hub's."""
    config = load_yaml((BUILTIN if named.builtin else TASKS) / named.file)
    config["num_fewshot"] = shots
    if shots == 0:  # without examples no training rows are needed; the prompts are the same
        config |= {"training_split": None, "fewshot_split": None}
        config["fewshot_config"] = {"sampler": "default", "samples": []}
    folder = BUILTIN if named.builtin else data_dir
    if folder is not None:
        rows = _splits(name, named, folder, shots)
        config["custom_dataset"] = lambda **_: datasets.DatasetDict(list(rows.items()))
    return {key: value for key, value in config.items() if key not in {"tag", "group"}}


def _splits(name: str, named: Named, folder: Path, shots: int) -> dict[str, datasets.Dataset]:
    scored, *others = named.files  # the rows that are scored come first
    needed = {scored: 1} | ({"train": shots} if shots else {})
    splits: dict[str, datasets.Dataset] = {}
    for split in [scored, *(others if shots else ())]:
        path = folder / named.files[split]
        if not path.is_file() and split in needed:
            why = f"its {counted(shots, 'example')}" if split == "train" else "its rows"
            raise ReprlabError(
                f"benchmark '{name}' needs {named.files[split]} in --data-dir '{folder}' for {why}: "
                "put it there"
            )
        if path.is_file():
            splits[split] = _dataset(path, read_rows(path, named.shape))
        if len(splits.get(split, ())) < needed.get(split, 0):
            rows = counted(len(splits[split]), "row")
            raise ReprlabError(
                f"benchmark '{name}' shows {counted(shots, 'example')}, '{path}' has {rows}: add some"
            )
    return splits


def _dataset(path: Path, rows: list[JsonObject]) -> datasets.Dataset:
    """Rows with every field that any of them has."""
    fields = dict.fromkeys(field for row in rows for field in row)
    try:
        return datasets.Dataset.from_list([{field: row.get(field) for field in fields} for row in rows])
    except (ValueError, TypeError) as error:  # pyarrow's own errors are among these
        raise ReprlabError(
            f"'{path}' has a field of two types: {' '.join(str(error).split())[:160]}"
        ) from error


def _advice(name: str, named: Named) -> str:
    files = " and ".join(list(named.files.values())[: 1 if not named.shots else None])
    return f"check the network and HF_HOME, or give --data-dir DIR with DIR/{files}"


def _build(what: str, config: Mapping[str, Any], advice: str) -> Any:
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # lm-eval and datasets draw bars of their own
            return _OpenedTask(config=dict(config))
    except (OSError, ConnectionError, DatasetsError) as error:
        raise ReprlabError(f"{what}: its rows cannot be had ({said_by(error)[:160]}): {advice}") from error
    except ReprlabError:
        raise
    except Exception as error:  # lm-eval's code and its readers of rows meet a foreign file
        raise ReprlabError(f"{what}: lm-eval cannot make this task: {said_by(error)}") from error


def said_by(error: Exception) -> str:
    """What foreign code says is wrong, in a line; of what says nothing, its kind.

    >>> said_by(StopIteration()), said_by(ValueError("not\\na number"))
    ('StopIteration', 'not a number')
    """
    return " ".join(str(error).split())[:200] or type(error).__name__


def _foreign(name: str, allow_code: bool, cache: Path | None, say: Say) -> Any:
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - no home is no crash
    if path.suffix in {".yaml", ".yml"}:
        return _from_yaml(path, allow_code)
    names = kept_names(cache) or _indexed(cache, say)
    config = load_yaml(TASKS / names.check(name))
    return _build(f"benchmark '{name}'", config, "check the network and HF_HOME")


def _indexed(cache: Path | None, say: Say) -> TaskNames:
    """The index of lm-eval's tasks, made once and kept."""
    say("indexing lm-eval's tasks, once for its version (some 10 s)")
    names = _all_names()
    keep_names(names, cache)
    return names


@lru_cache(maxsize=1)
def _all_names() -> TaskNames:
    manager = TaskManager()
    index = manager.task_index
    tasks = {name: index[name].yaml_path for name in manager.all_subtasks}
    groups = {name: sorted(index[name].tags)[:8] for name in (*manager.all_groups, *manager.all_tags)}
    files = {name: str(Path(file).resolve().relative_to(TASKS)) for name, file in tasks.items() if file}
    return TaskNames(files, groups)


def _from_yaml(path: Path, allow_code: bool) -> Any:
    if not is_file(path):
        raise ReprlabError(f"no task file at '{path}'")
    _readable(path.resolve(), set(), allow_code)
    try:
        config = load_yaml(path)
    except (*_THEIRS, OSError, ImportError, yaml.YAMLError) as error:
        raise ReprlabError(f"task file '{path}' cannot be read: {said_by(error)}") from error
    if "task" not in config or isinstance(config["task"], list):
        raise ReprlabError(f"task file '{path}' has no `task: NAME`: lm-eval calls that a group or nothing")
    check_task_file(path, config)
    if not allow_code:
        _known_metrics(path, config)
        check_paths(path, config, (TASKS, BUILTIN))
    what = f"benchmark '{config['task']}' of '{path}'"
    return _build(what, _beside(path.parent, config), "check its dataset_path and data_files")


def _beside(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """The definition, with the full paths of data files that lie in the YAML's folder."""
    given = (config.get("dataset_kwargs") or {}).get("data_files")

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            return {split: placed(part) for split, part in value.items()}
        if isinstance(value, list):
            return [placed(part) for part in value]
        beside = folder / str(value)
        return str(beside.resolve()) if is_file(beside) else value

    if given is None:
        return config
    return {**config, "dataset_kwargs": {**config["dataset_kwargs"], "data_files": placed(given)}}


def _readable(path: Path, seen: set[Path], allow_code: bool) -> None:
    """Refuse a YAML, or one that it includes, that has no end or runs Python; lm-eval's and ours may.

    Python is let through where `allow_code` says so.
    """
    if path in seen or TASKS in path.parents or BUILTIN in path.parents:
        return
    seen.add(path)
    try:
        text = read_text(path)
    except ReprlabError as error:
        raise ReprlabError(f"task file '{path}' cannot be read: {error}") from error
    tags = check_tree(path, text)
    if not allow_code and any(tag != "!" and not tag.startswith("tag:yaml.org,2002:") for tag in tags):
        raise ReprlabError(
            f"task file '{path}' runs Python (!function): read it, and where you trust it, "
            "give --allow-task-code"
        )
    try:
        config = load_yaml(path, resolve_func=False, recursive=False)
    except (*_THEIRS, OSError, yaml.YAMLError) as error:
        raise ReprlabError(f"task file '{path}' cannot be read: {said_by(error)}") from error
    included: Any = config.get("include")
    for part in included if isinstance(included, list) else [included] if included else []:
        _readable((path.parent / str(part)).resolve(), seen, allow_code)


def _known_metrics(path: Path, config: Mapping[str, Any]) -> None:
    """Metrics outside lm-eval's own are code from the hub."""
    known: Any = METRIC_REGISTRY
    for metric in config.get("metric_list") or []:
        if not isinstance(metric, dict) or "metric" not in metric:
            raise ReprlabError(f"task file '{path}': a metric is written `- metric: NAME`, not {metric!r}")
        if metric.get("hf_evaluate") or str(metric["metric"]) not in known:
            raise ReprlabError(
                f"task file '{path}': metric '{metric.get('metric')}' is not one of lm-eval's: it would be "
                "fetched as code; where you trust it, give --allow-task-code"
            )


def _usable(name: str, task: Any) -> None:
    if task.OUTPUT_TYPE not in KINDS:
        raise ReprlabError(
            f"benchmark '{name}' is of type {task.OUTPUT_TYPE}: reprlab runs {', '.join(KINDS)}"
        )
    if getattr(task, "UNSAFE_CODE", False) or getattr(task, "MULTIMODAL", False):
        raise ReprlabError(f"benchmark '{name}' runs generated code or needs images: reprlab does neither")
    if int(task.config.repeats or 1) > 1:
        raise ReprlabError(f"benchmark '{name}' asks for {task.config.repeats} repeats: reprlab runs one")
