"""reprlab shows what the layers of a transformer do: capture, compare, intervene, report."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprlab.capturing import capture
    from reprlab.comparing import Similarity, cka, compare, cosine
    from reprlab.corpora import corpus
    from reprlab.drifting import Drift, drift
    from reprlab.errors import ReprlabError
    from reprlab.grids import Entry, paper_grid
    from reprlab.loading import fetch, load
    from reprlab.plan import Plan
    from reprlab.schedule import Schedule, Summed
    from reprlab.scores import Scores
    from reprlab.sweeping import sweep

_PUBLIC = {
    "Drift": "drifting",
    "Entry": "grids",
    "Plan": "plan",
    "ReprlabError": "errors",
    "Schedule": "schedule",
    "Scores": "scores",
    "Summed": "schedule",
    "Similarity": "comparing",
    "capture": "capturing",
    "cka": "comparing",
    "compare": "comparing",
    "corpus": "corpora",
    "cosine": "comparing",
    "drift": "drifting",
    "fetch": "loading",
    "load": "loading",
    "paper_grid": "grids",
    "sweep": "sweeping",
}
__all__ = [
    "Drift",
    "Entry",
    "Plan",
    "ReprlabError",
    "Schedule",
    "Scores",
    "Similarity",
    "Summed",
    "capture",
    "cka",
    "compare",
    "corpus",
    "cosine",
    "drift",
    "fetch",
    "load",
    "paper_grid",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"reprlab has no '{name}'; it has {', '.join(__all__)}")
    return getattr(import_module(f"reprlab.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return __all__
