"""States: the captures of a report and their similarities, of one corpus or as means over several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprlab.captures.capture import Capture
from reprlab.captures.capturing import capture
from reprlab.captures.corpora import Corpus
from reprlab.depths.drifting import drift
from reprlab.depths.grouping import group
from reprlab.network.network import Network
from reprlab.progress import Say, Stages
from reprlab.reports.data_sources import DataSource, of_corpus
from reprlab.reports.reused import DOCUMENT
from reprlab.reports.settings import ReportSettings
from reprlab.reports.workspace import Workspace
from reprlab.schedules.schedule import Schedule
from reprlab.similarity.comparing import compare
from reprlab.similarity.matrix import Similarity, average
from reprlab.verdicts.evidence import SIMILARITIES

BARE = "no-sinks"
_SAME = {"similarities", "groups"}


@dataclass(frozen=True)
class CaptureTask:
    """The captures of a network that some `parts` of the evidence need.

    The first of the `corpora` is captured under the full schedule, and under those of the drift. The others
    are captured under the full schedule, if similarities are asked for: these are means over all corpora.
    """

    network: Network
    corpora: Sequence[Corpus]
    settings: ReportSettings
    parts: Collection[str]

    @property
    def compares(self) -> bool:
        return bool(_SAME & set(self.parts))

    @property
    def start(self) -> int:
        """The paper's s = 13 of 32, with three middle layers at least; negative where there are too few."""
        layers = self.network.n_layers
        return min(round(13 * layers / 32), (layers - 3) // 2)

    @property
    def schedules(self) -> dict[str, Schedule]:
        """The schedules of the first corpus, in words."""
        layers, found = self.network.n_layers, dict[str, Schedule]()
        if (_SAME | {"capture", "drift"}) & set(self.parts):
            found["full"] = Schedule.full(layers)
        if "drift" in self.parts and self.start >= 0:
            for words in ("skip", "middle repeat"):
                found[words] = Schedule.paper(words.replace(" ", "_"), layers=layers, start=self.start)
        return found

    @property
    def expected(self) -> dict[str, float]:
        """About how much work each stage is."""
        work = {
            stage: float(schedule.layer_calls * self._count(one) * DOCUMENT)
            for stage, one, schedule in self._stages()
        }
        documents = sum(map(self._count, self.corpora))
        return work | ({"compare": documents * DOCUMENT * self.network.n_layers} if self.compares else {})

    @property
    def sources(self) -> list[DataSource]:
        """The texts that are captured, by stage."""
        return [of_corpus(one, {_words(stage): self._count(one)}) for stage, one, _ in self._stages()]

    def evidence(self, workspace: Workspace, stages: Stages, say: Say) -> dict[str, Any]:
        """The parts of the evidence that hidden states give: capture, similarities, groups and drift."""
        made = [self._capture(*stage, workspace, stages, say) for stage in self._stages()]
        count = len(self.schedules)
        captures, others = dict(zip(self.schedules, made, strict=False)), made[count:]
        similarities = self._compared(captures, others, stages) if self.compares else {}
        found: dict[str, Any] = {"capture": captures.get("full"), "similarities": similarities}
        if similarities:
            found["groups"] = group(similarities["cosine no-sinks"])
        if "skip" in captures:
            found["drift"] = drift(captures.pop("full"), captures, start=self.start, tokens=BARE)
        return found

    def _stages(self) -> Iterator[tuple[str, Corpus, Schedule]]:
        """Every capture: its stage, its corpus and its schedule."""
        first, *others = self.corpora
        for words, schedule in self.schedules.items():
            yield words, first, schedule
        for other in others if self.compares else ():
            yield f"full, {other.name}", other, self.schedules["full"]

    def _count(self, corpus: Corpus) -> int:
        return min(self.settings.documents, len(corpus))

    def _capture(
        self,
        stage: str,
        corpus: Corpus,
        schedule: Schedule,
        workspace: Workspace,
        stages: Stages,
        say: Say,
    ) -> Capture:
        calls, show = schedule.layer_calls, stages.of(stage)
        states = capture(
            self.network,
            corpus,
            cache=workspace.cache,
            schedule=schedule,
            documents=self._count(corpus),
            batch_tokens=workspace.batch_tokens,
            force=workspace.force,
            progress=lambda done, total: show(done * calls, total * calls),
            say=say,
        )
        stages.close(stage)
        return states

    def _compared(
        self, made: Mapping[str, Capture], others: Sequence[Capture], stages: Stages
    ) -> dict[str, Similarity]:
        """The matrices of figs. 3 and 15, and the nulls of the first question.

        Those of the full model are means over all corpora; `cosine full` is of the first corpus alone, as
        `cosine skip` is.
        """
        full, show, work = [made["full"], *others], stages.of("compare"), stages.expected["compare"]
        under = [(f"cosine {words}", one) for words, one in made.items() if words != "full" or others]
        todo = [(name, one, how) for name, how in SIMILARITIES.items() for one in full]
        todo += [(name, one, ("cosine", BARE, None)) for name, one in under]
        parts: dict[str, list[Similarity]] = {}
        for at, (name, one, (measure, tokens, control)) in enumerate(todo):
            parts.setdefault(name, []).append(compare(one, measure, tokens=tokens, control=control))
            show((at + 1) / len(todo) * work, work)
        stages.close("compare")
        corpus = self.settings.corpus
        return {name: some[0] if len(some) == 1 else average(some, corpus) for name, some in parts.items()}


def _words(stage: str) -> str:
    """A stage's schedule in words, without its corpus."""
    return stage.partition(",")[0]
