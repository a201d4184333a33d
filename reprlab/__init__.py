"""reprlab shows what the layers of a transformer do: capture, compare, intervene, report."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprlab.capturing import capture
    from reprlab.comparing import Similarity, cka, compare, cosine, sinks_sweep
    from reprlab.corpora import corpus
    from reprlab.curves import by_start
    from reprlab.drifting import Drift, drift
    from reprlab.elsewhere import Activations, activations
    from reprlab.errors import ReprlabError
    from reprlab.evidence import Evidence, Example
    from reprlab.finetuning import FineTuned, finetune
    from reprlab.gluing import Trained, glue
    from reprlab.grids import Entry, paper_grid
    from reprlab.grouping import Family, Groups, family, group
    from reprlab.lensing import Lens, lens
    from reprlab.loading import fetch, load
    from reprlab.means import Means, task_means
    from reprlab.network import Recipe
    from reprlab.plan import Plan
    from reprlab.ranks import shifted
    from reprlab.reporting import Place, Settings, report
    from reprlab.schedule import Schedule, Summed
    from reprlab.scores import Scores
    from reprlab.shares import Retained, retained
    from reprlab.sweeping import sweep
    from reprlab.verdicts import Finding, Verdict, judge

_PUBLIC = {
    "Activations": "elsewhere",
    "Drift": "drifting",
    "Entry": "grids",
    "Evidence": "evidence",
    "Example": "evidence",
    "Family": "grouping",
    "FineTuned": "finetuning",
    "Finding": "verdicts",
    "Groups": "grouping",
    "Lens": "lensing",
    "Means": "means",
    "Place": "reporting",
    "Plan": "plan",
    "Recipe": "network",
    "ReprlabError": "errors",
    "Retained": "shares",
    "Schedule": "schedule",
    "Scores": "scores",
    "Settings": "reporting",
    "Similarity": "comparing",
    "Summed": "schedule",
    "Trained": "gluing",
    "Verdict": "verdicts",
    "activations": "elsewhere",
    "by_start": "curves",
    "capture": "capturing",
    "cka": "comparing",
    "compare": "comparing",
    "corpus": "corpora",
    "cosine": "comparing",
    "drift": "drifting",
    "family": "grouping",
    "fetch": "loading",
    "finetune": "finetuning",
    "glue": "gluing",
    "group": "grouping",
    "judge": "verdicts",
    "lens": "lensing",
    "load": "loading",
    "paper_grid": "grids",
    "report": "reporting",
    "retained": "shares",
    "shifted": "ranks",
    "sinks_sweep": "comparing",
    "sweep": "sweeping",
    "task_means": "means",
}
__all__ = [
    "Activations",
    "Drift",
    "Entry",
    "Evidence",
    "Example",
    "Family",
    "Finding",
    "FineTuned",
    "Groups",
    "Lens",
    "Means",
    "Place",
    "Plan",
    "Recipe",
    "ReprlabError",
    "Retained",
    "Schedule",
    "Scores",
    "Settings",
    "Similarity",
    "Summed",
    "Trained",
    "Verdict",
    "activations",
    "by_start",
    "capture",
    "cka",
    "compare",
    "corpus",
    "cosine",
    "drift",
    "family",
    "fetch",
    "finetune",
    "glue",
    "group",
    "judge",
    "lens",
    "load",
    "paper_grid",
    "report",
    "retained",
    "shifted",
    "sinks_sweep",
    "sweep",
    "task_means",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"reprlab has no '{name}'; it has {', '.join(__all__)}")
    return getattr(import_module(f"reprlab.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return __all__
