"""GLUE's tasks as data: the columns of a row, the names of its labels, the metrics that are reported.

Source: Wang et al. 2018, arXiv 1804.07461; labels are numbered as in the hub's nyu-mll/glue. MNLI and QQP are
left out, as the paper leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOW, HIGH = 0, 5  # of a regression's labels


@dataclass(frozen=True)
class GlueTask:
    """A task: the one or two columns of its texts, its labels' names by number, its metrics' names.

    >>> TASKS["rte"].labels[0], TASKS["wnli"].labels[0]
    ('entailment', 'not_entailment')
    """

    name: str
    title: str
    fields: tuple[str, ...]
    labels: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def regression(self) -> bool:
        """Whether labels are numbers from 0 to 5, without names."""
        return not self.labels


_PAIR = ("sentence1", "sentence2")
_ENTAILED = ("entailment", "not_entailment")

TASKS: Mapping[str, GlueTask] = {
    task.name: task
    for task in (
        GlueTask("cola", "CoLA", ("sentence",), ("unacceptable", "acceptable"), ("mcc",)),
        GlueTask("sst2", "SST-2", ("sentence",), ("negative", "positive"), ("acc",)),
        GlueTask("mrpc", "MRPC", _PAIR, ("not_equivalent", "equivalent"), ("acc", "f1")),
        GlueTask("stsb", "STS-B", _PAIR, (), ("pearson", "spearman")),
        GlueTask("qnli", "QNLI", ("question", "sentence"), _ENTAILED, ("acc",)),
        GlueTask("rte", "RTE", _PAIR, _ENTAILED, ("acc",)),
        GlueTask("wnli", "WNLI", _PAIR, ("not_entailment", "entailment"), ("acc",)),  # the other way round
    )
}
