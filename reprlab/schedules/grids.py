"""The grids: the schedules of each figure of the paper, labelled by how they were made."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Any, NamedTuple

from reprlab.arguments import optional, positive, string, taking, whole_numbers
from reprlab.schedules.controls import INTERVENTIONS
from reprlab.schedules.schedule import Schedule, choose, intervened

MOST_SEEDS = 1000  # random orders of a start


@dataclass(frozen=True)
class Entry:
    """A schedule and what it is in a figure; what a variant does not have is None.

    `start` is the paper's s (layers 0..s stay in front), `layer` the n of skip-one and switch,
    `window` a half-open range of layers.
    """

    variant: str
    schedule: Schedule
    start: int | None = None
    layer: int | None = None
    window: tuple[int, int] | None = None
    seed: int | None = None
    times: int | None = None

    @property
    def label(self) -> str:
        """The entry's name: the variant and its arguments, but for the seed; a custom one is its schedule.

        >>> Entry("looped_parallel", Schedule.full(4), start=1, times=3).label
        'looped parallel s=1 x=3'
        """
        if self.variant == "custom":
            return str(self.schedule)
        window = None if self.window is None else "{}:{}".format(*self.window)
        parts = {"s": self.start, "layer": self.layer, "window": window, "x": self.times}
        said = [f"{key}={value}" for key, value in parts.items() if value is not None]
        return " ".join([self.variant.replace("_", " "), *said])


class Line(NamedTuple):
    """A variant of a figure, over every value of each argument that it takes."""

    variant: str
    times: Sequence[int] = ()
    spare: int = 0  # layers that must lie outside: n + 1 of a switch, one that a skip leaves
    windows: bool = False  # over every range of layers instead of the paper's arguments


SKIP, REPEAT, REVERSE = Line("skip"), Line("middle_repeat"), Line("reverse")
RANDOM, PARALLEL, LOOPED = Line("random"), Line("parallel"), Line("looped_parallel", times=(3,))
SINGLE = (Line("skip_one"), Line("switch", spare=1))
LOOPS = (Line("looped_parallel", times=range(1, 29)),)
MATCHED = tuple(map(Line, ("repeat_matched", "reverse_matched", "parallel_matched")))
RULED = (Line("random_direction"), Line("mean_ablation"))
VARIANTS = (Line("full"), SKIP, REPEAT, REVERSE, RANDOM, PARALLEL, LOOPED)

RUIN_SEED = 0  # of the shuffled model
RUINED = "the model's own ruins"
RUINS: Mapping[str, Callable[[int], Iterable[Any]]] = {  # a model that cannot work: where do its scores lie?
    "no_first": lambda layers: range(1, layers),
    "no_last": lambda layers: range(layers - 1),
    "no_ends": lambda layers: range(1, layers - 1),
    "shuffled": lambda layers: Schedule.random(layers, 0, layers, seed=RUIN_SEED),
}

GRIDS: Mapping[str, tuple[Line, ...]] = {
    "fig02": SINGLE,
    "fig04": (SKIP,),
    "fig05": (REPEAT,),
    "fig06": (REVERSE,),
    "fig07": (RANDOM,),
    "fig08": (PARALLEL,),
    "fig09": (LOOPED,),
    "fig10": LOOPS,
    "fig11": VARIANTS,
    "fig12": (SKIP,),
    "fig17": (Line("full"), Line("internal_loop", times=(2, 3)), Line("layer_loop", times=(2, 3))),
    "ruins": tuple(map(Line, RUINS)),
    "windows": (
        Line("skip", spare=1, windows=True),
        Line("middle_repeat", windows=True),
        Line("parallel", windows=True),
    ),
    "controls": (Line("full"), SKIP, *chain(*zip((REPEAT, REVERSE, PARALLEL), MATCHED, strict=True)), *RULED),
    "paper": (*SINGLE, *LOOPS, *VARIANTS),
}


@taking(
    figure=string,
    layers=positive,
    starts=optional(whole_numbers),
    seeds=whole_numbers,
    loops=optional(whole_numbers),
    calibration=optional(string),
)
def paper_grid(
    figure: str,
    layers: int,
    *,
    starts: Iterable[int] | int | None = None,
    seeds: Iterable[int] | int = range(10),
    loops: Iterable[int] | int | None = None,
    calibration: str | None = None,
) -> list[Entry]:
    """The entries of a figure (`GRIDS`) for a model of `layers` layers, variant by variant.

    `starts`: by default every s that leaves a middle layer; `loops` replaces the figure's own
    counts. An argument is unused where the figure has no such axis. `paper` is figures 2, 10 and
    11 together, `windows` skip, repeat and parallel over every range of layers. `controls` is skip, repeat,
    reverse and parallel with updates as they are and at the full model's norm, a random direction for each
    of `seeds`, and the mean update over a `calibration` (`Capture.calibration`) where one is given. `ruins`
    are the model without its first layer, its last, both, and with all layers shuffled by a fixed seed. Equal
    schedules stay: `Plan` runs them once and names them.
    Raises `ReprlabError` for an unknown figure and for a start that leaves no middle.

    >>> for entry in paper_grid("fig09", 32, starts=[13, 15]): print(entry.start, entry.schedule)
    13 0:14 [14:19]*3 19:32
    15 0:16 16*3 17:32
    >>> len(paper_grid("fig02", 32)), len(paper_grid("fig11", 32)), len(paper_grid("fig10", 32))
    (63, 241, 448)
    >>> for entry in paper_grid("controls", 8, starts=2, seeds=1)[3:6]: print(entry.label, entry.schedule)
    repeat matched s=2 0:3 (4*3)~3:6 6 7
    reverse s=2 0:3 6:3 6 7
    reverse matched s=2 0:3 (6:3)~3:6 6 7
    """
    lines = choose(GRIDS, figure, "grid")
    axes: dict[str, Sequence[int | str]] = {
        "calibration": () if calibration is None else (calibration,),
        "start": tuple(range(layers // 2) if starts is None else whole_numbers("starts", starts)),
        "seed": tuple(whole_numbers("seeds", seeds)),
        **({} if loops is None else {"times": tuple(whole_numbers("loops", loops))}),
    }
    return list(chain.from_iterable(_entries(line, layers, axes) for line in lines))


def _entries(line: Line, layers: int, axes: Mapping[str, Sequence[int | str]]) -> Iterator[Entry]:
    if line.variant in RUINS:
        if steps := tuple(RUINS[line.variant](layers)):
            yield Entry(line.variant, Schedule(steps))
        return
    if line.windows:
        build = INTERVENTIONS[line.variant].build
        for window in _windows(layers, layers - line.spare):
            yield Entry(line.variant, build(layers, *window), window=window)
        return
    values: dict[str, Sequence[int | str]] = {
        "layer": range(layers - line.spare),
        "times": line.times,
        **axes,
    }
    needs = INTERVENTIONS[line.variant].needs
    for point in product(*(values[need] for need in needs)):
        given: dict[str, Any] = dict(zip(needs, point, strict=True))
        schedule = intervened(INTERVENTIONS, line.variant, layers, given)
        labels = {key: value for key, value in given.items() if key != "calibration"}  # the text has it
        yield replace(Entry(line.variant, schedule), **labels)


def _windows(layers: int, longest: int) -> Iterator[tuple[int, int]]:
    """Every range start:stop of 1..longest layers."""
    for start in range(layers):
        for stop in range(start + 1, min(start + longest, layers) + 1):
            yield start, stop


def labelled(schedules: Iterable[Entry | Schedule | str], layers: int) -> tuple[Entry, ...]:
    """Every schedule as an entry, checked against a model of `layers` layers, the full model first.

    >>> [entry.label for entry in labelled(["0:2 3:4"], 4)]
    ['full', '0 1 3']
    """
    entries: list[Entry] = []
    for given in schedules:
        if isinstance(given, str):
            given = Schedule.parse(given, layers)
        entries.append(given if isinstance(given, Entry) else Entry("custom", given))
    for schedule in dict.fromkeys(entry.schedule for entry in entries):
        schedule.check(layers)
    rest = [entry for entry in entries if entry.variant != "full"]
    return (Entry("full", Schedule.full(layers)), *rest)


def compared_starts(layers: int, wider: int = 0) -> range:
    """The starts over which variants are compared: 3 <= M <= T/2 where M = T - 2s - 1 are in the middle.

    `wider` adds that many starts of more middle layers.

    >>> compared_starts(32), compared_starts(30), compared_starts(6), compared_starts(30, wider=1)
    (range(8, 15), range(7, 14), range(1, 2), range(6, 14))
    """
    return range(max(0, -(-(layers - 2) // 4) - wider), (layers - 4) // 2 + 1)
