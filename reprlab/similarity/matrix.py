"""Matrices of similarity as labelled values: of which states, by which measure, over how many tokens."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge
from numpy.typing import NDArray

from reprlab.arguments import integer
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import csv_of, plain, write_result
from reprlab.foreign import holds, known, matrix, read_json, square, validated
from reprlab.provenance import Provenance, flattened
from reprlab.schedules.schedule import Schedule
from reprlab.similarity.measure import MEASURES
from reprlab.statistics.resampled import DRAWS, Resampled


@dataclass(frozen=True)
class Average:
    """The mean over a part of the matrix, with its interval; NaN ends where there is none.

    `value` and its ends are of means over tokens. `by_document` is the same of the mean over documents of
    their own means, NaN where documents are equally long or nobody knows.
    """

    words: str
    value: float
    low: float
    high: float
    by_document: float = math.nan

    @property
    def text(self) -> str:
        """The mean and its interval: 0.849 [0.840, 0.860], and the mean over documents where it differs.

        >>> Average("all", 0.849, 0.84, 0.86, 0.8612).text
        '0.849 [0.840, 0.860] (mean over documents 0.861)'
        """
        ends = "" if np.isnan(self.low) else f" [{self.low:.3f}, {self.high:.3f}]"
        other = "" if np.isnan(self.by_document) else f" (mean over documents {self.by_document:.3f})"
        return f"{self.value:.3f}{ends}{other}"


@dataclass(frozen=True)
class Intervals:
    """The 95 % bounds of every value and how they were found; empty where there are none."""

    how: str = ""
    low: Array | None = None
    high: Array | None = None

    def __bool__(self) -> bool:
        return self.low is not None


SAVED = (
    *("values", "measure", "model", "note", "corpus", "schedule", "documents", "tokens", "excluded"),
    *("policy", "sink_factor", "dtype", "stored", "made_with", "layers", "remark", "width", "samples"),
    *("positions", "other", "control", "settings", "intervals", "low", "high", "averages", "by_document"),
)
_MATRICES = ("values", "low", "high", "by_document")
_NO_COLUMNS = {*_MATRICES, "made_with", "averages", "settings", "own_measure"}


@dataclass(frozen=True)
class Similarity:
    """A (depth, depth) matrix that knows what it was computed from.

    Symmetric; 1 on the diagonal, 0 where the measure is a distance. Between two captures (`other` is the
    second one's label) it is (depth, depth of the other). `intervals` bound each value at 95 %;
    `averages` are means over parts. `values` are means over tokens where the measure is a mean, so that long
    documents weigh more; `by_document` are then the means over documents of their own means, None where
    documents are equally long. `resampled` matrices are at hand until the value is saved.
    """

    values: Array
    measure: str
    provenance: Provenance
    remark: str = ""
    width: int = 0
    samples: str = "tokens"
    positions: str = "all"
    other: str = ""
    control: str = ""
    settings: dict[str, float] = field(default_factory=dict[str, float])
    intervals: Intervals = Intervals()
    averages: tuple[Average, ...] = ()
    by_document: Array | None = None
    resampled: Resampled | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        for array in (self.values, self.intervals.low, self.intervals.high, self.by_document):
            if array is not None:
                array.setflags(write=False)

    def __repr__(self) -> str:
        pair = f"{self.model} and {self.other}" if self.other else self.model
        rows, columns = self.values.shape
        over = counted(self.documents, "document")
        return f"<Similarity of {pair}: {self.measure} of {rows} x {columns} depths, {over}>"

    @property
    def model(self) -> str:
        """The model whose depths are the rows."""
        return self.provenance.model

    @property
    def documents(self) -> int:
        """How many documents were compared."""
        return self.provenance.documents

    @property
    def tokens(self) -> int:
        """How many tokens, or other samples, were compared."""
        return self.provenance.tokens

    @property
    def full(self) -> bool:
        """Whether the model ran as it is."""
        source = self.provenance
        return not source.layers or source.schedule == str(Schedule.full(source.layers))

    @property
    def distance(self) -> bool:
        """Whether small values mean alike."""
        return (self.provenance.own_measure or MEASURES[self.measure]).distance

    @property
    def ratio(self) -> float:
        """n / d: samples for each feature."""
        return self.tokens / self.width if self.width else float("nan")

    @property
    def label(self) -> str:
        """The measure in words, with its settings."""
        words = (self.provenance.own_measure or MEASURES[self.measure]).words
        given = ", ".join(f"{name} {value:g}" for name, value in self.settings.items())
        return f"{words} ({given})" if given else words

    @property
    def title(self) -> str:
        """Model and policy, short."""
        control = f", {self.control}" if self.control else ""
        other = f" against {self.other}" if self.other else ""
        return f"{self.model}{other}, {self.provenance.policy_in_words}{control}"

    @property
    def caption(self) -> str:
        """Model, corpus, n, d, policy and dtype in a sentence."""
        source = self.provenance
        schedule = "" if self.full else f"; schedule {source.schedule}"
        note = f" ({source.note})" if source.note else ""
        versus = f" (down) against {self.other} (across)" if self.other else ""
        sampled = {
            "tokens": "token",
            "documents": "document mean",
            "last": "last token",
            "cls": "first token",
        }
        places = "" if self.positions == "all" else f" at positions {self.positions}"
        control = f"; control: {self.control}" if self.control else ""
        size = f", n/d = {self.ratio:.3g}" if self.width else ""
        text = (
            f"{source.model}{note}{versus}; corpus {source.corpus}: {counted(source.documents, 'document')}, "
            f"{counted(source.tokens, sampled[self.samples])}{places}{size}; {source.tokens_in_words}; "
            f"{source.dtype_in_words}{schedule}{control}."
        )
        if self.by_document is not None:
            text += (
                " Values are means over tokens, in which long documents weigh more; the mean over documents "
                "is given with them."
            )
        return f"{text} {self.remark}" if self.remark else text

    def mean(self, start: int, stop: int) -> float:
        """Mean of the off-diagonal entries among the depths `start` to `stop` - 1, as `--mean start:stop`."""
        return self.average(start, stop).value

    def average(self, start: int, stop: int) -> Average:
        """`mean` with its 95 % interval over documents; its words name the first depth and the last."""
        start, stop = integer("start", start), integer("stop", stop)
        if not 0 <= start < stop - 1 < len(self.values):
            raise ReprlabError(
                f"depths {start}:{stop}: give a half-open range of two depths or more in "
                f"0:{len(self.values)}; {start}:{stop} does not hold {stop}"
            )
        rows, columns = np.nonzero(~np.eye(stop - start, dtype=bool))
        return self._over(f"depths {start} to {stop - 1} to each other", rows + start, columns + start)

    def between(self, start: int, stop: int, depth: int) -> Average:
        """Mean of the entries between the depths `start` to `stop` - 1 and one depth outside."""
        rows = np.arange(start, stop)
        return self._over(f"depths {start} to {stop - 1} to depth {depth}", rows, np.full(len(rows), depth))

    def _over(self, words: str, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Average:
        value = float(self.values[rows, columns].mean())
        saved = next((average for average in self.averages if average.words == words), None)
        by = math.nan if self.by_document is None else float(self.by_document[rows, columns].mean())
        if self.resampled is None:
            return saved or Average(words, value, math.nan, math.nan, by)
        low, high = self.resampled.interval(self.values, lambda m: m[..., rows, columns].mean(-1))
        return Average(words, value, float(low), float(high), by)

    def towards(self, start: int, stop: int) -> Array:
        """Each depth's mean similarity to the depths `start` to `stop` - 1, itself left out: (depths,)."""
        inside = np.arange(start, stop)
        return np.array([row[inside[inside != depth]].mean() for depth, row in enumerate(self.values)])

    @property
    def summary_means(self) -> tuple[Average, ...]:
        """The middle half of the depths to each other, to the first depth and to the last.

        Between two captures the mean of all pairs.
        """
        last = len(self.values) - 1
        if self.other:
            rows, columns = np.indices(self.values.shape)
            return (self._over("all pairs of depths", rows.ravel(), columns.ravel()),)
        if last < 3:
            return ()
        half = round(last / 4), round(3 * last / 4) + 1
        return (self.average(*half), self.between(*half, 0), self.between(*half, last))

    @property
    def summary(self) -> str:
        """One line: how alike the middle half of the depths is, and how near both ends are to it."""
        if np.isnan(self.values).all():
            return f"{self.label}: {self.remark}"
        if self.other:
            place = int(np.nanargmin(self.values) if self.distance else np.nanargmax(self.values))
            row, column = divmod(place, self.values.shape[1])
            best = f"depths {row} and {column} are most alike ({self.values[row, column]:.3f})"
            return f"{self.label}: all pairs of depths have a mean of {self.summary_means[0].text}; {best}"
        if not self.summary_means:
            return f"{self.label}: {len(self.values)} depths"
        inside, first, end = self.summary_means
        middle = inside.words.removesuffix(" to each other")
        return (
            f"{self.label}: {middle} have a mean of {inside.text} to each other, {first.text} to depth 0 and "
            f"{end.text} to depth {len(self.values) - 1}"
        )

    def steps(self, apart: int = 1) -> Array:
        """Values from depth l to l + `apart`, for every l: (depths - apart,).

        Of `angular`: the angular distances of Gromov et al. (2024). Of `cosine`, 1 - steps(1) is each layer's
        `block_influence`.
        """
        return np.diagonal(self.values, apart)

    @property
    def block_influence(self) -> Array:
        """1 - mean cosine of a layer's input and output: (layers,), in [0, 2] (Men et al. 2024)."""
        if self.measure != "cosine" or self.other:
            raise ReprlabError(
                f"block influence is of the measure 'cosine' of one capture, not '{self.measure}'"
            )
        return 1 - self.steps(1)

    def draws(self, count: int) -> Array | None:
        """Matrices under resampled documents: (count, depth, depth); None where there are none."""
        return None if self.resampled is None else self.resampled.draws(self.values, count)

    def scalar_draws(self, statistic: Callable[[Array], Array], count: int) -> Array | None:
        """A linear statistic of the matrix under resampled documents: (count,); None where there are none."""
        if self.resampled is None:
            return None
        return self.resampled.scalar_draws(self.values, statistic, count)

    def to_dataframe(self) -> pd.DataFrame:
        """One row a pair of depths, with its interval and its labels.

        `similarity` is the mean over tokens, `by_document` the mean over documents where lengths differ.
        """
        rows, columns = self.values.shape
        a, b = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        labels = {key: value for key, value in self.to_dict().items() if key not in _NO_COLUMNS}
        if own := self.provenance.own_measure:
            labels["own_measure"] = str(own)
        pairs: dict[str, Any] = {
            "depth": a.ravel(),
            "other_depth": b.ravel(),
            "similarity": self.values.ravel(),
        }
        bounds = {"low": self.intervals.low, "high": self.intervals.high, "by_document": self.by_document}
        for name, bound in bounds.items():
            pairs[name] = np.nan if bound is None else bound.ravel()
        return pd.DataFrame({**pairs, **labels, **self.settings})

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that `save` writes, the provenance's among them."""
        bounds = {"intervals": self.intervals.how, "low": self.intervals.low, "high": self.intervals.high}
        return flattened(replace(self, resampled=None), SAVED, bounds)

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        kinds = {".json": self._json, ".csv": lambda: csv_of(self.to_dataframe())}
        write_result(path, kinds, "similarities")

    def _json(self) -> str:
        """Every field; the matrices a row a line."""
        data = self.to_dict()
        data["averages"] = [plain(average) for average in data["averages"]]
        return _compact(data, _MATRICES)

    @classmethod
    def load(cls, path: Path | str) -> Similarity:
        """Read what `save` wrote as JSON; an own measure's result needs no function."""
        with holds(path, "similarity"):
            data = read_json(path)
            data = known(data, (*SAVED, "own_measure"))
            other = bool(data.get("other"))
            values = (matrix if other else square)(data.pop("values", None))
            low, high, by = (_bound(data.pop(name, None), values) for name in _MATRICES[1:])
            if (low is None) != (high is None):
                raise ValueError("one of 'low' and 'high' is missing")
            source = Provenance.popped(data)
            rest = vars(validated(_SavedSimilarity, data))
            if rest["measure"] not in MEASURES and source.own_measure is None:
                raise ValueError("no matrix of a measure")
            intervals = Intervals(rest.pop("intervals"), low, high)
            averages = tuple(map(_average, rest.pop("averages")))
            return cls(
                values, provenance=source, intervals=intervals, averages=averages, by_document=by, **rest
            )

    def plot(self, ax: Any = None) -> Any:
        """Draw the matrix as a heat map and give back its axes."""
        from reprlab import figures

        finite = self.values[np.isfinite(self.values)]
        own = self.provenance.own_measure is not None and finite.size > 0  # it may go beyond 1
        return figures.heatmap(
            self.values,
            title=self.title,
            label=self.label,
            caption=self.caption,
            ax=ax,
            distance=self.distance,
            high=max(1.0, float(finite.max())) if own else 1.0,
            names=(self.model, self.other) if self.other else None,
        )


@dataclass(frozen=True)
class _SavedAverage:
    """An average as it is saved: null for NaN."""

    words: str
    value: float | None
    low: float | None
    high: float | None
    by_document: float | None = None


@dataclass(frozen=True)
class _SavedSimilarity:
    """A saved similarity without its matrices and its provenance."""

    measure: str
    remark: str = ""
    width: Annotated[int, Ge(0)] = 0
    samples: Literal["tokens", "documents", "last", "cls"] = "tokens"
    positions: str = "all"
    other: str = ""
    control: str = ""
    settings: dict[str, float] = field(default_factory=dict[str, float])
    intervals: str = ""
    averages: tuple[_SavedAverage, ...] = ()


def _average(saved: _SavedAverage) -> Average:
    known = (saved.value, saved.low, saved.high, saved.by_document)
    numbers = (math.nan if value is None else value for value in known)
    return Average(saved.words, *numbers)


def _bound(rows: Any, values: Array) -> Array | None:
    if rows is None:
        return None
    bound = matrix(rows)
    if bound.shape != values.shape:
        raise ValueError(f"a bound has the shape {bound.shape}, the values have {values.shape}")
    return bound


def _compact(data: dict[str, Any], matrices: Sequence[str]) -> str:
    """JSON with a line for each field and each row of numbers, so that changes can be read."""
    text = json.dumps({**data, **{name: f"@{name}" for name in matrices}}, indent=1)
    for name in matrices:
        rows = [] if data[name] is None else data[name].tolist()
        lines = [json.dumps([None if np.isnan(v) else v for v in row]) for row in rows]
        whole = "[\n  " + ",\n  ".join(lines) + "\n ]" if lines else "null"
        text = text.replace(f'"@{name}"', whole, 1)
    return text + "\n"


def average(parts: Sequence[Similarity], corpus: str) -> Similarity:
    """The mean of several corpora's matrices under one name, as the paper averages its benchmarks.

    Intervals are kept where every part has one: corpora are resampled on their own.
    """
    chance = np.random.default_rng(0)  # draws of different corpora have nothing to do with each other
    drawn = [chance.permutation(d) for part in parts if (d := part.draws(DRAWS)) is not None]
    resampled = None
    found = [part.resampled for part in parts if part.resampled is not None]
    if len(drawn) == len(parts) and not any(one.few for one in found):
        documents = tuple(one for each in found for one in each.documents)
        known = all(len(each.documents) == 1 for each in found)
        resampled = Resampled("bootstrap", np.mean(drawn, axis=0), documents=documents if known else ())
    sources = [part.provenance for part in parts]
    source = replace(
        sources[0],
        corpus=f"{corpus} (mean of {', '.join(source.corpus for source in sources)})",
        documents=sum(source.documents for source in sources),
        tokens=sum(source.tokens for source in sources),
        excluded=sum(source.excluded for source in sources),
    )
    mean = replace(
        parts[0],
        values=np.mean([part.values for part in parts], axis=0),
        provenance=source,
        remark=" ".join(sorted({part.remark for part in parts} - {""})),
        averages=(),
        by_document=_mean_by_document(parts),
    )
    return bounded(mean, resampled)


def _mean_by_document(parts: Sequence[Similarity]) -> Array | None:
    """The mean over corpora of the means over documents; None where these are nowhere others than tokens'."""
    if all(part.by_document is None for part in parts):
        return None
    each = [part.values if part.by_document is None else part.by_document for part in parts]
    mean: Array = np.mean(each, axis=0)
    return mean


def bounded(similarity: Similarity, resampled: Resampled | None) -> Similarity:
    """A matrix with the intervals that resampled ones give it."""
    if resampled is None:
        return replace(similarity, resampled=None, intervals=Intervals())
    with np.errstate(invalid="ignore"):
        low, high = resampled.interval(similarity.values)
    if not np.isfinite(low[~np.eye(*low.shape, dtype=bool)]).any():
        return replace(bounded(similarity, None), resampled=resampled if resampled.few else None)
    intervals = Intervals(resampled.words, low, high)
    similarity = replace(similarity, resampled=resampled, intervals=intervals)
    return replace(similarity, averages=similarity.summary_means)
