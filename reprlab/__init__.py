"""reprlab shows what the layers of a transformer do: capture, compare, intervene, report."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from reprlab.captures.activations import Activations as Activations
    from reprlab.captures.activations import activations as activations
    from reprlab.captures.capturing import capture as capture
    from reprlab.captures.corpora import corpus as corpus
    from reprlab.depths.drift import Drift as Drift
    from reprlab.depths.drifting import drift as drift
    from reprlab.depths.family import Family as Family
    from reprlab.depths.family import family as family
    from reprlab.depths.grouping import group as group
    from reprlab.depths.groups import Groups as Groups
    from reprlab.depths.lens import Lens as Lens
    from reprlab.depths.lensing import lens as lens
    from reprlab.errors import ReprlabError as ReprlabError
    from reprlab.network.loading import fetch as fetch
    from reprlab.network.loading import load as load
    from reprlab.reports.reporting import report as report
    from reprlab.reports.settings import ReportSettings as ReportSettings
    from reprlab.reports.workspace import Workspace as Workspace
    from reprlab.schedules.grids import Entry as Entry
    from reprlab.schedules.grids import paper_grid as paper_grid
    from reprlab.schedules.plan import Plan as Plan
    from reprlab.schedules.schedule import Schedule as Schedule
    from reprlab.schedules.steps import Block as Block
    from reprlab.schedules.steps import Summed as Summed
    from reprlab.schedules.update_rules import Matched as Matched
    from reprlab.schedules.update_rules import MeanUpdate as MeanUpdate
    from reprlab.schedules.update_rules import RandomDirection as RandomDirection
    from reprlab.scores.retained import Retained as Retained
    from reprlab.scores.retained import retained as retained
    from reprlab.scores.scores import Scores as Scores
    from reprlab.scores.task_means import TaskMeans as TaskMeans
    from reprlab.scores.task_means import task_means as task_means
    from reprlab.similarity.comparing import cka as cka
    from reprlab.similarity.comparing import compare as compare
    from reprlab.similarity.comparing import cosine as cosine
    from reprlab.similarity.comparing import sinks_sweep as sinks_sweep
    from reprlab.similarity.matrix import Similarity as Similarity
    from reprlab.similarity.measure import Measure as Measure
    from reprlab.statistics.rank_correlation import rank_correlation as rank_correlation
    from reprlab.sweeps.sweeping import sweep as sweep
    from reprlab.training.fine_tuned import FineTuned as FineTuned
    from reprlab.training.finetuning import finetune as finetune
    from reprlab.training.glue_scores import GlueScores as GlueScores
    from reprlab.training.gluing import glue as glue
    from reprlab.training.recipe import Recipe as Recipe
    from reprlab.verdicts.curves.by_start import by_start as by_start
    from reprlab.verdicts.evidence import Evidence as Evidence
    from reprlab.verdicts.evidence import Example as Example
    from reprlab.verdicts.judging import judge as judge
    from reprlab.verdicts.values import Finding as Finding
    from reprlab.verdicts.values import Verdict as Verdict

_PUBLIC = {
    "Activations": "reprlab.captures.activations",
    "Block": "reprlab.schedules.steps",
    "Drift": "reprlab.depths.drift",
    "Entry": "reprlab.schedules.grids",
    "Evidence": "reprlab.verdicts.evidence",
    "Example": "reprlab.verdicts.evidence",
    "Family": "reprlab.depths.family",
    "Finding": "reprlab.verdicts.values",
    "FineTuned": "reprlab.training.fine_tuned",
    "GlueScores": "reprlab.training.glue_scores",
    "Groups": "reprlab.depths.groups",
    "Lens": "reprlab.depths.lens",
    "Matched": "reprlab.schedules.update_rules",
    "MeanUpdate": "reprlab.schedules.update_rules",
    "Measure": "reprlab.similarity.measure",
    "Plan": "reprlab.schedules.plan",
    "RandomDirection": "reprlab.schedules.update_rules",
    "Recipe": "reprlab.training.recipe",
    "ReportSettings": "reprlab.reports.settings",
    "ReprlabError": "reprlab.errors",
    "Retained": "reprlab.scores.retained",
    "Schedule": "reprlab.schedules.schedule",
    "Scores": "reprlab.scores.scores",
    "Similarity": "reprlab.similarity.matrix",
    "Summed": "reprlab.schedules.steps",
    "TaskMeans": "reprlab.scores.task_means",
    "Verdict": "reprlab.verdicts.values",
    "Workspace": "reprlab.reports.workspace",
    "activations": "reprlab.captures.activations",
    "by_start": "reprlab.verdicts.curves.by_start",
    "capture": "reprlab.captures.capturing",
    "cka": "reprlab.similarity.comparing",
    "compare": "reprlab.similarity.comparing",
    "corpus": "reprlab.captures.corpora",
    "cosine": "reprlab.similarity.comparing",
    "drift": "reprlab.depths.drifting",
    "family": "reprlab.depths.family",
    "fetch": "reprlab.network.loading",
    "finetune": "reprlab.training.finetuning",
    "glue": "reprlab.training.gluing",
    "group": "reprlab.depths.grouping",
    "judge": "reprlab.verdicts.judging",
    "lens": "reprlab.depths.lensing",
    "load": "reprlab.network.loading",
    "paper_grid": "reprlab.schedules.grids",
    "rank_correlation": "reprlab.statistics.rank_correlation",
    "report": "reprlab.reports.reporting",
    "retained": "reprlab.scores.retained",
    "sinks_sweep": "reprlab.similarity.comparing",
    "sweep": "reprlab.sweeps.sweeping",
    "task_means": "reprlab.scores.task_means",
}
__all__ = list(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("reprlab")
    if name not in _PUBLIC:
        raise AttributeError(f"reprlab has no '{name}'; it has {', '.join(__all__)}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
