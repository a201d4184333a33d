"""Data sources: which rows and texts a report read, where they came from, and how many of them it took."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprlab.captures.corpora import Corpus
from reprlab.captures.corpus_table import SOURCES
from reprlab.counts import counted

if TYPE_CHECKING:
    from reprlab.benchmarks.glue.rows import Glue
    from reprlab.benchmarks.opened import Opened

_REPOSITORY = re.compile(r"(.+)@([0-9a-f]{40})")  # of the hub, at a commit

SourceKey = tuple[str, str, str]


@dataclass(frozen=True)
class DataSource:
    """Rows or texts of one `kind` (benchmark, corpus, GLUE task, training rows).

    `source` is a file, a repository of the hub, or the texts' maker, `revision` the repository's commit.
    `digest` is of all rows and of the task's definition. `rows` are there (None: not counted), and each
    stage `used` a number of them: the first ones, or, where there is a `sample`, those that this seed draws.
    """

    kind: str
    name: str
    source: str
    revision: str
    split: str
    digest: str
    rows: int | None
    used: Mapping[str, int]
    sample: int | None = None
    shots: int | None = None

    @property
    def key(self) -> SourceKey:
        """What tells one source from another."""
        return self.kind, self.name, self.split

    @property
    def label(self) -> str:
        """Its kind and name."""
        return f"{self.kind} {self.name}"

    @property
    def taken(self) -> str:
        """How many of the rows were taken, and which.

        >>> source = DataSource("benchmark", "b", "b.jsonl", "", "test", "0" * 32, 2000, {"scores": 400})
        >>> source.taken
        'the first 400 of 2,000 rows'
        >>> DataSource("corpus", "c", "c", "", "", "0" * 32, 900, {"full": 9, "skip": 4}, sample=0).taken
        '9 of 900 texts, drawn with seed 0 (skip: 4 of them)'
        """
        most, noun = max(self.used.values(), default=0), "text" if self.kind == "corpus" else "row"
        fewer = [f"{stage}: {count:,}" for stage, count in self.used.items() if count < most]  # nested
        some = f" ({', '.join(fewer)} of them)" if fewer else ""
        if self.rows is not None and most >= self.rows:
            return f"all {counted(self.rows, noun)}{some}"
        of = f"{most:,} of {counted(self.rows, noun)}" if self.rows is not None else counted(most, noun)
        of = of.removeprefix("1 ") if self.sample is None else of
        return (
            f"the first {of}{some}" if self.sample is None else f"{of}, drawn with seed {self.sample}{some}"
        )

    @property
    def origin(self) -> str:
        """The file, or the repository at its commit."""
        return f"{self.source}@{self.revision}" if self.revision else self.source


def of_benchmark(opened: Opened, data_dir: Path | None, used: Mapping[str, int], kind: str) -> DataSource:
    """The rows of a benchmark; `used` are at most those that are there."""
    from reprlab.benchmarks.origin import origin_of

    origin, rows = origin_of(opened, data_dir), len(opened.docs)
    return DataSource(
        kind=kind,
        name=opened.name,
        source=origin.source,
        revision=origin.revision,
        split=origin.split,
        digest=opened.digest,
        rows=rows,
        used={stage: min(count, rows) for stage, count in used.items()},
        sample=opened.sample,
        shots=opened.shots,
    )


def of_corpus(corpus: Corpus, used: Mapping[str, int]) -> DataSource:
    """The texts of a corpus."""
    registered = SOURCES.get(corpus.name)
    hub = _REPOSITORY.fullmatch(corpus.source)
    repository, revision = hub.groups() if hub else (corpus.source, "")
    return DataSource(
        kind="corpus",
        name=corpus.name,
        source=repository,
        revision=revision,
        split=registered.rows.splits[0] if registered else "",
        digest=corpus.fingerprint,
        rows=len(corpus),
        used=dict(used),
        sample=corpus.sample,
    )


def of_glue(task: Glue, stage: str, limit: int | None, sample: int | None) -> list[DataSource]:
    """The two splits of a GLUE task; with a `limit` nobody counted the rows that were left."""
    return [
        DataSource(
            kind="GLUE task",
            name=task.task.name,
            source=task.source,
            revision="",
            split=split,
            digest=task.digest,
            rows=None if limit is not None and len(rows) == limit else len(rows),
            used={stage: len(rows)},
            sample=None if limit is None else sample,
        )
        for split, rows in (("train", task.train), ("validation", task.validation))
    ]
