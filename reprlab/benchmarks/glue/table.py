"""GLUE's tasks as data: the names of their labels, the metrics that are reported.

Source: Wang et al. 2018, arXiv 1804.07461; labels are numbered as in the hub's nyu-mll/glue. MNLI and QQP are
left out, as the paper leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprlab.row_files import GLUE_PREFIX, ROW_FILES, RowFiles

LOW, HIGH = 0, 5  # of a regression's labels


@dataclass(frozen=True)
class GlueTask:
    """A task: its labels' names by number, and its metrics' names.

    >>> TASKS["rte"].labels[0], TASKS["wnli"].labels[0]
    ('entailment', 'not_entailment')
    """

    name: str
    title: str
    rows: RowFiles
    labels: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The one or two columns of its texts."""
        return self.rows.columns

    @property
    def regression(self) -> bool:
        """Whether labels are numbers from 0 to 5, without names."""
        return not self.labels


_ENTAILED = ("entailment", "not_entailment")

_ROWS = {name.removeprefix(GLUE_PREFIX): rows for name, rows in ROW_FILES.items()}

TASKS: Mapping[str, GlueTask] = {
    task.name: task
    for task in (
        GlueTask("cola", "CoLA", _ROWS["cola"], ("unacceptable", "acceptable"), ("mcc",)),
        GlueTask("sst2", "SST-2", _ROWS["sst2"], ("negative", "positive"), ("acc",)),
        GlueTask("mrpc", "MRPC", _ROWS["mrpc"], ("not_equivalent", "equivalent"), ("acc", "f1")),
        GlueTask("stsb", "STS-B", _ROWS["stsb"], (), ("pearson", "spearman")),
        GlueTask("qnli", "QNLI", _ROWS["qnli"], _ENTAILED, ("acc",)),
        GlueTask("rte", "RTE", _ROWS["rte"], _ENTAILED, ("acc",)),
        GlueTask(
            "wnli", "WNLI", _ROWS["wnli"], ("not_entailment", "entailment"), ("acc",)
        ),  # the other way round
    )
}
