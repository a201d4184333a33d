"""Evidence: everything that a report on one model stands on, as labelled values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING

from reprlab.counts import counted
from reprlab.scores.retained import Retained, retained

if TYPE_CHECKING:
    from reprlab.captures.capture import Capture
    from reprlab.depths.drift import Drift
    from reprlab.depths.groups import Groups
    from reprlab.scores.scores import Scores
    from reprlab.similarity.matrix import Similarity
    from reprlab.training.fine_tuned import FineTuned

SWEPT = ("scores", "loops", "windows", "precise")
PARTS = (*SWEPT, "unfrozen", "fine_tuned", "capture", "similarities", "groups", "drift", "example")
SIMILARITIES: Mapping[str, tuple[str, str, str | None]] = {  # of the full model: measure, tokens, control
    "cosine": ("cosine", "all", None),
    "cosine-sequence": ("cosine-sequence", "all", None),
    "cosine no-sinks": ("cosine", "no-sinks", None),
    "cka": ("cka", "all", None),
    "cka no-sinks": ("cka", "no-sinks", None),
    "residual null": ("cosine", "no-sinks", "residual"),
    "shuffled null": ("cosine", "no-sinks", "shuffled"),
    "cosine-centred no-sinks": ("cosine-centred", "no-sinks", None),
    "cosine-centred residual null": ("cosine-centred", "no-sinks", "residual"),
    "cka residual null": ("cka", "no-sinks", "residual"),
}


@dataclass(frozen=True)
class Example:
    """One question of arithmetic, and what the full model and a schedule write on."""

    benchmark: str
    prompt: str
    right: str
    full: str
    schedule: str
    answer: str


@dataclass(frozen=True)
class Evidence:
    """Everything captured, compared and swept for one model; None stands for parts that were not run.

    `scores` hold figs. 2, 4 to 9, 11 and 17 (an encoder's: of classifiers on it, frozen), `loops` fig. 10,
    `windows` every range of layers, `precise` a part of `scores` in float32, `unfrozen` a part of an
    encoder's, trained as a whole, `fine_tuned` fig. 13. `capture` is of the full model; `similarities` are by
    the names in `SIMILARITIES`, and `cosine skip` and `cosine middle repeat` under fig. 15's schedules
    (and `cosine full` of the same corpus, where the others are means over several);
    `groups` are by cosine without sinks.
    """

    model: str
    note: str
    layers: int
    scores: Scores | None = None
    loops: Scores | None = None
    windows: Scores | None = None
    precise: Scores | None = None
    unfrozen: Scores | None = None
    fine_tuned: FineTuned | None = None
    capture: Capture | None = None
    similarities: Mapping[str, Similarity] = field(default_factory=lambda: {})
    groups: Groups | None = None
    drift: Drift | None = None
    example: Example | None = None

    def __repr__(self) -> str:
        parts = ", ".join(self.parts) or "no part"
        return f"<Evidence on {self.model}, {counted(self.layers, 'layer')}: {parts}>"

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of what is there."""
        named = (f.name for f in fields(self) if f.name not in {"model", "note", "layers"})
        return tuple(name for name in named if getattr(self, name))

    @property
    def classifies(self) -> bool:
        """Whether the scores are those of classifiers."""
        outputs = (
            {results.output for results in self.scores.benchmarks.values()} if self.scores else set[str]()
        )
        return bool(outputs & {"classification", "regression"})

    @cached_property
    def u(self) -> Retained | None:
        """What schedules retain of the continuous score."""
        return retained(self.scores, "u") if self.scores else None

    @cached_property
    def accuracy(self) -> Retained | None:
        """What schedules retain of the accuracy."""
        return retained(self.scores, "acc") if self.scores else None
