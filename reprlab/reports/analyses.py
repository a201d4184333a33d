"""The analyses: one file a figure, found by path: next to the package in a checkout, in it in a wheel."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from reprlab.errors import ReprlabError, unknown

_PACKAGE = Path(__file__).parents[1]
_PAPER = re.compile(r"fig(\d+)")


@dataclass(frozen=True)
class Analysis:
    """A figure: its words, the parts of the evidence that it needs and may use, and what makes it."""

    name: str
    title: str
    caption: str
    claim: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    family: bool
    module: Any


def folder() -> Path:
    """Where the analyses lie."""
    place = next(
        (f for f in (_PACKAGE.parent / "analyses", _PACKAGE / "analyses") if (f / "fig11.py").is_file()), None
    )
    if place is None:
        raise ReprlabError(f"no folder of analyses in '{_PACKAGE}' or next to it: install reprlab again")
    return place


def names() -> list[str]:
    """Every figure: the paper's by number, then the others."""
    stems = [path.stem for path in folder().glob("*.py") if not path.stem.startswith("_")]
    return sorted(stems, key=lambda name: (not _PAPER.fullmatch(name), name))


def check_name(name: str) -> None:
    """Refuse what is no figure's name."""
    if name not in names():
        raise unknown("figure", name, names())


@cache
def analysis(name: str) -> Analysis:
    """One figure by name, its file read once.

    >>> analysis("fig04").family, analysis("fig12").family
    (False, True)
    """
    check_name(name)
    return analysis_of(name, module_at(f"reprlab_analyses.{name}", folder() / f"{name}.py"))


def module_at(label: str, path: Path) -> Any:
    """The module that a file's Python makes."""
    spec = spec_from_file_location(label, path)
    if spec is None or spec.loader is None:
        raise ReprlabError(f"the analysis '{path}' cannot be read")
    module = module_from_spec(spec)
    sys.modules[label] = module
    spec.loader.exec_module(module)
    return module


def analysis_of(name: str, module: Any) -> Analysis:
    """The analysis that a module holds."""
    title, caption, claim = words(name, inspect.getdoc(module) or "")
    needs, uses = (tuple(getattr(module, parts, ())) for parts in ("NEEDS", "USES"))
    return Analysis(name, title, caption, claim, needs, uses, bool(getattr(module, "FAMILY", False)), module)


def words(name: str, doc: str) -> tuple[str, str, str]:
    """Title, caption and claim of a docstring: its first line, and the paragraphs that begin so.

    >>> words("x", "Fig. 1. Boxes.\\n\\nCaption: the boxes\\ndrawn.\\n\\nClaim: they differ.")
    ('Fig. 1. Boxes', 'the boxes drawn.', 'they differ.')
    """
    paragraphs = [" ".join(part.split()) for part in doc.split("\n\n")]
    marked: Mapping[str, str] = {
        head: text.strip() for head, _, text in (part.partition(":") for part in paragraphs[1:])
    }
    if not paragraphs[0] or not {"Caption", "Claim"} <= set(marked):
        raise ReprlabError(f"the analysis '{name}' has no title, 'Caption:' and 'Claim:' in its docstring")
    return paragraphs[0].removesuffix("."), marked["Caption"], marked["Claim"]


def everything() -> list[Analysis]:
    """Every figure."""
    return [analysis(name) for name in names()]
