"""Stages: several kinds of work under one progress, whose totals become known as they begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[float, float], None]
Say = Callable[[str], None]


@dataclass
class Stages:
    """Work in layer calls times tokens: `expected` until a stage says itself how much it has.

    >>> seen = []
    >>> stages = Stages({"capture": 10.0, "sweep": 90.0}, lambda done, total: seen.append((done, total)))
    >>> stages.of("capture")(5, 20)
    >>> stages.close("capture")
    >>> seen
    [(5, 110.0), (20, 110.0)]
    """

    expected: dict[str, float]
    progress: Progress
    done: dict[str, float] = field(default_factory=dict[str, float])

    def of(self, name: str) -> Progress:
        """The progress of one stage."""

        def show(done: float, total: float) -> None:
            self.expected[name], self.done[name] = total, done
            self._show()

        return show

    def close(self, name: str) -> None:
        """A stage has come to its end."""
        self.done[name] = self.expected[name]
        self._show()

    def _show(self) -> None:
        total = sum(self.expected.values())
        if total:
            self.progress(sum(self.done.values()), total)
