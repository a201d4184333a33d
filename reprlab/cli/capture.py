"""capture, models, fetch: weights and hidden states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from reprlab.cli.captures import CaptureOptions, on_captures, parsed
from reprlab.cli.options import (
    AsJson,
    NoStates,
    Schedules,
)
from reprlab.cli.terminal import each, out, print_json
from reprlab.models.registry import expand

if TYPE_CHECKING:
    from reprlab.captures.capture import Capture


@on_captures
def capture(
    work: CaptureOptions,
    names: Annotated[list[str], typer.Argument(help="Names or globs, one model after the other.")],
    run: Schedules = None,
    no_states: NoStates = False,
    as_json: AsJson = False,
) -> None:
    """Capture hidden states at every depth into the cache; what is there already is not computed again."""
    from reprlab.models.locations import known

    work = replace(work, schedule=parsed(run), states=not no_states)
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        for made in work.capture(name, corpora):
            rows.append(described(made))
            if not as_json:
                out.print(f"{_summary(made)}\n  {escape(str(made.folder))}", soft_wrap=True)

    try:
        each(expand(names, known(work.models_dir)), one)
    finally:
        if as_json:
            print_json(rows)


def described(made: Capture) -> dict[str, Any]:
    return {
        **made.identity.model_dump(),
        "note": made.manifest.note,
        "documents": made.documents,
        "tokens": sum(row.tokens for row in made.rows),
        "bytes": sum(row.bytes for row in made.rows),
        "nonfinite": made.nonfinite,
        "folder": str(made.folder),
    }


def _summary(made: Capture) -> str:
    text = (
        f"{made.identity.model} on {made.identity.corpus}: {made.documents:,} documents, "
        f"{made.tokens:,} tokens, {made.depths} depths x {made.width}, {made.identity.dtype}"
    )
    return escape(f"{text} ({made.manifest.note})")
