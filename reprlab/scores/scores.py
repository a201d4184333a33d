"""Scores: what schedules get on benchmarks, with their uncertainty; numbers a document, labelled."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field

from reprlab.arguments import of, string
from reprlab.arrays import npz_of
from reprlab.counts import counted
from reprlab.errors import ReprlabError, unknown
from reprlab.files import csv_of, write_result
from reprlab.foreign import StoredArray, holds, opened_npz, validated
from reprlab.schedules.grids import Entry
from reprlab.schedules.schedule import Schedule
from reprlab.scores.baselines import Baselines
from reprlab.scores.results import Column, Results
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate
from reprlab.statistics.bootstraps import pooled, seeds_spread
from reprlab.statistics.intervals import Difference, difference, score_interval, standard_error
from reprlab.statistics.normalised import Normalised, normalised

_MEASURED = {"baselines": "values", "floors": "floor", "chosen": "chosen"}  # arrays: parts of `Baselines`
_FORMAT = 2  # of .npz; 1 has no baselines and no version of u's formula
_LABELS = ("variant", "start", "layer", "window", "times")


@dataclass(frozen=True, repr=False)
class Scores:
    """What a sweep found: entries (schedules with their labels), and each benchmark's numbers.

    The first entry is the full model. Schedules are rows of every benchmark's `values`, in this order.
    """

    model: str
    note: str
    dtype: str
    layers: int
    entries: tuple[Entry, ...]
    benchmarks: Mapping[str, Results]
    made_with: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"<Scores of {self.model}: {counted(len(self), 'schedule')} on {', '.join(self.benchmarks)}>"

    def results(self, benchmark: str | None = None) -> Results:
        """A benchmark's numbers; by default those of the only one."""
        if benchmark is None and len(self.benchmarks) == 1:
            return next(iter(self.benchmarks.values()))
        if benchmark is None:
            raise ReprlabError(
                f"name one of the benchmarks: benchmark='...'; there are {', '.join(self.benchmarks)}"
            )
        if string("benchmark", benchmark) not in self.benchmarks:
            raise unknown("benchmark", benchmark, self.benchmarks)
        return self.benchmarks[benchmark]

    def row_of(self, schedule: Schedule | str) -> int:
        """The row of a schedule, given as such or as text."""
        of((str, Schedule), "a schedule or its text")("schedule", schedule)
        wanted = Schedule.parse(schedule, self.layers) if isinstance(schedule, str) else schedule
        for place, entry in enumerate(self.entries):
            if entry.schedule == wanted:
                return place
        raise ReprlabError(f"schedule '{wanted}' is not among the {len(self)} swept")

    def compare(
        self, a: Schedule | str, b: Schedule | str, *, benchmark: str | None = None, metric: str = "u"
    ) -> Difference:
        """A metric under one schedule minus that under another, paired over the documents of a benchmark.

        Of perplexities the interval is of their `ratio`.
        """
        results = self.results(benchmark)
        items = results.items(metric)
        one, other = items[self.row_of(a)], items[self.row_of(b)]
        return difference(results.column(metric).aggregation, one, other, units=results.unit_codes)

    def normalised(self, metric: str = "u") -> pd.DataFrame:
        """R = (score - floor) / (full - floor) by row and benchmark, and the median over benchmarks.

        0 is the best baseline without a model, 1 the full model; a random order's seeds are one row. A
        benchmark on which the full model is within 5 standard errors of the floor has NaN (`undecided` says
        so); the median takes two benchmarks that have an R, at least, and `of` names them.
        """
        having = self._having(metric)
        rows: list[dict[str, Any]] = []
        for places in self.rows:
            columns = {results.name: self.retained(results, metric, places).value for results in having}
            there = {name: value for name, value in columns.items() if not math.isnan(value)}
            median = float(np.median(list(there.values()))) if len(there) > 1 else math.nan
            rows.append({**self.labels(places), **columns, "median": median, "of": ", ".join(there)})
        return pd.DataFrame(rows)

    def undecided(self, metric: str = "u") -> dict[str, str]:
        """The benchmarks without a normalised score, and why."""
        retained = {results.name: self.retained(results, metric, [0]) for results in self._having(metric)}
        return {name: full.reason for name, full in retained.items() if math.isnan(full.value)}

    def _having(self, metric: str) -> list[Results]:
        """The benchmarks that have a metric."""
        having = [results for results in self.benchmarks.values() if metric in results.metrics]
        if not having:
            known = dict.fromkeys(m for results in self.benchmarks.values() for m in results.metrics)
            raise unknown("metric", metric, known)
        return having

    def retained(self, results: Results, metric: str, places: Sequence[int]) -> Normalised:
        """The normalised score of one entry, or of several together, by their documents' means."""
        if math.isnan(results.guess(metric)):
            nan = math.nan
            return Normalised(nan, nan, nan, nan, f"the chance level of {metric} is not known")
        how, items = results.column(metric).aggregation, results.items(metric)
        one = pooled(items[list(places)])
        return normalised(how, one, items[0], floor=results.drawn_floor(metric), units=results.unit_codes)

    def joined(self, other: Scores) -> Scores:
        """Both sweeps of one network together; a benchmark has NaN for schedules that it was not swept on."""
        of(Scores, "the scores of another sweep")("other", other)
        for what in ("model", "note", "dtype", "layers"):
            one, two = getattr(self, what), getattr(other, what)
            if one != two:
                raise ReprlabError(f"sweeps of one network are joined: {what} is {one}, and {two}")
        entries = tuple(dict.fromkeys([*self.entries, *other.entries]))
        results: dict[str, Results] = {}
        for name in dict.fromkeys([*self.benchmarks, *other.benchmarks]):
            parts = [(s, s.benchmarks[name]) for s in (self, other) if name in s.benchmarks]
            results[name] = _joined(name, parts, entries)
        return replace(self, entries=entries, benchmarks=results)

    def subset(self, benchmark: str, entries: Sequence[Entry], limit: int) -> Results | None:
        """A benchmark's numbers for some entries, on its first documents; None where any is missing.

        >>> import reprlab as rl
        >>> net = rl.load("tiny-llama")
        >>> scores = rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=4, cache=tmp)
        >>> scores.subset("builtin_pronoun", scores.entries[1:], 3).values.shape
        (1, 3, 2)
        """
        results = self.benchmarks.get(benchmark)
        places = {entry.schedule: place for place, entry in reversed(list(enumerate(self.entries)))}
        if results is None or len(results.ids) < limit or any(e.schedule not in places for e in entries):
            return None
        rows = [places[entry.schedule] for entry in entries]
        values = results.values[rows][:, :limit]
        if np.isnan(values).all(axis=(1, 2)).any():  # joined from sweeps that did not have it
            return None
        ids, units = results.ids[:limit], results.units[:limit]
        lost = results.nonfinite[rows]
        if lost.any() and limit < len(results.ids):  # nobody knows on which documents
            return None
        measured = results.measured and results.measured.first(limit)
        changed = {"ids": ids, "units": units, "values": values, "nonfinite": lost, "measured": measured}
        return replace(results, **changed, divergence=None)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each entry, benchmark and metric: value, its interval, n, floor, normalised score.

        `low` and `high` are at 95 %, a perplexity's on the log scale; NaN below 40 units of documents.
        `baseline` names what the floor was measured with, where it was.
        """
        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, Any]]:
        for results in self.benchmarks.values():
            for metric in results.metrics:
                how, items = results.column(metric).aggregation, results.items(metric)
                value = np.atleast_1d(aggregate(how, items))
                error = np.atleast_1d(standard_error(how, items, results.unit_codes))
                share = results.is_share(metric)
                ends = score_interval(how, items, results.unit_codes, share=share)
                low, high = map(np.atleast_1d, ends)
                chance = {"floor": results.guess(metric), "baseline": results.floor_baseline(metric)}
                for place, entry in enumerate(self.entries):
                    of_full = self.retained(results, metric, [place])
                    yield {
                        **_labels(entry),
                        "benchmark": results.name,
                        "class": results.kind,
                        "preset": results.preset,
                        "shots": results.shots,
                        "metric": metric,
                        "value": value[place],
                        "stderr": error[place],
                        "low": low[place],
                        "high": high[place],
                        **chance,
                        "normalised": of_full.value,
                        "normalised_stderr": of_full.stderr,
                        "documents": len(results.ids),
                        "units": len(set(results.units)),
                        "nonfinite": int(results.nonfinite[place]),
                        "reason": of_full.reason,
                        "model": self.model,
                        "dtype": self.dtype,
                    }

    def pooled(self) -> pd.DataFrame:
        """A row for each of `rows`, benchmark and metric: the seeds of a random order together.

        `value` is the score of each document's mean over seeds, `stderr` the documents' spread of it, `low`
        and `high` the ends of a single schedule's interval, `seed_sd` the seeds' own spread.
        """
        pairs = [(r, metric) for r in self.benchmarks.values() for metric in r.metrics]
        return pd.DataFrame([self._pooled(*pair, places) for places in self.rows for pair in pairs])

    @cached_property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """The entries that belong together: those that differ in their seed only, else each by itself.

        Equal orders count once, and an order that is the full model's is left out where there are others.
        """
        groups: dict[tuple[Any, ...], dict[Schedule, int]] = {}
        for place, entry in enumerate(self.entries):
            same = (entry.variant, *(getattr(entry, name) for name in _LABELS[1:]))
            groups.setdefault(same if entry.seed is not None else (place,), {}).setdefault(
                entry.schedule, place
            )
        full = self.entries[0].schedule
        return tuple(
            tuple(place for schedule, place in group.items() if schedule != full or len(group) == 1)
            for group in groups.values()
        )

    def labels(self, places: Sequence[int]) -> dict[str, Any]:
        """One of `rows` as columns: its place among them, its variant and what that takes, its orders."""
        labels = _labels(self.entries[places[0]])
        together = {"schedule": f"{len(places)} orders", "seed": None} if len(places) > 1 else {}
        return {"row": self.rows.index(tuple(places)), **labels, **together, "seeds": len(places)}

    def _pooled(self, results: Results, metric: str, places: Sequence[int]) -> dict[str, Any]:
        how, items = results.column(metric).aggregation, results.items(metric)[list(places)]
        _, spread = seeds_spread(np.atleast_1d(aggregate(how, items)))
        several = len(places) > 1  # documents alone do not say how far a mean over orders moves
        ends = score_interval(how, items[0], results.unit_codes, share=results.is_share(metric))
        low, high = (math.nan if several else float(end) for end in ends)
        return {
            **self.labels(places),
            "benchmark": results.name,
            "metric": metric,
            "value": float(aggregate(how, pooled(items))),
            "stderr": float(standard_error(how, pooled(items), results.unit_codes)),
            "low": low,
            "high": high,
            "seed_sd": spread,
            "nonfinite": int(results.nonfinite[list(places)].sum()),
        }

    def save(self, path: Path | str) -> None:
        """Write everything as .npz (numbers and labels, no texts), or the table as .csv."""
        kinds = {
            ".csv": lambda: csv_of(self.to_dataframe().convert_dtypes()),
            ".npz": lambda: npz_of(self._arrays()),
        }
        write_result(path, kinds, "scores")

    def _arrays(self) -> dict[str, Any]:
        """Everything as arrays: `about` is JSON, the rest a benchmark's numbers, which its place names."""
        arrays: dict[str, Any] = {}
        heads: list[dict[str, Any]] = []
        for number, results in enumerate(self.benchmarks.values()):
            head = {key: value for key, value in vars(results).items() if key in Results.__annotations__}
            measured = head.pop("measured")
            head |= {name: measured and getattr(measured, part) for name, part in _MEASURED.items()}
            for part in ("values", "nonfinite", "divergence", *_MEASURED):
                array = head.pop(part)
                if array is not None:
                    arrays[f"{part}{number}"] = array if part == "nonfinite" else array.astype(np.float32)
            names = [] if measured is None else measured.names
            columns = [asdict(column) for column in results.columns]
            heads.append({**head, "columns": columns, "baselines": names})
        about = {name: getattr(self, name) for name in ("model", "note", "dtype", "layers")}
        entries = [_labels(entry) for entry in self.entries]
        about |= {"format": _FORMAT, "made_with": dict(self.made_with)}
        labels = {**about, "entries": entries, "benchmarks": heads}
        return {"about": np.frombuffer(json.dumps(labels).encode(), dtype=np.uint8), **arrays}

    @classmethod
    def load(cls, path: Path | str) -> Scores:
        """Read what `save` wrote as .npz."""
        with holds(path, "scores"), opened_npz(path) as arrays:
            about = validated(_SavedScores, json.loads(arrays["about"].read().tobytes()))
            if about.format > _FORMAT:
                raise ValueError(f"its format {about.format} is not known")
            if not about.entries:
                raise ValueError("entries: there are none")
            read = [
                _results(head, arrays, number, len(about.entries))
                for number, head in enumerate(about.benchmarks)
            ]
            named = {name: getattr(about, name) for name in ("model", "note", "dtype", "layers", "made_with")}
            entries = tuple(_entry(asdict(labels)) for labels in about.entries)
            return cls(**named, entries=entries, benchmarks={results.name: results for results in read})


