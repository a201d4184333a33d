"""reprlab models and reprlab fetch: names, and weights on this disk."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options import AsJson, ModelsDir, Yes
from reprlab.cli.terminal import confirm, each, err, out, print_json, say
from reprlab.errors import ReprlabError
from reprlab.models.registry import MODELS, Name, expand


def models(
    patterns: Annotated[list[str] | None, typer.Argument(help="Names or globs: 'pythia-*'.")] = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """List the registered models, and which of them are on this machine."""
    from reprlab.models.locations import known, locate

    everything = known(models_dir)
    rows: list[dict[str, Any]] = []
    for name in expand(patterns or ["*"], everything):
        weights, trouble = None, ""
        try:
            weights = locate(name, models_dir)
        except ReprlabError as error:
            if name not in everything:
                raise
            trouble = str(error)  # one unusable folder hides no other model
        model = MODELS.get(Name.parse(name).base)
        rows.append(
            {
                "model": name,
                "layers": model.layers if model else None,
                "width": model.width if model else None,
                "parameters_millions": model.millions if model else None,
                "here": weights is not None,
                "weights": trouble or (weights.note if weights else model.note if model else "from the hub"),
                "gated": bool(getattr(model.provider, "gated", False)) if model else False,
            }
        )
    if as_json:
        print_json(rows)
        return
    table = Table("model", "layers", "width", "parameters", "here", "weights", box=None, header_style="bold")
    for row in rows:
        size = row["parameters_millions"]
        count = "" if size is None else f"{size / 1000:.1f} B" if size >= 1000 else f"{size:g} M"
        cells = (row["model"], str(row["layers"] or ""), str(row["width"] or ""), count)
        note = row["weights"] + (", gated" if row["gated"] else "")
        table.add_row(*map(escape, cells), "yes" if row["here"] else "", escape(note))
    out.print(table)


def fetch(
    names: Annotated[list[str], typer.Argument(help="Names or globs: smollm2-135m, 'pythia-*'.")],
    models_dir: ModelsDir = None,
    yes: Yes = False,
) -> None:
    """Get weights ready before they are needed: download, and dequantise a GGUF once."""
    from reprlab.models.locations import known

    def one(name: str) -> None:
        import reprlab as rl

        with err.status(f"fetching {escape(name)}"):
            weights = rl.fetch(name, models_dir=models_dir, confirm=confirm(yes), say=say)
        where = weights.folder or "made from a seed when it is loaded"
        out.print(f"{escape(name)}: {escape(str(where))} ({escape(weights.note)})", soft_wrap=True)

    each(expand(names, known(models_dir)), one)
