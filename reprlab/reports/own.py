"""A user's own analysis: a file of Python with the contract of the shipped ones, run as the user asks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from traceback import extract_tb
from types import SimpleNamespace
from typing import Any

from reprlab.errors import ReprlabError, unknown
from reprlab.reports.analyses import Analysis, analysis_of, module_at, names
from reprlab.reports.number_files import rounded, table, text
from reprlab.verdicts.evidence import PARTS

RESERVED = ("run", "weights", "verdicts", "index", "scores")  # names of a report's other files
FUNCTIONS = {"numbers": "numbers(evidence)", "draw": "draw(numbers)", "reading": "reading(numbers)"}
CONTRACT = (
    "a figure has a docstring with a title, 'Caption:' and 'Claim:', NEEDS (parts of the evidence), "
    "numbers(evidence), draw(numbers) and reading(numbers)"
)


def own_analysis(path: Path) -> Analysis:
    """The analysis in a file of the user's; its Python is run.

    Raises `ReprlabError` in one line: no such file, a name that is taken, a part of the contract that is
    missing, an unknown part of the evidence, and whatever the file's own code raises.
    """
    if not path.is_file():
        raise ReprlabError(f"no figure file at '{path}'")
    if path.stem in (*names(), *RESERVED):
        raise ReprlabError(f"'{path}' has the name of a file that reports have already: rename it")
    module = _guarded(path, "the file", module_at)(f"reprlab_own.{path.stem}", path)
    if missing := _missing(module):
        raise ReprlabError(f"'{path}' lacks {', '.join(missing)}: {CONTRACT}")
    _check_parts(path, module)
    guarded = {name: _guarded(path, said, getattr(module, name)) for name, said in FUNCTIONS.items()}
    guarded["numbers"] = _guarded(path, FUNCTIONS["numbers"], _written(module.numbers))
    guarded["draw"] = _typed(path, guarded["draw"], "draw(numbers)", "savefig", "a figure of matplotlib's")
    guarded["reading"] = _typed(path, guarded["reading"], "reading(numbers)", "endswith", "a sentence")
    return replace(analysis_of(path.stem, module), module=SimpleNamespace(**guarded))


def _missing(module: Any) -> list[str]:
    """The parts of the contract that a module lacks."""
    doc = inspect.getdoc(module) or ""
    parts = {"a title in its docstring": doc.strip(), "'Caption:' in its docstring": "\n\nCaption:" in doc}
    parts |= {"'Claim:' in its docstring": "\n\nClaim:" in doc, "NEEDS": hasattr(module, "NEEDS")}
    parts |= {said: callable(getattr(module, name, None)) for name, said in FUNCTIONS.items()}
    return [part for part, there in parts.items() if not there]


def _check_parts(path: Path, module: Any) -> None:
    """Refuse parts of the evidence that do not exist."""
    for option in ("NEEDS", "USES"):
        parts = getattr(module, option, ())
        if not isinstance(parts, tuple | list):
            raise ReprlabError(f"{option} of '{path}' is no tuple: write it as in {option} = (\"scores\",)")
        for part in parts:
            if part not in PARTS:
                raise unknown(f"part of the evidence in {option} of '{path}':", str(part), PARTS)


def _guarded(path: Path, said: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, any error of which is one line with the line of the file."""

    @wraps(function)
    def run(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ReprlabError:
            raise
        except Exception as error:  # the user's code may raise anything
            what = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ReprlabError(f"{said} of '{path}'{_line(path, error)}: {what}") from error

    return run


def _line(path: Path, error: Exception) -> str:
    """The last line of the file that an error went through."""
    lines = [
        frame.lineno
        for frame in extract_tb(error.__traceback__)
        if Path(frame.filename).resolve() == path.resolve()
    ]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return "" if line is None else f" line {line}"


def _written(numbers: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, whose numbers are tried as JSON and CSV while an error can still be told."""

    def run(evidence: Any) -> Any:
        data = numbers(evidence)
        if not isinstance(data, dict):
            raise TypeError(f"it gave a {type(data).__name__}, a dict is needed")
        text(rounded(data))
        table(rounded(data))
        return data

    return run


def _typed(
    path: Path, function: Callable[..., Any], said: str, attribute: str, needed: str
) -> Callable[..., Any]:
    """The same function, refused where it gives something else than is needed."""

    def run(numbers: Any) -> Any:
        data = function(numbers)
        if not hasattr(data, attribute):
            raise ReprlabError(f"{said} of '{path}' gave a {type(data).__name__}: {needed} is needed")
        return data

    return run
