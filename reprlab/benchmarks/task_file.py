"""A user's task file: of the kinds that lm-eval takes, of a size that ends, with its data in its folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from lm_eval.api.registry import FILTER_REGISTRY
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reprlab.errors import ReprlabError
from reprlab.foreign import problem

MOST_PARTS = 100_000  # of a task file, written out without its anchors
_OUTSIDE = ("download_config", "storage_options")
_ADVICE = "put the data into its folder, or where you trust it, give --allow-task-code"
# loaders of `datasets`, which read the working folder where no files are named
_LOADERS = ("json", "csv", "text", "parquet", "arrow", "xml")
_GivenName = Annotated[str, Field(min_length=1)]
_Strict = ConfigDict(strict=True, extra="allow", arbitrary_types_allowed=True)


class TaskMetric(BaseModel):
    """One of a task's metrics."""

    model_config = _Strict
    metric: Any  # a name, or with --allow-task-code a function


class TaskFilterStep(BaseModel):
    """One step of a filter."""

    model_config = _Strict
    function: _GivenName


class TaskFilter(BaseModel):
    """One of a task's filters."""

    model_config = _Strict
    name: _GivenName
    filter: list[TaskFilterStep]


class TaskFile(BaseModel):
    """The fields of a task file whose kinds matter; it may have more."""

    model_config = _Strict
    task: _GivenName
    dataset_path: _GivenName | None = None
    dataset_name: str | None = None
    dataset_kwargs: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    metric_list: list[TaskMetric] | None = None
    filter_list: list[TaskFilter] | None = None
    generation_kwargs: dict[str, Any] | None = None
    num_fewshot: Annotated[int, Field(ge=0, le=1000)] | None = None
    repeats: Annotated[int, Field(ge=1, le=1000)] | None = None
    output_type: str | None = None
    test_split: str | None = None
    validation_split: str | None = None
    training_split: str | None = None
    fewshot_split: str | None = None
    target_delimiter: str | None = None
    fewshot_delimiter: str | None = None
    description: Any = None


def check_task_file(path: Path, config: Mapping[str, Any]) -> None:
    """Refuse fields of the wrong kind, and filters that lm-eval does not have."""
    try:
        known = TaskFile.model_validate(dict(config))
    except ValidationError as error:
        raise ReprlabError(f"task file '{path}': {problem(error)}") from error
    for one in (step for each in known.filter_list or () for step in each.filter):
        made = (one.model_extra or {}).get("filter_fn")
        if one.function not in FILTER_REGISTRY or (made is not None and not callable(made)):
            raise ReprlabError(f"task file '{path}': filter '{one.function}' is not one that can be run")
    _check_files(path, known)


def _check_files(path: Path, known: TaskFile) -> None:
    """Refuse data files without a name, for which `datasets` takes those of the working folder."""
    given = (known.dataset_kwargs or {}).get("data_files")
    names = list(_texts(given))
    if given is not None and not (names and all(name.strip() for name in names)):
        raise ReprlabError(f"task file '{path}': dataset_kwargs.data_files has an empty name: name each file")
    if given is None and known.dataset_path in _LOADERS:
        raise ReprlabError(
            f"task file '{path}': dataset_path '{known.dataset_path}' has no dataset_kwargs.data_files: "
            "name its files there"
        )


def check_paths(path: Path, config: Mapping[str, Any], ours: Iterable[Path]) -> None:
    """Refuse a cache that a task file has outside its folder, and outside `ours`; judged by its name."""
    given: Mapping[str, Any] = config.get("dataset_kwargs") or {}
    named = {"dataset_kwargs.cache_dir": given.get("cache_dir")}
    if other := next((name for name in _OUTSIDE if name in given), None):
        raise ReprlabError(f"task file '{path}': dataset_kwargs.{other} leads elsewhere: {_ADVICE}")
    here = Path(os.path.abspath(path.parent))  # noqa: PTH100 - resolving follows links
    for name, value in named.items():
        for text in _texts(value):
            place = Path(os.path.normpath(here / os.path.expanduser(text)))  # noqa: PTH111 - as above
            if not any(place.is_relative_to(folder) for folder in (here, *ours)):
                raise ReprlabError(
                    f"task file '{path}': {name} '{text[:200]}' leads out of its folder: {_ADVICE}"
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def check_tree(path: Path, text: str) -> set[str]:
    """The tags of a YAML text; refused where its anchors make it too large, or part of themselves."""
    try:
        tags = {str(getattr(event, "tag", None) or "!") for event in yaml.parse(text, yaml.SafeLoader)}
        tree = yaml.compose(text, yaml.SafeLoader)
        size = _size(tree, {}, set()) if tree is not None else 0
    except (yaml.YAMLError, ValueError, RecursionError, LookupError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ReprlabError(f"task file '{path}' cannot be read: {why[:200]}") from error
    if size > MOST_PARTS:
        raise ReprlabError(
            f"task file '{path}' has {size:,} parts without its anchors: at most {MOST_PARTS:,}"
        )
    return tags


def _size(node: Any, known: dict[int, int], inside: set[int]) -> int:
    """How many parts a node has, written out."""
    if id(node) in inside:
        raise ValueError("an anchor is part of itself")
    if id(node) not in known:
        inside.add(id(node))
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        flat = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_size(one, known, inside) for one in flat)
        inside.discard(id(node))
    return known[id(node)]
