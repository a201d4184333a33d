"""The window W: the starts at which curves are compared, and what variants retain over them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.schedules.grids import compared_starts
from reprlab.scores.retained import Retained
from reprlab.statistics.pooled import margin, pool
from reprlab.verdicts.basis import FEW, Basis, RetainedByMetric
from reprlab.verdicts.floors import FIRST, MEASURED
from reprlab.verdicts.rules import Missing, Statistic, asked
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import Finding
from reprlab.verdicts.versions import DECISIONS, Decisions

STARTS = 3  # of a curve, at least
METRIC_NAMES = {"u": "the continuous score u", "acc": "accuracy"}
TIMES = {"looped_parallel": {"times": 3}}


@dataclass(frozen=True, eq=False)
class RetainedRows:
    """R of some rows on the benchmarks that have all of them: `retained` is (..., benchmark, 1 + draw).

    `weights` of the benchmarks where version 2 pools them; version 1 takes the median.
    """

    benchmarks: tuple[str, ...]
    documents: Mapping[str, int]
    retained: Array
    weights: tuple[float, ...] | None = None

    def fewest(self, benchmarks: Sequence[str]) -> int:
        """The fewest documents of these benchmarks."""
        return min(self.documents[name] for name in benchmarks)

    def whole(self, retained: Array, places: Sequence[int] | None = None) -> Array:
        """One number over benchmarks, or some of them: (benchmark, ...) -> (...)."""
        chosen = range(len(self.benchmarks)) if places is None else places
        if self.weights is None:
            return median(retained[list(chosen)])
        return pool(retained[list(chosen)], [self.weights[at] for at in chosen])

    def on(self, place: int) -> RetainedRows:
        """The same on one of the benchmarks."""
        return replace(
            self,
            benchmarks=self.benchmarks[place : place + 1],
            retained=self.retained[..., place : place + 1, :],
            weights=None,
        )


# (variant, benchmark, 1 + draw) -> (1 + draw,), and the benchmarks that were used
Combine = Callable[[RetainedRows], tuple[Array, Sequence[str]]]


@dataclass(frozen=True)
class Setting:
    """One way to apply the rules: the margin, starts more in W than the rules say, the score, its floor.

    `version` of the rules; `floor` is a name in `floors.FLOORS`, or the one that was measured.
    """

    label: str
    margin: float = 0.05
    wider: int = 0
    metric: str = "u"
    version: int = 1
    floor: str = FIRST


AS_RULED = Setting("as ruled")
CHANGES = (
    Setting("a margin of 0.02", margin=0.02),
    Setting("a margin of 0.10", margin=0.10),
    Setting("one start more", wider=1),
    Setting("one start fewer", wider=-1),
    Setting("accuracy instead of the score u", metric="acc"),
)
AS_RULED_2 = replace(AS_RULED, version=2, floor=MEASURED)
CHANGES_2 = (
    *(replace(one, version=2, floor=MEASURED) for one in CHANGES),
    replace(AS_RULED_2, label="uniform guessing as the floor", floor="uniform"),
    replace(AS_RULED_2, label="the floor of version 1", floor=FIRST),
    replace(AS_RULED_2, label="the model's own ruins as the floor", floor="ruins"),
)


@dataclass(frozen=True, eq=False)
class View:
    """A basis under one setting. A missing part raises `Missing`."""

    basis: Basis
    setting: Setting

    @property
    def layers(self) -> int:
        """T."""
        return self.basis.evidence.layers

    @property
    def margin(self) -> float:
        """The difference that counts."""
        return self.setting.margin

    @property
    def decisions(self) -> Decisions:
        """How this version of the rules decides."""
        return DECISIONS[self.setting.version]

    @property
    def main(self) -> Retained:
        """R of the sweep, on a benchmark or more."""
        return self.known(self.basis.main, "a sweep")

    def known(self, by_metric: RetainedByMetric, what: str) -> Retained:
        """R by the setting's metric, on a benchmark or more."""
        source = by_metric.get(self.setting.metric)
        if source is None or not (source.benchmarks or source.undecided):
            raise Missing("not measured", f"{what} scored by {METRIC_NAMES[self.setting.metric]}")
        if not source.benchmarks:
            few = any(reason.endswith(FEW) for reason in source.undecided.values())
            named = listed(list(source.undecided))
            if few:
                raise Missing("too few documents", f"there are fewer on {named}")
            raise Missing("benchmarks at chance", named)
        return source

    def middle(self, start: int) -> int:
        """M of a start."""
        return self.layers - 2 * start - 1

    def swept(self, *variants: str) -> tuple[int, ...]:
        """The starts at which each of these variants was swept, wherever they are."""
        starts = [set(_by_start(self.main, variant)) for variant in variants]
        if absent := [variant for variant, some in zip(variants, starts, strict=True) if not some]:
            raise Missing("not measured", f"a sweep of {listed(list(map(said, absent)))}")
        return tuple(sorted(set[int].intersection(*starts)))

    def starts(self, *variants: str) -> tuple[int, ...]:
        """The starts of W at which each of these variants was swept: three or more."""
        inside = compared_starts(self.layers, self.setting.wider)
        common = tuple(start for start in self.swept(*variants) if start in inside)
        if len(inside) < STARTS:
            raise Missing(
                "too few starts", f"a model of {counted(self.layers, 'layer')} has {len(inside) or 'none'}"
            )
        if len(common) < STARTS:
            named = listed(list(map(said, variants)))
            raise Missing("too few starts", f"{named} were swept at {len(common)}")
        return common

    def at_starts(
        self, variants: Sequence[str], starts: Sequence[int], source: Retained | None = None
    ) -> RetainedRows:
        """R of variants at starts, on the benchmarks that have all of it, as (start, variant, ...)."""
        source = self.main if source is None else source
        of = {variant: _by_start(source, variant) for variant in variants}
        rows = [0 if variant == "full" else of[variant][start] for start in starts for variant in variants]
        retained = self.rows(source, rows)
        return replace(
            retained,
            retained=retained.retained.reshape(len(starts), len(variants), *retained.retained.shape[1:]),
        )

    def rows(self, source: Retained, rows: Sequence[int]) -> RetainedRows:
        """`retained_rows`, with the weights of the benchmarks by version 2."""
        found = retained_rows(source, rows)
        return replace(found, weights=self._weights(found.benchmarks)) if self.decisions.pools else found

    def _weights(self, benchmarks: Sequence[str]) -> tuple[float, ...]:
        """The full model's margin over the floor, in standard errors, squared: fixed for all schedules."""
        metric, weights = self.setting.metric, list[float]()
        for name in benchmarks:
            one = self.main.scores.benchmarks[name]
            how, full, units = one.column(metric).aggregation, one.items(metric)[0], one.unit_codes
            weights.append(margin(how, full, floor=one.drawn_floor(metric), units=units) ** 2)
        return tuple(weights)

    def over(
        self,
        label: str,
        variants: Sequence[str],
        combine: Combine,
        *,
        source: Retained | None = None,
        apart: bool = False,
    ) -> Statistic:
        """A statistic of variants' mean R over W, and at which starts of W its interval is without 0.

        One that sets benchmarks `apart` from each other has no value on each.
        """
        starts = self.starts(*(variant for variant in variants if variant != "full"))
        cells = self.at_starts(variants, starts, source)
        means = replace(cells, retained=cells.retained.mean(0))
        whole, used = combine(means)
        each = np.array(
            [combine(replace(cells, retained=at))[0][1:] for at in cells.retained]
        )  # (start, draw)
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # no draws at a start
            low, high = np.nanquantile(each, [0.025, 0.975], axis=1)
        middles = np.array([self.middle(start) for start in starts])
        above, below = (tuple(middles[sure].tolist()) for sure in (low > 0, high < 0))
        found = replace(statistic(label, whole, cells, used), starts=starts, above=above, below=below)
        return found if apart else on_each(found, means, lambda one: combine(one)[0])

    def contrast(self, more: str, less: str) -> Statistic:
        """A(more) - A(less), draw by draw: each the mean R over W, over benchmarks as the version says."""

        def combine(found: RetainedRows) -> tuple[Array, tuple[str, ...]]:
            return found.whole(found.retained[0]) - found.whole(found.retained[1]), found.benchmarks

        return self.over(f"{more} - {less}", (more, less), combine)


