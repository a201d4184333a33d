"""What trained classifiers got: their scores, and the learning curve of every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reprlab.counts import counted
from reprlab.scores.scores import Scores


@dataclass(frozen=True)
class GlueScores:
    """Scores of trained classifiers, benchmarks being tasks, and the learning curve of every run.

    A point of `curves` has the run's `task` and `schedule`, and what `reprlab.network.fit` says of it.
    """

    scores: Scores
    curves: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        return f"<GlueScores: {self.scores!r} and {counted(len(self.curves), 'point')} of curves>"

    def to_dataframe(self) -> pd.DataFrame:
        """The learning curves: a row a point."""
        return pd.DataFrame(list(self.curves))
