"""Drift by depth as a value: curves of variance, norm, rank and cosine, with intervals."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from reprlab.errors import ReprlabError
from reprlab.files import csv_of, json_of, write_result
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
    interval by resampling documents, the same draws for all.
    """

    provenance: Provenance
    start: int
    curves: dict[str, DriftCurve]
    apart: dict[str, tuple[float, float, float]] = field(
        default_factory=dict[str, tuple[float, float, float]]
    )
    further: tuple[float, float, float] | None = None

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """The variance by depth of each schedule, which the picture shows."""
        return {name: curve.variance for name, curve in self.curves.items()}

    @property
    def caption(self) -> str:
        """Model, corpus, n and policy in a sentence."""
        source = self.provenance
        return (
            f"{source.model} ({source.note}); corpus {source.corpus}: {source.documents:,} documents, "
            f"{source.tokens:,} tokens; {source.tokens_in_words}; {source.dtype_in_words}; s = {self.start}."
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
        verdict = WORDS[sign].format(amount, least, most)
        differs = "variance after the middle layers differs from the full model's by factors of"
        return f"{differs} {factors}: {verdict}"

    @property
    def last_two(self) -> dict[str, tuple[float, float]]:
        """Variance over the full model's, at its last depth but one and at its last, by schedule.

        NaN at a depth that the schedule leaves out.
        """
        full, layers = self.curves["full"].variance, self.provenance.layers
        ratios: dict[str, tuple[float, float]] = {}
        for name, curve in self.curves.items():
            there = dict(zip(curve.at, curve.variance, strict=True))
            before, last = (there.get(at, math.nan) / full[at] for at in (layers - 1, layers))
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
        try:
            data: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            curves = {name: DriftCurve(**_tuples(curve)) for name, curve in data.pop("curves").items()}
            apart = {name: three_floats(value) for name, value in data.pop("apart").items()}
            further = data.pop("further")
            further = None if further is None else three_floats(further)
            source = Provenance.popped(data)
            return cls(provenance=source, **data, curves=curves, apart=apart, further=further)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReprlabError(f"'{path}' holds no drift that reprlab wrote: {error}") from error

    def plot(self, ax: Any = None) -> Any:
        """Draw the variance by depth, with its interval, and give back the axes."""
        from reprlab import figures

        lines = {name: (c.at, self.values[name], c.low, c.high) for name, c in self.curves.items()}
        title = f"{self.provenance.model}, {self.provenance.policy_in_words}"
        labels = {"title": title, "label": "variance", "caption": self.caption}
        return figures.lines(lines, **labels, ax=ax, log=True, broken=True)


def three_floats(values: Sequence[float]) -> tuple[float, float, float]:
    value, low, high = values
    return value, low, high


def _tuples(curve: dict[str, Any]) -> dict[str, Any]:
    return {
        k: tuple(math.nan if x is None else x for x in v) if isinstance(v, list) else v
        for k, v in curve.items()
    }


def _factor(ln: float) -> str:
    return "an unknown size" if math.isnan(ln) else f"{math.exp(ln):.2f}"
