"""Versions: the decisions of each version of the rules, so that a question is asked by either."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reprlab.verdicts import decisions, rules
from reprlab.verdicts.rules import Statistic
from reprlab.verdicts.values import Finding

VERSIONS = (2, 1)  # the one that leads first


class Level(Protocol):
    """Whether a statistic is above or below a level."""

    def __call__(
        self,
        key: str,
        found: Statistic,
        margin: float,
        *,
        above: float | None = None,
        below: float | None = None,
    ) -> Finding: ...


@dataclass(frozen=True)
class Decisions:
    """How one version decides on a difference, on a level, on several together, and on all questions at once.

    `pools`: whether benchmarks are pooled with fixed weights; otherwise their median is taken.
    """

    difference: Callable[[str, Statistic, float], Finding]
    level: Level
    together: Callable[[str, Sequence[Finding]], Finding]
    corrected: Callable[[Mapping[int, tuple[Finding, ...]]], dict[int, tuple[Finding, ...]]]
    pools: bool


def _plain_level(
    key: str, found: Statistic, margin: float, *, above: float | None = None, below: float | None = None
) -> Finding:
    """Version 1 holds a level without a margin."""
    return rules.level(key, found, above=above, below=below)


DECISIONS: Mapping[int, Decisions] = {
    1: Decisions(rules.difference, _plain_level, rules.together, rules.corrected, pools=False),
    2: Decisions(decisions.difference, decisions.level, decisions.together, decisions.corrected, pools=True),
}
