"""Question 3: whether the middle layers do the same thing."""

from __future__ import annotations

from reprlab.verdicts.values import Finding
from reprlab.verdicts.view import View, all_of, compared

OTHERS = ("reverse", "random", "parallel", "looped_parallel", "skip")  # than middle repeat


def sameness(view: View) -> tuple[Finding, ...]:
    """Question 3. h: skip - middle repeat; b: every other variant - middle repeat."""
    pairs = [(other, "middle_repeat") for other in OTHERS]
    return (
        compared(view, "h", "skip", "middle_repeat"),
        all_of(view, "b", pairs),
    )
