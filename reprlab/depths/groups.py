"""Groups of depths as a value: sizes, stability of every boundary, words and pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Ge
from numpy.typing import NDArray

from reprlab.counts import counted
from reprlab.depths.cuts import Cut, words
from reprlab.files import csv_of, plain, write_result
from reprlab.foreign import holds, known, read_json, square, validated, with_nan
from reprlab.provenance import Provenance, flattened

DRAWS = 200


PARTS = ("beginning", "middle", "ending")
SAVED = (
    *("matrix", "distance", "measure", "words", "model", "note", "corpus", "schedule", "documents"),
    *("tokens", "excluded", "policy", "sink_factor", "samples", "positions", "control", "dtype", "layers"),
    *("made_with", "title", "about", "count", "starts", "gap", "explained", "apart", "reason", "draws"),
    *("stable", "agreeing", "spread"),
)
_NO_COLUMNS = {"matrix", "made_with", "starts", "stable", "spread", "title", "about", "own_measure"}


@dataclass(frozen=True)
class Compared:
    """How depths were compared: the measure, the samples, the control, and the caption of the matrix."""

    measure: str
    words: str
    distance: bool
    samples: str
    positions: str
    control: str
    title: str
    about: str


@dataclass(frozen=True)
class _Stability:
    """What of saved groups is about resampled documents."""

    count: int | None
    draws: Annotated[int, Ge(0)]
    stable: tuple[float, ...]
    agreeing: float
    spread: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Groups:
    """Groups of contiguous depths: `starts` are their first depths, depth 0 stands apart.

    `cut.reason` says why there is only one. `stable` has for each boundary the share of `draws` resamples
    of the documents with one at most one depth away, `agreeing` is the share with as many groups, `spread`
    the 95 % interval of the sizes of beginning, middle and ending. `count` is the number that was asked for.
    """

    matrix: NDArray[np.float64] = field(compare=False, repr=False)
    compared: Compared
    provenance: Provenance
    count: int | None
    cut: Cut
    draws: int
    stable: tuple[float, ...]
    agreeing: float
    spread: tuple[tuple[float, float], ...]

    def __repr__(self) -> str:
        begin = ", ".join(map(str, self.starts))
        return (
            f"<Groups of {self.provenance.model}: {counted(len(self.starts), 'group')}, from depths {begin}>"
        )

    @property
    def starts(self) -> tuple[int, ...]:
        """The first depth of each group."""
        return self.cut.starts

    @property
    def reason(self) -> str:
        """Why there is only one group; empty where there are more."""
        return self.cut.reason

    @property
    def groups(self) -> tuple[range, ...]:
        """The depths of each group."""
        return self.cut.groups

    @property
    def values(self) -> NDArray[np.int64]:
        """How many depths each group has."""
        return np.array([len(group) for group in self.groups], dtype=np.int64)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Depths in the beginning, the middle and the ending."""
        return self.cut.sizes

    @property
    def parts(self) -> tuple[str, ...]:
        """What each group is called; `all` where there is one."""
        if len(self.starts) == 1:
            return ("all",)
        return tuple(part for part, groups in words(self.groups).items() for _ in groups)

    @property
    def caption(self) -> str:
        """The comparison, and how often documents were resampled, in sentences."""
        chosen = "number from the data" if self.count is None else "number as asked for"
        draws = f"{counted(self.draws, 'resample')} of documents" if self.draws else "documents not resampled"
        return f"{self.compared.about} Groups by {self.compared.words}, {chosen}; {draws}."

    @property
    def summary(self) -> str:
        """One line: the groups in words, and how stable their boundaries are."""
        by, last = self.compared.words, self.cut.last
        if len(self.starts) == 1:
            why = f": {self.reason}" if self.reason else ", as asked for" if self.count else ""
            return f"{by}: depths {said(range(1, last + 1))} are one group{why}"
        depths_of = {
            part: " and ".join(said(group) for group in groups)
            for part, groups in words(self.groups).items()
            if groups
        }
        text = f"{by}: {', '.join(f'{part} {depths}' for part, depths in depths_of.items())}"
        if not self.draws:
            return f"{text}; stability is unknown: documents were not resampled"
        least = f"at least {100 * min(self.stable):.0f} % of {counted(self.draws, 'resample')}"
        return f"{text}; every boundary stays within one depth in {least}"

    def to_dataframe(self) -> pd.DataFrame:
        """One row a group: its depths, both ends included, its size, and how stable its start is."""
        rows = [
            {
                "part": part,
                "first": g.start,
                "last": g.stop - 1,
                "size": len(g),
                "share": len(g) / self.cut.last,
            }
            for part, g in zip(self.parts, self.groups, strict=True)
        ]
        labels = {key: value for key, value in self.to_dict().items() if key not in _NO_COLUMNS}
        if own := self.provenance.own_measure:
            labels["own_measure"] = str(own)
        stable = [math.nan, *self.stable]
        return pd.DataFrame(rows).assign(stable=stable, **labels)

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that `save` writes."""
        return flattened(self, SAVED, {**vars(self.compared), **vars(self.cut)})

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Groups:
        """Groups from the keys that `save` writes; null is NaN."""
        data: dict[str, Any] = with_nan(known(dict(given), (*SAVED, "own_measure", "stored")))
        matrix = square(data.pop("matrix"))
        numbers = {name: as_number(data[name]) for name in ("gap", "explained", "apart", "agreeing")}
        data |= {**numbers, "last": len(matrix) - 1}
        source = Provenance.popped(data)
        compared = validated(Compared, {f.name: data.pop(f.name) for f in fields(Compared)})
        cut = validated(Cut, {f.name: data.pop(f.name) for f in fields(Cut)})
        rest = validated(_Stability, data)
        if (0, *cut.starts) != tuple(sorted({0, *cut.starts})) or not 1 <= cut.starts[-1] <= cut.last:
            raise ValueError(f"starts: {list(cut.starts)} do not rise from 1 to {cut.last} at most")
        if rest.draws and (len(rest.stable) != len(cut.starts) - 1 or len(rest.spread) != len(PARTS)):
            raise ValueError("stable, spread: one number a boundary and one pair a part are needed")
        return cls(matrix=matrix, compared=compared, provenance=source, cut=cut, **vars(rest))

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        kinds = {".json": self._json, ".csv": lambda: csv_of(self.to_dataframe())}
        write_result(path, kinds, "groups")

    def _json(self) -> str:
        """Every field; the matrix a row a line."""
        data = plain({**self.to_dict(), "matrix": self.matrix.tolist()})
        rows = ",\n  ".join(json.dumps(row) for row in data["matrix"])
        rest = json.dumps({**data, "matrix": "@"}, indent=1)
        return rest.replace('"@"', f"[\n  {rows}\n ]", 1) + "\n"

    @classmethod
    def load(cls, path: Path | str) -> Groups:
        """Read what `save` wrote as JSON."""
        with holds(path, "groups"):
            data = read_json(path)
            return cls.from_dict(data)

    def plot(self, ax: Any = None) -> Any:
        """Draw the matrix as a heat map, with lines where a group begins, and give back its axes."""
        from reprlab import figures

        ax = figures.heatmap(
            self.matrix,
            title=self.compared.title,
            label=self.compared.words,
            caption=self.caption,
            ax=ax,
            distance=self.compared.distance,
        )
        for start in self.starts:
            for line in (ax.axhline, ax.axvline):
                line(start - 0.5, color="black", lw=1.4)
                line(start - 0.5, color="white", lw=0.7)
        return ax


def said(numbers: range) -> str:
    """A range in prose, both ends included.

    >>> said(range(2, 25)), said(range(30, 31))
    ('2..24', '30')
    """
    first, last = numbers.start, numbers.stop - 1
    return str(first) if first == last else f"{first}..{last}"


def as_number(value: float | None) -> float:
    return math.nan if value is None else value


def as_numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Fields as they were: null as NaN, lists as tuples."""
    known = {k: tuple(map(as_number, v)) if isinstance(v, list) else v for k, v in row.items()}
    return {k: math.nan if v is None else v for k, v in known.items()}
