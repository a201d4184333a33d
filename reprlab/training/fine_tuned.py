"""What fine-tuning found: frozen and tuned scores side by side, and where tuning stops helping."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprlab.arguments import path as taken_path
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import csv_of, write_result
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.skips import left_out
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import aggregate
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.statistics.intervals import Difference, contrast, difference, standard_error


@dataclass(frozen=True)
class Gain:
    """What tuning adds to a score where a share of the layers is left out, and its 95 % interval."""

    schedule: Schedule
    share: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Crossing:
    """The share of layers left out from which on tuning helps no more, and its 95 % interval.

    Of the draws of documents' units, those in which it helps at no share count as before the first one
    (-inf), those in which it helps up to the end as beyond the last one (inf); `none` is the share of both.
    `value` is NaN, with a `reason`, where either holds of the scores themselves.
    """

    value: float
    low: float
    high: float
    none: float
    differences: tuple[Gain, ...]
    reason: str = ""


def turning(shares: Array, gains: Array) -> Array:
    """Where gains first go from positive to not positive: rising shares (n,), gains (n, draw) -> (draw,).

    By linear interpolation. inf where they are positive and never turn, -inf where they are never positive.

    >>> turning(np.array([0, 0.5, 1]), np.array([[3, -1, 1], [-1, 0, 0], [2, -2, 1]])).tolist()
    [0.375, -inf, 0.5]
    """
    here, behind = gains, np.vstack([gains[1:], np.full_like(gains[:1], np.nan, dtype=np.float64)])
    turns = (here > 0) & (behind <= 0)
    first, draw = turns.argmax(0), np.arange(gains.shape[1])
    a, b = here[first, draw], behind[first, draw]
    x, y = shares[first], np.append(shares[1:], np.nan)[first]
    with np.errstate(all="ignore"):
        crossings = x + (y - x) * a / (a - b)
    return np.where(turns.any(0), crossings, np.where((gains > 0).any(0), np.inf, -np.inf))


@dataclass(frozen=True, repr=False)
class FineTuned:
    """Scores of the frozen and of the tuned model: the same entries, in order, over the same documents.

    A point of `curves` has the run's `task` and `schedule`, and what `reprlab.network.fit` says of it. What
    `tuned` keeps of the full model's score is of the tuned full model's.
    """

    frozen: Scores
    tuned: Scores
    curves: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        schedules = counted(len(self.frozen), "schedule")
        return f"<FineTuned {self.frozen.model}: {schedules} on {self._results[0].name}>"

    @property
    def _results(self) -> tuple[Results, Results]:
        return self.frozen.results(), self.tuned.results()

    def to_dataframe(self) -> pd.DataFrame:
        """A row an entry and metric: both scores with standard errors; tuned minus frozen, paired (95 %)."""
        return pd.DataFrame(list(self._rows()))

    def curves_to_dataframe(self) -> pd.DataFrame:
        """The learning curves: a row a point."""
        return pd.DataFrame(list(self.curves))

    def _rows(self) -> Iterator[dict[str, Any]]:
        before, after = self._results
        for place, entry in enumerate(self.frozen.entries):
            for metric in before.metrics:
                how = before.column(metric).aggregation
                one, other = before.items(metric)[place], after.items(metric)[place]
                gain = difference(how, other, one, units=before.unit_codes)
                yield {
                    "schedule": str(entry.schedule),
                    "label": entry.label,
                    "share": left_out(entry.schedule, self.frozen.layers),
                    "benchmark": before.name,
                    "metric": metric,
                    "frozen": float(aggregate(how, one)),
                    "frozen_stderr": float(standard_error(how, one, before.unit_codes)),
                    "tuned": float(aggregate(how, other)),
                    "tuned_stderr": float(standard_error(how, other, before.unit_codes)),
                    **{"difference": gain.value, "low": gain.low, "high": gain.high},
                    "documents": gain.documents,
                    "nonfinite": int(after.nonfinite[place]),
                    "model": self.frozen.model,
                }

    def crossing(self, metric: str = "u", count: int = 10_000) -> Crossing:
        """Where tuned minus frozen first goes from positive to not positive, over the share left out.

        Over the entries that leave layers out and change nothing else. Interval: 95 % of `count` draws of
        the documents' units, the same draw for both models and every entry.
        """
        before, after = self._results
        how, codes, entries = before.column(metric).aggregation, before.unit_codes, self._leaving_out()
        shares, places = np.array([share for share, _ in entries]), [place for _, place in entries]
        items = [results.items(metric)[places] for results in (after, before)]
        gains = [difference(how, *pair, units=codes) for pair in zip(*items, strict=True)]
        value = float(turning(shares, np.array([[gain.value] for gain in gains]))[0])
        tuned, frozen = (bootstrap(how, part, codes, draws(codes, count)) for part in items)
        turns = turning(shares, tuned - frozen)
        low, high = _ends(turns)
        reason = ""
        if math.isinf(value):
            where = f"at {shares[-1]:.2f}, the last share" if value > 0 else "at no share"
            reason = f"no turn: the difference of {metric} is positive {where}"
        if len(shares) == 1:
            reason = "no turn: that takes two shares at least"
        return Crossing(
            value=math.nan if reason else value,
            low=low,
            high=high,
            none=float(np.isinf(turns).mean()),
            differences=tuple(
                Gain(self.frozen.entries[place].schedule, share, gain.value, gain.low, gain.high)
                for (share, place), gain in zip(entries, gains, strict=True)
            ),
            reason=reason,
        )

    def contrast(self, metric: str = "u", share: float = 0.3) -> Difference:
        """The mean gain of tuning where at most this share of the layers is left out, minus that beyond it.

        Over the entries that leave layers out and change nothing else, the full model among them; paired over
        the documents' units. Raises `ReprlabError` where all shares are on one side.
        """
        before, after = self._results
        entries = self._leaving_out()
        places = [place for _, place in entries]
        tuned, frozen = after.items(metric)[places], before.items(metric)[places]
        first = [left <= share + 1e-9 for left, _ in entries]
        return contrast(before.column(metric).aggregation, tuned, frozen, first, units=before.unit_codes)

    def _leaving_out(self) -> list[tuple[float, int]]:
        """The entries that leave layers out and change nothing else, once each, as (share, place), rising."""
        known = {entry.schedule: place for place, entry in reversed(list(enumerate(self.frozen.entries)))}
        pairs = ((left_out(schedule, self.frozen.layers), place) for schedule, place in known.items())
        return sorted(pair for pair in pairs if not math.isnan(pair[0]))

    def save(self, path: Path | str) -> list[Path]:
        """Write the table as .csv, or every number as .npz: NAME-frozen.npz and NAME-tuned.npz."""
        path = taken_path("path", path)
        pair = {path.with_stem(f"{path.stem}-{name}"): getattr(self, name) for name in ("frozen", "tuned")}
        if path.suffix.lower() == ".npz":
            for file, scores in pair.items():
                scores.save(file)
            return list(pair)
        if path.suffix and path.suffix.lower() != ".csv":
            raise ReprlabError(f"fine-tuned scores are saved as .csv or .npz, not as '{path.name}'")
        write_result(path, {".csv": lambda: csv_of(self.to_dataframe())}, "fine-tuned scores")
        return [path]


def _ends(drawn: Array, level: float = 0.95) -> tuple[float, float]:
    """The ends between which that share of draws lies; each is one of the draws, which may be infinite."""
    ordered, out = np.sort(drawn), (1 - level) / 2 * (len(drawn) - 1)
    return float(ordered[math.floor(out)]), float(ordered[math.ceil(len(drawn) - 1 - out)])
