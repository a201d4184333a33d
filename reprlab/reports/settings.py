"""Settings: how much of the paper a report runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reprlab.arguments import count_or_counts, integer, optional, several, string
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.sampled import SEED
from reprlab.schedules.grids import MOST_SEEDS, VARIANTS, Entry, compared_starts, paper_grid
from reprlab.schedules.schedule import Schedule, choose

EXAMPLES = ("gsm8k", "builtin")  # questions of fig. 16
FINE_TUNED_ON = "arc"
DIRECTIONS = 3  # random ones a start, whose mean has an interval
_CHANGES = {line.variant: line for line in VARIANTS[1:]}  # all but the full model


@dataclass(frozen=True)
class ReportSettings:
    """What runs: `documents` of a corpus are captured, `limit` documents of each benchmark are scored.

    `own_limits` are numbers of documents by benchmark, where one is to have another than `limit`.
    `starts`: the paper's s; None for every s that leaves a middle layer. `seeds` random orders a start, with
    three middle layers all orders that there are. `every`: skip-one and switch at every n-th layer,
    and the last. `loops`: the counts of fig. 10, over `loop_limit` documents of the first benchmark (0: left
    out). `single_on`: the benchmarks of figs. 2 and 17 (none named: all). `window_limit`: every window
    of layers, over that many documents of the first benchmark (0: left out). `precise_limit`: figs. 4 to 9
    once more in float32, over that many documents of `precise_on` (default: the first; 0: left out).
    `controls`: changes with their update at the full model's norm, random directions, mean ablation, and the
    model's own ruins, too. Without `keep_all` a benchmark on which the full model is at chance leaves the
    grids. Documents and rows are a sample by the seed `sample`; None: the first ones.

    For an encoder: `glue` are the tasks of classifiers on it (none: left out), over all their rows or
    `glue_limit` of each split; `trained_starts` the starts at which it is trained as a whole, too, under
    `trained_variants` (none named: all).
    `tuned_limit`: fig. 13, scored on that many documents of ARC (0: left out). `example`: the question of
    fig. 16, the first of `gsm8k` (by default, where it is among the rows) or of `builtin`.
    """

    benchmarks: tuple[str, ...]
    corpus: str
    documents: int
    limit: int
    starts: tuple[int, ...] | None = None
    seeds: int = 10
    every: int = 1
    loops: tuple[int, ...] = ()
    loop_limit: int = 0
    single_on: tuple[str, ...] = ()
    window_limit: int = 0
    precise_limit: int = 0
    precise_on: str = ""
    glue: tuple[str, ...] = ()
    glue_limit: int | None = None
    trained_starts: tuple[int, ...] = ()
    trained_variants: tuple[str, ...] = ()
    tuned_limit: int = 0
    example: str = ""
    keep_all: bool = True
    controls: bool = True
    sample: int | None = SEED
    own_limits: Mapping[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        counts = ("documents", "limit", "seeds", "every", "loop_limit", "window_limit", "precise_limit")
        for name in (*counts, "tuned_limit"):
            integer(name, getattr(self, name))
        for name in ("glue_limit", "sample"):
            optional(integer)(name, getattr(self, name))
        several(string, (), "names of benchmarks")("benchmarks", self.benchmarks)
        count_or_counts("own_limits", self.own_limits)
        for option, value in (
            ("--documents", self.documents),
            *(("--limit", limit) for limit in (self.limit, *self.own_limits.values())),
            ("--seeds", self.seeds),
            ("--glue-limit", self.glue_limit),
        ):
            if value is not None and value < 1:
                raise ReprlabError(f"{option} {value}: give 1 or more")
        if self.seeds > MOST_SEEDS:
            raise ReprlabError(f"--seeds {self.seeds}: give {MOST_SEEDS} at most")
        for option, given, other, there in (
            ("--glue-limit", self.glue_limit is not None, "--glue", self.glue),
            ("--trained-starts", self.trained_starts, "--glue", self.glue),
            ("--trained-variants", self.trained_variants, "--trained-starts", self.trained_starts),
        ):
            if given and not there:
                raise ReprlabError(f"{option} goes with {other}: give both, or neither")
        for name in self.trained_variants:
            choose(_CHANGES, name, "variant")
        if min(self.loops, default=1) < 1:
            raise ReprlabError(f"--loops {min(self.loops)}: give counts of 1 or more")
        left = {
            "--loop-limit": self.loop_limit,
            "--windows": self.window_limit,
            "--precise": self.precise_limit,
            "--fine-tune": self.tuned_limit,
        }
        for option, value in left.items():
            if value < 0:
                raise ReprlabError(f"{option} {value}: give a number of documents, 0 to leave it out")

    def starts_of(self, layers: int) -> tuple[int, ...]:
        """The starts that a model of `layers` layers has, of those asked for.

        >>> ReportSettings(("builtin",), "builtin", 8, 8, starts=(1, 2, 9)).starts_of(6)
        (1, 2)
        """
        allowed = range(layers // 2)
        if self.starts is None:
            return tuple(allowed)
        return tuple(start for start in self.starts if start in allowed)

    def check_starts(self, layers: int) -> None:
        """Raises `ReprlabError` where none of the starts leaves a middle in a model of `layers` layers."""
        if not self.starts_of(layers):
            raise ReprlabError(
                f"--starts: none of those given leaves a middle in {counted(layers, 'layer')}; allowed are "
                f"0..{layers // 2 - 1}"
            )

    def grid(self, layers: int) -> list[Entry]:
        """The schedules of figs. 4 to 9 and 11."""
        starts, few = self.starts_of(layers), (layers - 4) / 2
        entries = paper_grid("fig11", layers, starts=starts, seeds=range(self.seeds))
        if few in starts and self.seeds > 1:
            entries += paper_grid("fig07", layers, starts=[int(few)], seeds=_all_orders(layers, int(few)))
        return list(dict.fromkeys(entries))

    def control_grid(self, layers: int, calibration: str | None) -> list[Entry]:
        """The schedules of the figure of controls, and the ruins; mean ablation only with a calibration."""
        axes: dict[str, Any] = {"starts": self.starts_of(layers), "seeds": range(DIRECTIONS)}
        entries = paper_grid("controls", layers, calibration=calibration, **axes)
        return [*entries, *paper_grid("ruins", layers)]

    def single_grid(self, layers: int) -> list[Entry]:
        """The schedules of figs. 2 and 17."""
        single = [e for e in paper_grid("fig02", layers) if self._taken(e.layer, layers)]
        return [*single, *paper_grid("fig17", layers, starts=self.starts_of(layers))]

    def _taken(self, layer: int | None, layers: int) -> bool:
        return layer is None or layer % self.every == 0 or layer == layers - 1

    def trained_grid(self, layers: int) -> list[Entry]:
        """The schedules under which an encoder is trained as a whole."""
        starts = [start for start in self.trained_starts if start in range(layers // 2)]
        entries = paper_grid("fig11", layers, starts=starts, seeds=range(1)) if starts else []
        names = self.trained_variants and {"full", *self.trained_variants}
        return [entry for entry in entries if not names or entry.variant in names]

    def loop_grid(self, layers: int) -> list[Entry]:
        """The schedules of fig. 10."""
        return paper_grid("fig10", layers, starts=self.starts_of(layers), loops=self.loops)


def _all_orders(layers: int, start: int) -> list[int]:
    """The first seeds that give each order of three middle layers once."""
    orders: dict[Schedule, int] = {}
    for seed in range(1000):
        orders.setdefault(Schedule.paper("random", layers=layers, start=start, seed=seed), seed)
        if len(orders) == 6:
            break
    return sorted(orders.values())


def quick_starts(layers: int) -> tuple[int, ...]:
    """Three starts within the window that verdicts are taken over: 3 <= M <= T / 2.

    >>> quick_starts(30), quick_starts(32), quick_starts(6)
    ((7, 10, 13), (8, 11, 14), (0, 1))
    """
    within = compared_starts(layers)
    starts = within if len(within) > 2 else [s for s in range(layers // 2) if layers - 2 * s > 3] or [0]
    return tuple(sorted({starts[0], starts[len(starts) // 2], starts[-1]}))
