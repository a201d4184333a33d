"""Question 3: whether the middle layers do the same thing."""

from __future__ import annotations

from collections.abc import Sequence

from reprlab.verdicts.rules import Missing, asked
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import Finding
from reprlab.verdicts.view import View, all_of, compared, said

OTHERS = ("reverse", "random", "parallel", "looped_parallel", "skip")  # than middle repeat
MATCHED = "repeat_matched"  # its update has the norm of the full model's
CONTROLS = (
    "reverse_matched",
    "parallel_matched",
    "random_direction",
    "mean_ablation",
)  # than repeat, matched


def sameness(view: View) -> tuple[Finding, ...]:
    """Question 3. h: skip - middle repeat; b: every other variant - middle repeat."""
    pairs = [(other, "middle_repeat") for other in OTHERS]
    return (
        compared(view, "h", "skip", "middle_repeat"),
        all_of(view, "b", pairs),
    )


def matched_sameness(view: View) -> tuple[Finding, ...]:
    """Question 3 by version 2. h: skip - repeat at matched norm; b: as version 1; c: the other controls."""
    pairs = [(other, "middle_repeat") for other in OTHERS]
    return (
        asked("h", f"skip - {MATCHED}", lambda: _after_matching(view, "h", ["skip"])),
        all_of(view, "b", pairs),
        asked("c", f"{CONTROLS[0]} - {MATCHED}", lambda: _after_matching(view, "c", CONTROLS)),
    )


def _after_matching(view: View, key: str, others: Sequence[str]) -> Finding:
    """Some variants, each minus repeat at matched norm."""
    absent = [name for name in (MATCHED, *others) if name not in _swept(view)]
    if absent:
        raise Missing("not measured", f"{listed(list(map(said, absent)))} (give --controls)")
    return all_of(view, key, [(other, MATCHED) for other in others])


def _swept(view: View) -> set[str]:
    return {entry.variant for entry in view.main.scores.entries}