def reason_at_chance(results: Results, metric: str) -> str:
    """Why the full model, the first row, has no R of a metric on a benchmark; empty where it has one."""
    if math.isnan(results.guess(metric)):
        return f"the chance level of {metric} is not known"
    how, items = results.column(metric).aggregation, results.items(metric)
    floor = results.drawn_floor(metric)
    full = normalised(how, items[0], items[0], floor=floor, units=results.unit_codes)
    return full.reason if math.isnan(full.value) else ""


def _joined(name: str, parts: Sequence[tuple[Scores, Results]], entries: Sequence[Entry]) -> Results:
    """One benchmark of one sweep or two over the same documents, a row for each entry."""
    first = parts[0][1]
    same = {(r.ids, r.definition, r.columns) for _, r in parts}
    if len(same) > 1:
        raise ReprlabError(f"sweeps are joined over the same documents: those of '{name}' differ")
    if len({r.scoring for _, r in parts}) > 1:
        raise ReprlabError(
            f"sweeps are joined on one scale: u of '{name}' is on two, sweep the older one again"
        )
    rows = {entry: (r, at) for s, r in reversed(parts) for at, entry in enumerate(s.entries)}
    there = [rows.get(entry) for entry in entries]
    blank = np.full(first.values.shape[1:], np.nan)
    values = np.array([blank if one is None else one[0].values[one[1]] for one in there])
    lost = np.array([0 if one is None else one[0].nonfinite[one[1]] for one in there])
    return replace(first, values=values, nonfinite=lost, divergence=None)


