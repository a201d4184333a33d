"""Which schedules run: the paper's grids, texts, and files of texts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from reprlab.cli.options.command import how, what
from reprlab.cli.options.pieces import check_counts, separate, whole
from reprlab.errors import ReprlabError
from reprlab.foreign import read_text
from reprlab.schedules.grids import GRIDS, MOST_SEEDS, Entry, paper_grid
from reprlab.schedules.schedule import Schedule, choose

# A path may hold a comma, so --schedules only repeats.
ScheduleFiles = Annotated[
    list[Path] | None,
    what(
        "--schedules",
        help="A file with one schedule a line; # begins a comment; - is standard input. Repeat for several.",
    ),
]


@dataclass(frozen=True)
class GivenSchedule:
    """A schedule and where it was given, for errors; an empty place is the command line."""

    schedule: Schedule
    place: str = ""

    @classmethod
    def parsed(cls, text: str, place: str = "", layers: int | None = None) -> GivenSchedule:
        """The schedule of a text."""
        try:
            return cls(Schedule.parse(text, layers), place)
        except ReprlabError as error:
            raise ReprlabError(f"{place}{error}") from error

    def checked(self, layers: int) -> Schedule:
        """The schedule, if a model of this many layers has all of its layers."""
        try:
            self.schedule.check(layers)
        except ReprlabError as error:
            raise ReprlabError(f"{self.place}{error}") from error
        return self.schedule


@dataclass(frozen=True, kw_only=True)
class ScheduleOptions:
    """A grid of the paper's with its starts, seeds and loops, and schedules by text and by file."""

    grid: Annotated[str | None, what(help=f"A grid of the paper: {', '.join(GRIDS)}.")] = None
    schedule: Annotated[
        list[str] | None,
        what(
            "--schedule",
            help="A schedule, as in '0:14 [14:19]*3 19:32'; commas or repetition.",
            callback=separate,
        ),
    ] = None
    schedules: ScheduleFiles = None
    starts: Annotated[
        list[str] | None,
        what(
            "--starts",
            help="Starts s of --grid: 5,7,9 or a half-open range 5:14. Default: all.",
            callback=separate,
        ),
    ] = None
    seeds: Annotated[int, how(help="Random orders for each start of --grid; 1 or more.")] = 10
    loops: Annotated[
        list[str] | None,
        how(
            "--loops",
            help="Loop counts of --grid: 1,3 or a half-open range 1:29. Default: the figure's.",
            callback=separate,
        ),
    ] = None

    calibration: Annotated[
        str | None, how(help="Calibration of --grid controls: `reprlab capture` prints one. Default: none.")
    ] = None

    def __post_init__(self) -> None:
        if self.calibration is not None and self.grid != "controls":
            raise ReprlabError("--calibration applies to --grid controls; a --schedule is already complete")
        if self.grid is not None:
            choose(GRIDS, self.grid, "grid")
        check_counts(seeds=self.seeds)
        if self.seeds > MOST_SEEDS:
            raise ReprlabError(f"--seeds {self.seeds}: give {MOST_SEEDS} at most")
        for option, pieces in (("--starts", self.starts), ("--loops", self.loops)):
            whole(option, pieces)
            if self.grid is None and pieces:
                raise ReprlabError(f"{option} applies to --grid; a --schedule is already complete")
        _ = self.given

    @cached_property
    def given(self) -> tuple[GivenSchedule, ...]:
        """The schedules given by text and by file, read."""
        texts = (GivenSchedule.parsed(text) for text in self.schedule or ())
        return (*texts, *(one for path in self.schedules or () for one in schedule_file(path)))

    def require(self) -> None:
        """Refuse a command without any schedule."""
        if self.grid is None and not self.given:
            grids = ", ".join(GRIDS)
            raise ReprlabError(
                f"give --grid NAME ({grids}), --schedule TEXT or --schedules FILE, or several of them"
            )

    def texts(self, layers: int) -> list[Schedule]:
        """The schedules given by text and by file, for a model of this many layers."""
        return [one.checked(layers) for one in self.given]

    def entries(self, layers: int) -> list[Entry | Schedule]:
        """All schedules, for a model of this many layers."""
        return [*self._grid(layers), *self.texts(layers)]

    def _grid(self, layers: int) -> list[Entry]:
        if self.grid is None:
            return []
        starts, loops = whole("--starts", self.starts), whole("--loops", self.loops)
        axes: dict[str, Any] = {"starts": starts, "loops": loops, "calibration": self.calibration}
        return paper_grid(self.grid, layers, seeds=range(self.seeds), **axes)


def schedule_file(path: Path, layers: int | None = None) -> Iterator[GivenSchedule]:
    """The schedules of a file, one a line; at least one."""
    name = "standard input" if str(path) == "-" else f"'{path}'"
    empty = True
    for number, line in enumerate(_lines(path, name), 1):
        if text := line.partition("#")[0].strip():
            empty = False
            yield GivenSchedule.parsed(text, f"{name} line {number}: ", layers)
    if empty:
        raise ReprlabError(f"{name} holds no schedule: write one a line, as in 0:14 19:32")


def _lines(path: Path, name: str) -> list[str]:
    try:
        text = sys.stdin.read() if str(path) == "-" else read_text(path)
    except ReprlabError as error:
        raise ReprlabError(f"--schedules: {error}") from error
    except UnicodeDecodeError as error:
        raise ReprlabError(f"--schedules {name} is not UTF-8 (byte {error.start})") from error
    return text.splitlines()
