"""lm-eval's task names without lm-eval: an index for each of its versions, and what its files mention."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reprlab.benchmarks.table import BENCHMARKS, GROUPS, PRESETS, expand
from reprlab.errors import ReprlabError, unknown
from reprlab.files import cache_folder, write_whole
from reprlab.foreign import is_file

OTHERS = "Any other lm-eval task works by name or YAML path too"
_NAMED = re.compile(rb"""(?m)^[ \t]*(?:-[ \t]*)?(?:task|group|tag)[ \t]*:(.*)$|^[ \t]*-[ \t]+([^:\n]+)$""")
_WORD = re.compile(rb"[^\s\[\],\"']+")


@dataclass(frozen=True)
class TaskNames:
    """lm-eval's tasks with their YAML files below its folder, and its groups and tags with some members."""

    tasks: Mapping[str, str]
    groups: Mapping[str, list[str]]

    def check(self, name: str) -> str:
        """The YAML file of a task; raises `ReprlabError` for a group, and for a name that is none."""
        if name in self.groups:
            shown = f": {', '.join(self.groups[name])} ..." if self.groups[name] else ""
            raise ReprlabError(f"'{name}' is a group of lm-eval's tasks: name the tasks themselves{shown}")
        if name not in self.tasks:
            raise unknown_benchmark(name, self.tasks)
        return self.tasks[name]


def check_known(names: Iterable[str], preset: str = "paper", cache: Path | None = None) -> None:
    """Refuse what is no benchmark, before lm-eval is imported."""
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    for name in expand(list(names)):
        path = Path(name)
        if name in BENCHMARKS:
            continue
        if path.suffix in {".yaml", ".yml"}:
            if not is_file(os.path.expanduser(name)):  # noqa: PTH111 - no home is no crash
                raise ReprlabError(f"no task file at '{path}'")
        elif (kept := kept_names(cache)) is not None:
            kept.check(name)
        elif find_spec("lm_eval") and name not in _mentioned():
            raise unknown_benchmark(name, _mentioned())


def unknown_benchmark(name: str, theirs: Iterable[str]) -> ReprlabError:
    """The error for a name that neither reprlab nor lm-eval has, with the nearest that there is."""
    ours = [*BENCHMARKS, *GROUPS]
    if not get_close_matches(name, ours, n=1):
        near = get_close_matches(name, [one for one in theirs if one[:2] == name[:2]], n=1)
        if near:
            advice = f"{OTHERS}; lm-eval has '{near[0]}'"
            return unknown("benchmark", name, ours, advice)
    return unknown("benchmark", name, ours, OTHERS)


def kept_names(cache: Path | None) -> TaskNames | None:
    """The index of the installed lm-eval in a cache, if one was kept."""
    path = _path(cache)
    if path is None:
        return None
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(name): str(file) for name, file in data["tasks"].items()}
        groups = {str(name): [str(member) for member in some] for name, some in data["groups"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # it is made again
    return TaskNames(tasks, groups)


def keep_names(names: TaskNames, cache: Path | None) -> None:
    """Keep an index for later calls, where the cache can be written."""
    path = _path(cache)
    if path is not None:
        with suppress(OSError, ReprlabError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(asdict(names)))


def _path(cache: Path | None) -> Path | None:
    try:
        return cache_folder(cache) / ".lm-eval" / f"tasks-{version('lm-eval')}.json"
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _mentioned() -> frozenset[str]:
    """Every word that an lm-eval YAML has where a task, a group or a tag is named: more than the names."""
    return frozenset(
        word.decode(errors="replace")
        for text in _yaml_files()
        for parts in _NAMED.findall(text)
        for part in parts
        for word in _WORD.findall(part)
    )


def _yaml_files() -> Iterator[bytes]:
    spec = find_spec("lm_eval")
    root = Path(spec.origin).parent / "tasks" if spec and spec.origin else None
    for folder, _, files in os.walk(root) if root else ():
        for file in files:
            if file.endswith(".yaml"):
                with suppress(OSError):
                    yield Path(folder, file).read_bytes()