def retained_rows(source: Retained, rows: Sequence[int]) -> RetainedRows:
    """R of some rows, as it is and under draws, on the benchmarks that have all of them.

    Raises `Missing` where no benchmark has.
    """
    whole = [at for at in range(len(source.benchmarks)) if not np.isnan(source.values[rows, at]).any()]
    if not whole:
        raise Missing("not measured", "a benchmark with all that is compared")
    block = np.ix_(rows, whole)
    values = np.concatenate(
        [source.values[block][..., None], source.drawn[block].astype(np.float64)], axis=-1
    )
    names = tuple(source.benchmarks[at] for at in whole)
    return RetainedRows(names, {name: len(source.scores.benchmarks[name].ids) for name in names}, values)


def statistic(
    label: str, values: Array, found: RetainedRows, used: Sequence[str] | None = None, scope: str = ""
) -> Statistic:
    """A statistic from its value and draws, (1 + draw,), on the cells' benchmarks or those `used`."""
    names = tuple(found.benchmarks if used is None else used)
    return Statistic(label, float(values[0]), values[1:], found.fewest(names), names, scope=scope)


def on_each(found: Statistic, rows: RetainedRows, find: Callable[[RetainedRows], Array]) -> Statistic:
    """A statistic with its value on each of two benchmarks or more, and the median, where it is pooled."""
    if rows.weights is None or len(rows.benchmarks) < 2:
        return found
    each = np.stack([find(rows.on(place)) for place in range(len(rows.benchmarks))])
    plain = find(replace(rows, weights=None, retained=rows.retained[..., :1]))
    return replace(found, benchmarks=rows.benchmarks, each=each, weights=rows.weights, median=float(plain[0]))


def median(retained: Array) -> Array:
    """The median over benchmarks: (benchmark, ...) -> (...)."""
    return np.median(retained, axis=0)


def said(variant: str) -> str:
    """A variant in words.

    >>> said("middle_repeat")
    'middle repeat'
    """
    return variant.replace("_", " ")


def _by_start(source: Retained, variant: str) -> dict[int, int]:
    """The row of a variant at each start; of the full model, which is row 0 at all of them, none."""
    rows = reversed(source.rows(variant, **TIMES.get(variant, {})))  # of several the first
    return {start: row for row in rows if (start := source.labels[row]["start"]) is not None}


def compared(view: View, key: str, more: str, less: str) -> Finding:
    """A(more) - A(less), with the margin."""
    decide = view.decisions.difference
    return asked(key, f"{more} - {less}", lambda: decide(key, view.contrast(more, less), view.margin))


def all_of(view: View, key: str, pairs: Sequence[tuple[str, str]]) -> Finding:
    """The differences of several pairs of variants, together."""
    return view.decisions.together(key, [compared(view, key, *pair) for pair in pairs])