@dataclass(frozen=True)
class _SavedEntry:
    """An entry's labels as they are saved."""

    schedule: str
    variant: str
    start: int | None
    layer: int | None
    window: Annotated[str, Field(pattern=r"^[0-9]{1,6}:[0-9]{1,6}\z")] | None
    times: int | None
    seed: int | None


@dataclass(frozen=True)
class _SavedHead:
    """A benchmark's results without their arrays."""

    name: str
    task: str
    kind: str
    output: str
    shots: int
    preset: str
    definition: str
    floor: float
    vocabulary: int
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    ids: Annotated[tuple[str, ...], Field(min_length=1)]
    units: tuple[str, ...]
    scoring: int = 1
    baselines: tuple[str, ...] = ()


@dataclass(frozen=True)
class _SavedScores:
    """The labels of saved scores."""

    model: str
    note: str
    dtype: str
    layers: Annotated[int, Field(ge=0, le=100_000)]
    made_with: dict[str, str]
    entries: tuple[_SavedEntry, ...]
    benchmarks: tuple[_SavedHead, ...]
    format: int = 1


def _results(head: _SavedHead, arrays: Mapping[str, StoredArray], number: int, entries: int) -> Results:
    """One benchmark's results, whose arrays have the shapes that the labels say."""
    documents, sizes = len(head.ids), [column.size for column in head.columns]
    if min(sizes) < 1 or len(head.units) != documents:
        raise ValueError(f"benchmark '{head.name}': its columns or units do not fit its documents")
    for column in head.columns:
        how = AGGREGATIONS.get(column.aggregation)
        if how is None or how.columns != column.size:
            raise ValueError(f"aggregation '{column.aggregation}' over {column.size} numbers is not known")
    shapes = {
        "values": ("f", (entries, documents, sum(sizes))),
        "nonfinite": ("iu", (entries,)),
        "divergence": ("f", (entries, documents, 2)),
        "baselines": ("f", (len(head.baselines), documents, sum(sizes))),
        "floors": ("f", (documents, sum(sizes))),
        "chosen": ("f", (len(head.baselines), sum(sizes))),
    }
    parts: dict[str, Any] = {"divergence": None}
    absent = {"divergence"} if head.baselines else {"divergence", *_MEASURED}
    for name, (kinds, shape) in shapes.items():
        stored = arrays.get(f"{name}{number}")
        if stored is None and name in absent:
            continue
        if stored is None or stored.shape != shape or stored.dtype.kind not in kinds:
            found = "it is missing" if stored is None else f"{stored.shape} of {stored.dtype} was found"
            raise ValueError(f"'{name}{number}' has not the shape {shape}: {found}")
        parts[name] = stored.read().astype(np.int64 if name == "nonfinite" else np.float64)
    tables = [parts.pop(name, None) for name in _MEASURED]
    named = {key: value for key, value in vars(head).items() if key != "baselines"}
    measured = Baselines(head.baselines, *tables) if head.baselines else None
    return Results(**named, **parts, measured=measured)


def _labels(entry: Entry) -> dict[str, Any]:
    """An entry as columns: its schedule's text, its variant, and what that takes."""
    labels = {name: getattr(entry, name) for name in (*_LABELS, "seed")}
    if entry.window is not None:
        labels["window"] = "{}:{}".format(*entry.window)
    return {"schedule": str(entry.schedule), **labels}


def _entry(labels: dict[str, Any]) -> Entry:
    rest: dict[str, Any] = {**labels, "schedule": Schedule.parse(labels["schedule"])}
    if rest["window"] is not None:
        start, stop = map(int, rest["window"].split(":"))
        rest["window"] = (start, stop)
    return Entry(**rest)
