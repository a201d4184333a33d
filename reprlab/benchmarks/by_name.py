"""Benchmarks by name: opened, split and prepared. Needs lm-eval only once something is opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprlab.benchmarks.index import check_known
from reprlab.benchmarks.table import BENCHMARKS, GROUPS, expand
from reprlab.errors import ReprlabError, unknown
from reprlab.progress import Say

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark
    from reprlab.benchmarks.opened import Opened
    from reprlab.benchmarks.training_rows import Splits, TrainingRow


TRAINED = ("arc", "hellaswag", "winogrande")  # those with choices and training rows


def open_benchmarks(
    names: Iterable[str],
    *,
    data_dir: Path | str | None = None,
    preset: str = "paper",
    sample: int | None = None,
    allow_code: bool = False,
    cache: Path | str | None = None,
    say: Say = lambda _: None,
) -> list[Opened]:
    """The tasks of some names, with their rows: ours, groups of ours, any lm-eval task, a YAML's path.

    Rows are in the order that the seed `sample` draws, units together, so that the first n are a sample of
    them; None leaves them in their own order. The names of lm-eval's tasks are kept in `cache`.
    """
    where, names = None if cache is None else Path(cache), list(names)
    check_known(names, preset, where)
    try:
        from reprlab.benchmarks.opened import open_task
    except ImportError as error:
        raise ReprlabError(
            f"benchmarks need the package lm-eval: pip install 'reprlab[eval]' ({error.name} is missing)"
        ) from error
    folder = None if data_dir is None else Path(data_dir)
    if folder is not None and not folder.is_dir():
        raise ReprlabError(f"--data-dir '{folder}' is no folder")
    wanted = expand(list(names))
    if not wanted:
        raise ReprlabError(f"no benchmark was given: there are {', '.join([*BENCHMARKS, *GROUPS])}")
    how: dict[str, Any] = {"preset": preset, "sample": sample, "allow_code": allow_code}
    how |= {"cache": where, "say": say}
    opened = [open_task(name, data_dir=folder, **how) for name in wanted]
    names = [one.name for one in opened]
    for name in names:
        if names.count(name) > 1:
            raise ReprlabError(f"two task files are named '{name}': rename the `task:` of one")
    return opened


def trained_task(task: str) -> list[str]:
    """The name of a task that has choices and training rows, in a list; refuses others."""
    wanted = expand([task])
    if len(wanted) != 1 or wanted[0] not in TRAINED:
        raise unknown("task to train on", task, TRAINED, "It takes choices and training rows")
    return wanted


def open_splits(
    task: str, *, data_dir: Path | str | None = None, preset: str = "paper", sample: int | None = None
) -> Splits:
    """A task's rows to score and its rows to train on; the latter are asked without examples."""
    wanted = trained_task(task)
    (scored,) = open_benchmarks(wanted, data_dir=data_dir, preset=preset, sample=sample)
    from reprlab.benchmarks.opened import open_training
    from reprlab.benchmarks.training_rows import Splits

    folder = None if data_dir is None else Path(data_dir)
    return Splits(scored, open_training(wanted[0], data_dir=folder, preset=preset, sample=sample))


def training_rows(benchmark: Benchmark, longest: int) -> list[TrainingRow]:
    """What a causal module learns of a benchmark's documents: tokens, and the right ending's as labels."""
    from reprlab.benchmarks.training_rows import rows

    return rows(benchmark, longest)


def prepare(
    opened: Opened, tokenizer: object, *, limit: int, max_length: int, vocabulary: int, max_new_tokens: int
) -> Benchmark:
    """A benchmark's first `limit` documents as tokens of a network's tokenizer."""
    from reprlab.benchmarks.benchmark import prepared

    return prepared(opened, tokenizer, limit, max_length, vocabulary, max_new_tokens)
