"""Progress: stages of work whose totals become known as they begin, and lines for who sees no bar."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

Progress = Callable[[float, float], None]
Say = Callable[[str], None]


@dataclass(frozen=True)
class StageTime:
    """The seconds that a stage took, and whether it computed anything: else the cache had it all."""

    name: str
    seconds: float
    computed: bool


@dataclass
class Stages:
    """Work in layer calls times tokens: `expected` until a stage says itself how much it has.

    `times` are those of the stages that were closed.

    >>> seen = []
    >>> stages = Stages({"capture": 10.0, "sweep": 90.0}, lambda done, total: seen.append((done, total)))
    >>> stages.of("capture")(5, 20)
    >>> stages.close("capture")
    >>> seen
    [(5, 110.0), (20, 110.0)]
    >>> stages.times[0].name, stages.times[0].computed
    ('capture', True)
    """

    expected: dict[str, float]
    progress: Progress
    done: dict[str, float] = field(default_factory=dict[str, float])
    times: list[StageTime] = field(default_factory=list[StageTime])
    _began: dict[str, float] = field(default_factory=dict[str, float])
    _worked: set[str] = field(default_factory=set[str])

    def of(self, name: str) -> Progress:
        """The progress of one stage, which begins now."""
        self._began[name] = time.monotonic()

        def show(done: float, total: float) -> None:
            self.expected[name], self.done[name] = total, done
            self._worked |= {name} if done > 0 else set()  # a sweep counts from 0 once more after chance
            self._show()

        return show

    def close(self, name: str) -> None:
        """A stage has come to its end."""
        now = time.monotonic()
        self.times.append(StageTime(name, now - self._began.get(name, now), name in self._worked))
        self.done[name] = self.expected[name]
        self._show()

    def _show(self) -> None:
        total = sum(self.expected.values())
        if total:
            self.progress(sum(self.done.values()), total)


EVERY = 20.0  # seconds between two lines


@dataclass
class ProgressLines:
    """Progress as lines, one every 20 seconds at most: the share done, and about how long the rest takes.

    `show` takes what is done of how much; `tick` says a line if one is due. Both may come from any thread.

    >>> now = 0.0
    >>> lines = ProgressLines("capture", print, clock=lambda: now)
    >>> lines.show(0, 100)
    >>> now = 30.0
    >>> lines.show(25, 100)
    capture: 25 % done, about 2 min left
    >>> now = 40.0
    >>> lines.show(50, 100)
    """

    label: str
    say: Say
    clock: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _state: tuple[float, float] | None = None  # done, total
    _first: tuple[float, float] = (0.0, 0.0)  # when the first state came, and what was done by then

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    def show(self, done: float, total: float) -> None:
        """Take note of what is done of how much, and say it if a line is due."""
        if self._state is None or done < self._first[1]:
            self._first = (self.clock(), done)
        self._state = (done, total)
        self.tick()

    def tick(self) -> None:
        """Say a line if none came for a while."""
        with self._lock:
            now = self.clock()
            if now - self._said < EVERY:
                return
            self._said = now
        self.say(f"{self.label}: {self._words(now)}")

    def _words(self, now: float) -> str:
        done, total = self._state or (0.0, 0.0)
        if not total:
            return f"{in_words(now - self._began)} so far"
        share = f"{100 * done / total:.0f} % done"
        since, before = self._first
        if done <= before or now <= since:
            return f"{share}, {in_words(now - self._began)} so far"
        return f"{share}, about {in_words((now - since) * (total - done) / (done - before))} left"


def in_words(seconds: float) -> str:
    """A time in seconds, minutes, or hours and minutes.

    >>> in_words(41), in_words(150), in_words(7300)
    ('41 s', '2 min', '2 h 2 min')
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
