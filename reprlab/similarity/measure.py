"""The measures as data: what each is called, how it is computed, what it ranges over and needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from reprlab.errors import ReprlabError, unknown
from reprlab.provenance import OwnMeasure
from reprlab.similarity.policy import Policy

if TYPE_CHECKING:
    from reprlab.similarity.measures import Computed, MeasureOptions
    from reprlab.similarity.own import OwnFunction
    from reprlab.similarity.samples import Sample

NEIGHBOURS = 10  # k of knn
CONTROLS = ("shuffled", "residual")  # nulls of a comparison's own states


@dataclass(frozen=True)
class Measure:
    """A measure of likeness: its name, its words, its function, whether it is a distance, what it needs.

    `compute` gives the matrix of a sample, and those of resampled documents. `alike`: whether both depths
    need the same width. `states`: whether the states are needed, or sums over them do. `setting` is the
    option that it takes. `few`: how its values turn out where samples are fewer than the width. `resampled`:
    whether it has intervals. `whole`: whether it compares whole documents. `own` is a user's.
    """

    name: str
    words: str
    compute: Callable[[Sample, MeasureOptions], Computed]
    distance: bool = False
    alike: bool = True
    states: bool = True
    setting: str = ""
    few: str = ""
    resampled: bool = True
    whole: bool = False
    own: OwnMeasure | None = None

    @classmethod
    def of(cls, function: OwnFunction, *, words: str = "", distance: bool = False) -> Measure:
        """A measure of your own, as `compare` takes it, from a function of two depths' states.

        `words` are written next to the colours of a picture (default: the function's name). Say `distance`
        where small values mean alike: colours, groups and the summary are turned round.

        >>> def mean_gap(x, y):
        ...     return (x.mean(0) - y.mean(0)).norm()
        >>> Measure.of(mean_gap, distance=True).name
        'mean_gap'
        """
        from reprlab.similarity.own import every_pair, named

        own = named(function, words=words, distance=distance)
        if own.name in MEASURES:
            raise ReprlabError(f"a measure '{own.name}' is built in: give your function another name")
        compute = partial(every_pair, function=function, name=own.name)
        return cls(own.name, own.words, compute, distance, alike=False, own=own)

    def settings(self, bandwidth: float, neighbours: int, components: int) -> dict[str, float]:
        """The option that the measure takes, by its name in results; none for most."""
        given = {"bandwidth": bandwidth, "k": neighbours, "components": components}
        return {self.setting: float(given[self.setting])} if self.setting else {}


def _computed(name: str, /, **fixed: Any) -> Callable[[Sample, MeasureOptions], Computed]:
    """A function of `reprlab.similarity.measures` by its name; that file needs torch, this table does not."""

    def compute(sample: Sample, options: MeasureOptions) -> Computed:
        from reprlab.similarity import measures

        return getattr(measures, name)(sample, options, **fixed)

    return compute


_ROWS = (
    Measure("cosine", "mean cosine over tokens", _computed("plain_cosine"), states=False),
    Measure("cosine-centred", "mean cosine, means removed", _computed("changed_cosine", change="centred")),
    Measure(
        "cosine-standardised",
        "mean cosine, features standardised",
        _computed("changed_cosine", change="standardised"),
    ),
    Measure(
        "cosine-components",
        "mean cosine, without top components",
        _computed("changed_cosine", change="components"),
        setting="components",
    ),
    Measure(
        "cosine-sequence", "cosine of whole documents", _computed("sequence_cosine"), states=False, whole=True
    ),
    Measure("angular", "mean angle / pi", _computed("angles"), distance=True),
    Measure("cka", "linear CKA, debiased", _computed("linear_alignment", name="cka"), alike=False),
    Measure(
        "cka-biased",
        "linear CKA, biased",
        _computed("linear_alignment", name="cka-biased", debiased=False),
        alike=False,
        few="near 1 even for unrelated states",
    ),
    Measure(
        "rbf-cka",
        "RBF CKA, debiased",
        _computed("rbf_alignment", name="rbf-cka"),
        alike=False,
        setting="bandwidth",
    ),
    Measure(
        "procrustes",
        "Procrustes angle (rad)",
        _computed("procrustes_angles"),
        distance=True,
        alike=False,
        few="small even for unrelated states",
        resampled=False,
    ),
    Measure("knn", "mutual nearest neighbours", _computed("neighbour_overlap"), alike=False, setting="k"),
)
MEASURES = {row.name: row for row in _ROWS}


def measure_of(measure: str | Measure | OwnFunction) -> Measure:
    """The row of a measure's name, or a row for a function of the user's."""
    if isinstance(measure, Measure):
        return measure
    if not isinstance(measure, str):
        return Measure.of(measure)
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    return MEASURES[measure]


def check_asked(
    measure: str | Measure | OwnFunction,
    policy: Policy,
    control: str | None = None,
    bandwidth: float = 1.0,
    neighbours: int = NEIGHBOURS,
    components: int = 3,
) -> None:
    """Raises `ReprlabError` for what no comparison takes, before anything is captured."""
    row = measure_of(measure)
    policy.check()
    if control is not None and control not in CONTROLS:
        raise unknown("control", control, CONTROLS)
    if not (bandwidth > 0 and math.isfinite(bandwidth)):
        raise ReprlabError(f"bandwidth {bandwidth:g}: give a positive number of median distances")
    for name, value in (("neighbours", neighbours), ("components", components)):
        if value < 1:
            raise ReprlabError(f"{name} {value}: give 1 or more")
    if row.whole and policy.samples != "tokens":
        raise ReprlabError(f"{row.name} compares whole documents: leave samples away")
