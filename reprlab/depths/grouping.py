"""Group: the depths of a capture in groups, and the groups of a family of models, as labelled values."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprlab.depths.cuts import Claim, Cut, cut, falling, one_layer, proportional, stability, words
from reprlab.errors import ReprlabError
from reprlab.files import plain, write_result
from reprlab.similarity.matrix import Similarity

DRAWS = 200
PARTS = ("beginning", "middle", "ending")
# what the models of a family have in common
_LABELS = ("measure", "words", "corpus", "policy", "sink_factor", "samples", "positions", "control")


@dataclass(frozen=True)
class Groups:
    """Groups of contiguous depths: `starts` are their first depths, depth 0 stands apart.

    `reason` says why there is only one. `stable` has for each boundary the share of `draws` resamples of the
    documents with one at most one depth away, `agreeing` is the share with as many groups, `spread` the 95 %
    interval of the sizes of beginning, middle and ending. `count` is the number that was asked for.
    """

    matrix: NDArray[np.float64] = field(compare=False, repr=False)
    distance: bool
    measure: str
    words: str
    model: str
    note: str
    corpus: str
    schedule: str
    documents: int
    tokens: int
    excluded: int
    policy: str
    sink_factor: float
    samples: str
    positions: str
    control: str
    dtype: str
    layers: int
    made_with: dict[str, str]
    title: str
    about: str
    count: int | None
    starts: tuple[int, ...]
    gap: float
    explained: float
    apart: float
    reason: str
    draws: int
    stable: tuple[float, ...]
    agreeing: float
    spread: tuple[tuple[float, float], ...]

    @property
    def groups(self) -> tuple[range, ...]:
        """The depths of each group."""
        return self._cut.groups

    @property
    def values(self) -> NDArray[np.int64]:
        """How many depths each group has."""
        return np.array([len(group) for group in self.groups], dtype=np.int64)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Depths in the beginning, the middle and the ending."""
        return self._cut.sizes

    @property
    def _cut(self) -> Cut:
        return Cut(self.starts, len(self.matrix) - 1)

    @property
    def parts(self) -> tuple[str, ...]:
        """What each group is called; `all` where there is one."""
        if len(self.starts) == 1:
            return ("all",)
        return tuple(part for part, groups in words(self.groups).items() for _ in groups)

    @property
    def caption(self) -> str:
        """What was compared, and how often documents were resampled, in sentences."""
        chosen = "number from the data" if self.count is None else "number as asked for"
        draws = f"{self.draws:,} resamples of documents" if self.draws else "documents not resampled"
        return f"{self.about} Groups by {self.words}, {chosen}; {draws}."

    @property
    def reading(self) -> str:
        """One line: the groups in words, and how stable their boundaries are."""
        last = len(self.matrix) - 1
        if len(self.starts) == 1:
            why = f": {self.reason}" if self.reason else ", as asked for" if self.count else ""
            return f"{self.words}: depths {said(range(1, last + 1))} are one group{why}"
        told = {
            part: " and ".join(said(group) for group in groups)
            for part, groups in words(self.groups).items()
            if groups
        }
        text = f"{self.words}: {', '.join(f'{part} {depths}' for part, depths in told.items())}"
        if not self.draws:
            return f"{text}; stability unknown, documents were not resampled"
        least = f"at least {100 * min(self.stable):.0f} % of {self.draws:,} resamples"
        return f"{text}; every boundary within 1 in {least}"

    def to_dataframe(self) -> pd.DataFrame:
        """One row a group: its depths, both ends included, its size, and how stable its start is."""
        last = len(self.matrix) - 1
        rows = [
            {"part": part, "first": g.start, "last": g.stop - 1, "size": len(g), "share": len(g) / last}
            for part, g in zip(self.parts, self.groups, strict=True)
        ]
        left_out = {"matrix", "made_with", "starts", "stable", "spread", "title", "about"}
        labels = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        stable = [math.nan, *self.stable]
        return pd.DataFrame(rows).assign(stable=stable, **labels)

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        path = Path(path)
        if path.suffix == ".csv":
            path.write_text(self.to_dataframe().to_csv(index=False), encoding="utf-8")
            return
        data = plain({**asdict(self), "matrix": self.matrix.tolist()})
        rows = ",\n  ".join(json.dumps(row) for row in data["matrix"])
        rest = json.dumps({**data, "matrix": "@"}, indent=1)
        path.write_text(rest.replace('"@"', f"[\n  {rows}\n ]", 1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Groups:
        """Read what `save` wrote as JSON."""
        try:
            data: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            matrix = np.array(data.pop("matrix"), dtype=np.float64)
            numbers = {name: _number(data.pop(name)) for name in ("gap", "explained", "apart", "agreeing")}
            starts, stable = tuple(data.pop("starts")), tuple(map(_number, data.pop("stable")))
            spread = tuple((_number(low), _number(high)) for low, high in data.pop("spread"))
            return cls(matrix=matrix, starts=starts, stable=stable, spread=spread, **numbers, **data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReprlabError(f"'{path}' holds no groups that reprlab wrote: {error}") from error

    def plot(self, ax: Any = None) -> Any:
        """Draw the matrix as a heat map, with lines where a group begins, and give back its axes."""
        from reprlab import figures

        ax = figures.heatmap(
            self.matrix,
            title=self.title,
            label=self.words,
            caption=self.caption,
            ax=ax,
            distance=self.distance,
        )
        for start in self.starts:
            for line in (ax.axhline, ax.axvline):
                line(start - 0.5, color="black", lw=1.4)
                line(start - 0.5, color="white", lw=0.7)
        return ax


def group(found: Similarity, *, count: int | None = None) -> Groups:
    """The groups that a similarity's depths fall into, with the stability of their boundaries.

    Their number comes from the data unless `count` says it; see `reprlab.depths.cuts.cut`. Every resample of the
    documents is cut by the same rule. Raises `ReprlabError` for a matrix between two captures.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-neox"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> len(group(rl.cosine(acts), count=2).groups)
    2
    """
    if found.other:
        raise ReprlabError("groups are of the depths of one capture: compare it with itself")
    whole = cut(found.values, count, distance=found.distance)
    drawn = found.draws(DRAWS)
    cuts = [] if drawn is None else [cut(matrix, count, distance=found.distance) for matrix in drawn]
    sizes = np.array([c.sizes for c in cuts] or [whole.sizes], dtype=np.float64)
    ends = np.quantile(sizes, [0.025, 0.975], axis=0) if cuts else np.full((2, 3), math.nan)
    same = [len(c.starts) == len(whole.starts) for c in cuts]
    return Groups(
        matrix=found.values,
        distance=found.distance,
        measure=found.measure,
        words=found.words,
        model=found.model,
        note=found.note,
        corpus=found.corpus,
        schedule=found.schedule,
        documents=found.documents,
        tokens=found.tokens,
        excluded=found.excluded,
        policy=found.policy,
        sink_factor=found.sink_factor,
        samples=found.samples,
        positions=found.positions,
        control=found.control,
        dtype=found.dtype,
        layers=found.layers,
        made_with=dict(found.made_with),
        title=found.title,
        about=found.caption,
        count=count,
        starts=whole.starts,
        gap=whole.gap,
        explained=whole.explained,
        apart=whole.apart,
        reason=whole.reason,
        draws=len(cuts),
        stable=tuple(stability(cuts, whole).values()),
        agreeing=float(np.mean(same)) if same else math.nan,
        spread=tuple((float(low), float(high)) for low, high in ends.T),
    )


@dataclass(frozen=True)
class Member:
    """A model of a family: layers in its beginning, middle and ending, NaN with a reason if it has no groups.

    `low` and `high` bound the sizes over resampled documents.
    """

    model: str
    note: str
    layers: int
    documents: int
    tokens: int
    excluded: int
    dtype: str
    sizes: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    reason: str


@dataclass(frozen=True)
class Family:
    """Beginning, middle and ending over models, fewest layers first, and the paper's claims, tested."""

    measure: str
    words: str
    corpus: str
    policy: str
    sink_factor: float
    samples: str
    positions: str
    control: str
    members: tuple[Member, ...]
    claims: tuple[Claim, ...]
    made_with: dict[str, str]

    @property
    def values(self) -> NDArray[np.float64]:
        """Layers in the beginning, the middle and the ending: (model, 3); NaN where a model has no groups."""
        return np.array([member.sizes for member in self.members])

    @property
    def shares(self) -> NDArray[np.float64]:
        """The same, of all layers of the model: (model, 3), in [0, 1]."""
        return self.values / np.array([[member.layers] for member in self.members])

    @property
    def caption(self) -> str:
        """Models, corpus, n, policy and what has no groups, in sentences."""
        excluded = sum(member.excluded for member in self.members)
        left_out = f"{excluded:,} sink tokens left out (norm above {self.sink_factor:g}x the median)"
        policy = left_out if self.policy == "no-sinks" else "all tokens"
        counts = sorted({member.documents for member in self.members})
        documents = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        without = [member.model for member in self.members if member.reason]
        text = (
            f"{', '.join(member.model for member in self.members)}; corpus {self.corpus}: {documents} "
            f"documents each; {policy}; groups by {self.words}."
        )
        return f"{text} Without groups: {', '.join(without)}." if without else text

    @property
    def reading(self) -> str:
        """One line: each claim, its verdict and its numbers."""
        return "; ".join(f"{claim.text}: {claim.verdict} ({claim.reason})" for claim in self.claims)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each model and part, with its size, interval and share."""
        rows: list[dict[str, Any]] = []
        for member, shares in zip(self.members, self.shares, strict=True):
            own = {k: v for k, v in asdict(member).items() if k not in {"sizes", "low", "high"}}
            columns = zip(PARTS, member.sizes, member.low, member.high, shares.tolist(), strict=True)
            names = ("part", "size", "low", "high", "share")
            rows += [{**own, **dict(zip(names, column, strict=True))} for column in columns]
        return pd.DataFrame(rows).assign(**{name: getattr(self, name) for name in _LABELS})

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        write_result(path, asdict(self), self.to_dataframe)

    @classmethod
    def load(cls, path: Path | str) -> Family:
        """Read what `save` wrote as JSON."""
        try:
            data: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            members = tuple(Member(**_numbers(member)) for member in data.pop("members"))
            claims = tuple(Claim(**_numbers(claim)) for claim in data.pop("claims"))
            return cls(**data, members=members, claims=claims)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReprlabError(f"'{path}' holds no family that reprlab wrote: {error}") from error

    def plot(self, ax: Any = None, *, shares: bool = False) -> Any:
        """Draw the sizes against the number of layers, or the `shares` of it, and give back the axes."""
        from reprlab import figures

        some = [i for i, member in enumerate(self.members) if not member.reason]
        layers = np.array([self.members[i].layers for i in some])
        by = layers[:, None] if shares else 1
        columns = [
            np.array([getattr(self.members[i], name) for i in some]).reshape(-1, 3) / by
            for name in ("sizes", "low", "high")
        ]
        at = layers.tolist()
        curves = {part: (at, *(c[:, k].tolist() for c in columns)) for k, part in enumerate(PARTS)}
        curves = curves if some else {"no model has groups": ([0], [math.nan], [math.nan], [math.nan])}
        label = "share of the layers" if shares else "layers"
        ax = figures.lines(curves, title=self.corpus, label=label, caption=self.caption, ax=ax)
        ax.set(xlabel="layers of the model")
        if some:
            ax.set_xticks(sorted(set(at)))
        return ax


def family(parts: Sequence[Groups]) -> Family:
    """The groups of several models, and what the paper says of them, tested (fig. 14, A.3).

    Models whose depths are one group have no sizes and are in no test. Raises `ReprlabError` for no models,
    for a model twice, and for groups by different measures, corpora or token policies.

    >>> import reprlab as rl
    >>> texts = rl.corpus("builtin")
    >>> made = [rl.capture(rl.load(f"tiny-{m}"), texts, documents=3, cache=tmp) for m in ("neox", "gpt2")]
    >>> family([group(rl.cosine(acts), count=2) for acts in made]).claims[0].reason
    '4 models are needed, there are 2'
    """
    if not parts:
        raise ReprlabError("a family has no models: give the groups of one or more")
    for name in _LABELS:
        given = sorted({str(getattr(part, name)) for part in parts})
        if len(given) > 1:
            raise ReprlabError(
                f"a family is compared by one {name.replace('_', ' ')}, given {', '.join(given)}"
            )
    names = [part.model for part in parts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ReprlabError(f"a family has each model once, given twice: {', '.join(twice)}")
    members = tuple(sorted(map(_member, parts), key=lambda m: (m.layers, names.index(m.model))))
    some = [member for member in members if not member.reason]
    beginnings, middles, endings = ([int(m.sizes[k]) for m in some] for k in range(3))
    claims = (
        falling([m.layers for m in some], beginnings),
        proportional(beginnings, middles),
        one_layer(endings),
    )
    labels = {name: getattr(parts[0], name) for name in _LABELS}
    return Family(**labels, members=members, claims=claims, made_with=parts[0].made_with)


def _member(part: Groups) -> Member:
    alone = len(part.starts) == 1
    sizes = (math.nan,) * 3 if alone else tuple(map(float, part.sizes))
    known = part.draws and not alone
    low, high = (tuple(end[k] for end in part.spread) if known else sizes for k in (0, 1))
    return Member(
        model=part.model,
        note=part.note,
        layers=len(part.matrix) - 1,
        documents=part.documents,
        tokens=part.tokens,
        excluded=part.excluded,
        dtype=part.dtype,
        sizes=sizes,
        low=low,
        high=high,
        reason=(part.reason or "one group, as asked for") if alone else "",
    )


def said(numbers: range) -> str:
    """A range in prose, both ends included.

    >>> said(range(2, 25)), said(range(30, 31))
    ('2..24', '30')
    """
    first, last = numbers.start, numbers.stop - 1
    return str(first) if first == last else f"{first}..{last}"


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Fields as they were: null as NaN, lists as tuples."""
    known = {k: tuple(map(_number, v)) if isinstance(v, list) else v for k, v in row.items()}
    return {k: math.nan if v is None else v for k, v in known.items()}
