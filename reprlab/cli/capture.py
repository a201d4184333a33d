"""reprlab capture: hidden states of texts at every depth, kept in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from reprlab.cli.options.captures import CaptureOptions
from reprlab.cli.options.command import AsJson, with_options
from reprlab.cli.terminal import each_model, out
from reprlab.counts import counted

if TYPE_CHECKING:
    from reprlab.captures.capture import Capture


@with_options()
def capture(*, work: CaptureOptions, as_json: AsJson = False) -> None:
    """Capture hidden states at every depth into the cache; states that are there are not computed again.

    Examples:
    reprlab capture tiny-neox tiny-llama --documents 3
    reprlab capture 'pythia-*' --corpus lambada --documents 200
    reprlab capture --model tiny-neox --schedule "0:2 [2:4]*2 4:6" --no-states
    """
    names, corpora = work.names(), work.corpora()

    def one(name: str) -> Iterator[dict[str, Any]]:
        for made in work.capture(name, corpora):
            if not as_json:
                where = escape(str(made.folder))
                if made.is_full:
                    where += f", calibration {made.calibration}"
                out.print(f"{_summary(made)}\n  {where}", soft_wrap=True)
            yield described(made)

    each_model(names, one, as_json=as_json)


def described(made: Capture) -> dict[str, Any]:
    return {
        **made.identity.model_dump(),
        "note": made.manifest.note,
        "documents": made.documents,
        "calibration": made.calibration if made.is_full else None,
        "tokens": sum(row.tokens for row in made.rows),
        "bytes": sum(row.bytes for row in made.rows),
        "nonfinite": made.nonfinite,
        "folder": str(made.folder),
    }


def _summary(made: Capture) -> str:
    text = (
        f"{made.identity.model} on {made.identity.corpus}: {counted(made.documents, 'document')}, "
        f"{counted(made.tokens, 'token')}, {made.depths} depths x {made.width}, {made.identity.dtype}"
    )
    return escape(f"{text} ({made.manifest.note})")
