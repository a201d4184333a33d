"""reprlab models and reprlab fetch: names, and weights on this disk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rich.markup import escape
from rich.table import Table

from reprlab.cli.options.command import AsJson, with_options
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.terminal import confirm, each, out, print_json, say, working
from reprlab.errors import ReprlabError
from reprlab.models.registry import MODELS, Name, expand

_ONLY_NAMES = ("dtype", "device", "device_map", "trust_remote_code")


@with_options(without=(*_ONLY_NAMES, "yes"))
def models(*, network: NetworkOptions, as_json: AsJson = False) -> None:
    """List the registered models, or those named, and which of them are on this machine.

    Examples:
    reprlab models
    reprlab models 'pythia-*' llama2-7b
    reprlab models --model 'tiny-*' --json
    """
    from reprlab.models.locations import known

    everything = known(network.models_dir)
    rows = [_row(name, everything, network) for name in expand(network.patterns or ["*"], everything)]
    if as_json:
        print_json(rows)
    else:
        _show(rows)


def _row(name: str, everything: Collection[str], network: NetworkOptions) -> dict[str, Any]:
    """A model as the table has it; one unusable folder hides no other model."""
    from reprlab.models.locations import locate

    weights, trouble = None, ""
    try:
        weights = locate(name, network.models_dir)
    except ReprlabError as error:
        if name not in everything:
            raise
        trouble = str(error)
    model = MODELS.get(Name.parse(name).base)
    return {
        "model": name,
        "layers": model.layers if model else None,
        "width": model.width if model else None,
        "parameters_millions": model.millions if model else None,
        "here": weights is not None,
        "weights": trouble or (weights.note if weights else model.note if model else "from the hub"),
        "gated": bool(getattr(model.provider, "gated", False)) if model else False,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table("model", "layers", "width", "parameters", "here", "weights", box=None, header_style="bold")
    for row in rows:
        size = row["parameters_millions"]
        count = "" if size is None else f"{size / 1000:.1f} B" if size >= 1000 else f"{size:g} M"
        cells = (row["model"], str(row["layers"] or ""), str(row["width"] or ""), count)
        note = row["weights"] + (", gated" if row["gated"] else "")
        table.add_row(*map(escape, cells), "yes" if row["here"] else "", escape(note))
    out.print(table)


@with_options(without=_ONLY_NAMES)
def fetch(*, network: NetworkOptions) -> None:
    """Get weights ready before they are needed: download, and dequantise a GGUF once.

    Examples:
    reprlab fetch smollm2-135m minilm-l6
    reprlab fetch 'pythia-*' --yes
    reprlab fetch --model tiny-neox,tiny-llama
    """

    def one(name: str) -> None:
        import reprlab as rl

        with working(f"fetching {name}"):
            weights = rl.fetch(name, models_dir=network.models_dir, confirm=confirm(network.yes), say=say)
        where = weights.folder or "made from a seed when it is loaded"
        out.print(f"{escape(name)}: {escape(str(where))} ({escape(weights.note)})", soft_wrap=True)

    each(network.names(new_folder=True), one)
