"""Drift by depth as a value: curves of variance, norm, rank and cosine, with intervals."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprlab.counts import counted
from reprlab.files import csv_of, json_of, write_result
from reprlab.foreign import holds, known, read_json, validated, with_nan
from reprlab.provenance import Provenance, flattened

MARGIN = 0.05  # in ln: a smaller difference is none worth the name, however sure it is


WORDS = {
    1: "middle repeat is further away than skip, by {0:.2f} [{1:.2f}, {2:.2f}] in ln",
    -1: "skip is further away than middle repeat, unlike in the paper, by {0:.2f} [{1:.2f}, {2:.2f}] in ln",
    0: "neither is clearly further away ({0:+.2f} [{1:+.2f}, {2:+.2f}] in ln, middle repeat minus skip)",
}


SAVED = (
    *("model", "note", "corpus", "documents", "tokens", "excluded", "policy", "sink_factor", "dtype"),
    *("layers", "start", "made_with", "curves", "apart", "further"),
)


@dataclass(frozen=True)
class DriftCurve:
    """One schedule's quantities by depth. `at` is the full model's depth that each goes with.

    `low` and `high` bound the variance, `cosine` is the mean over tokens to the full model's state there.
    """

    schedule: str
    at: tuple[int, ...]
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    variance_flat: tuple[float, ...]
    norm: tuple[float, ...]
    rank: tuple[float, ...]
    largest: tuple[float, ...]
    cosine: tuple[float, ...]


@dataclass(frozen=True)
class Drift:
    """Curves of the full model and of schedules over the same tokens, and how far the variances part.

    `apart` says for each schedule how far its variance is from the full model's after the middle: the mean
    of |ln(variance / full variance)| over the depths that come after the last layer that differs, with an
    interval by a jackknife over documents; its ends are NaN where these are too few.
    """

    provenance: Provenance
    start: int
    curves: dict[str, DriftCurve]
    apart: dict[str, tuple[float, float, float]] = field(
        default_factory=dict[str, tuple[float, float, float]]
    )
    further: tuple[float, float, float] | None = None

    def __repr__(self) -> str:
        curves = counted(len(self.curves), "schedule")
        return f"<Drift of {self.provenance.model}: {curves}, s = {self.start}>"

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """The variance by depth of each schedule, which the picture shows."""
        return {name: curve.variance for name, curve in self.curves.items()}

    @property
    def caption(self) -> str:
        """Model, corpus, n and policy in a sentence."""
        source = self.provenance
        documents, tokens = counted(source.documents, "document"), counted(source.tokens, "token")
        return (
            f"{source.model} ({source.note}); corpus {source.corpus}: {documents}, {tokens}; "
            f"{source.tokens_in_words}; {source.dtype_in_words}; s = {self.start}."
        )

    @property
    def summary(self) -> str:
        """One line: how far each schedule's variance ends from the full model's, and what that says."""
        if self.further is None or not self.apart:
            return "variance by depth"
        factors = " and ".join(f"{_factor(value[0])} ({name})" for name, value in self.apart.items())
        value, low, high = self.further
        sure = low * high > 0 and abs(value) >= MARGIN
        sign = int(np.sign(value)) if sure else 0
        least, amount, most = sorted((abs(low), abs(value), abs(high))) if sure else (low, value, high)
        few = f"too few documents for an interval ({value:+.2f} in ln, middle repeat minus skip)"
        verdict = few if math.isnan(low) else WORDS[sign].format(amount, least, most)
        differs = "variance after the middle layers differs from the full model's by factors of"
        return f"{differs} {factors}: {verdict}"

    @property
    def last_two(self) -> dict[str, tuple[float, float]]:
        """Variance over the full model's, at its last depth but one and at its last, by schedule.

        NaN at a depth that the schedule leaves out, and where the full model's states do not vary.
        """
        full, layers = self.curves["full"].variance, self.provenance.layers
        ratios: dict[str, tuple[float, float]] = {}
        for name, curve in self.curves.items():
            there = dict(zip(curve.at, curve.variance, strict=True))
            before, last = (
                there.get(at, math.nan) / full[at] if full[at] else math.nan for at in (layers - 1, layers)
            )
            if name != "full":
                ratios[name] = (before, last)
        return ratios

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each schedule and depth, with every quantity."""
        rows: list[dict[str, Any]] = []
        for name, curve in self.curves.items():
            values = {key: value for key, value in asdict(curve).items() if key not in {"schedule", "at"}}
            for depth, at in enumerate(curve.at):
                own = {key: value[depth] for key, value in values.items()}
                rows.append({"variant": name, "schedule": curve.schedule, "depth": depth, "at": at, **own})
        labels = {name: getattr(self.provenance, name) for name in ("model", "corpus", "policy", "dtype")}
        return pd.DataFrame(rows).assign(**labels)

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that `save` writes."""
        return flattened(self, SAVED)

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        kinds = {".json": lambda: json_of(self.to_dict()), ".csv": lambda: csv_of(self.to_dataframe())}
        write_result(path, kinds, "drifts")

    @classmethod
    def load(cls, path: Path | str) -> Drift:
        """Read what `save` wrote as JSON."""
        with holds(path, "drift"):
            data = read_json(path)
            data = with_nan(known(data, (*SAVED, "own_measure", "schedule", "stored")))
            source = Provenance.popped(data)
            result = validated(cls, {**data, "provenance": asdict(source)})
            _check(result)
            return result

    def plot(self, ax: Any = None) -> Any:
        """Draw the variance by depth, with its interval, and give back the axes."""
        from reprlab import figures

        lines = {name: (c.at, self.values[name], c.low, c.high) for name, c in self.curves.items()}
        title = f"{self.provenance.model}, {self.provenance.policy_in_words}"
        labels = {"title": title, "label": "variance", "caption": self.caption}
        return figures.lines(lines, **labels, ax=ax, log=True, broken=True)


def _check(drift: Drift) -> None:
    """Raises `ValueError` where the parts of a drift do not fit each other."""
    if "full" not in drift.curves or set(drift.apart) - set(drift.curves):
        raise ValueError("curves: the full model's is missing, or one that 'apart' names")
    for name, curve in drift.curves.items():
        rows = [value for value in vars(curve).values() if isinstance(value, tuple)]
        if len({len(row) for row in rows}) != 1:
            raise ValueError(f"curves.{name}: its quantities are not of one length")
    if len(drift.curves["full"].at) != drift.provenance.layers + 1:
        raise ValueError("curves.full: it has not one number a depth")


def _factor(ln: float) -> str:
    return "an unknown size" if math.isnan(ln) else f"{math.exp(ln):.2f}"
