"""drift: how variance, norm and rank change with depth under skip and middle repeat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.captures import CaptureOptions, check_outputs, on_captures, write
from reprlab.cli.options import (
    AsJson,
    TokenPolicy,
)
from reprlab.cli.terminal import each, err, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import expand
from reprlab.schedules.schedule import Schedule


@on_captures
def drift(
    work: CaptureOptions,
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    start: Annotated[
        int | None, typer.Option(help="The paper's s: layers 0..s stay in front. Default: 13/32 of them.")
    ] = None,
    tokens: TokenPolicy = "all",
    sink_factor: Annotated[float, typer.Option(help="A sink's norm is above this many medians.")] = 4.0,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the variance of states by depth: full model, skip and middle repeat; captures if need be."""
    from reprlab.depths.drifting import drift as compute
    from reprlab.models.locations import known
    from reprlab.similarity.policy import POLICIES

    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    if not sink_factor >= 1:
        raise ReprlabError(f"sink factor {sink_factor:g}: give 1 or more")
    names = expand([model], known(work.models_dir))
    check_outputs(output, len(names))
    corpora = work.corpora()
    if len(corpora) > 1:
        raise ReprlabError(
            f"drift takes one corpus, '{work.corpus}' stands for {len(corpora)}: name one of them"
        )
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        network = work.load(name)
        layers = network.n_layers
        begin = min(round(13 * layers / 32), (layers - 3) // 2) if start is None else start
        schedules = {
            "skip": Schedule.paper("skip", layers=layers, start=begin),
            "middle repeat": Schedule.paper("middle_repeat", layers=layers, start=begin),
        }
        if schedules["middle repeat"] == network.full():
            most = max((layers - 3) // 2, 0)
            raise ReprlabError(
                f"start {begin} of {layers} layers leaves one in the middle, and repeating it is the full "
                f"model: give 0..{most}"
            )
        (full,) = work.captures(network, corpora)
        made = {key: replace(work, schedule=s).captures(network, corpora)[0] for key, s in schedules.items()}
        with err.status("moments by depth"):
            found = compute(full, made, start=begin, tokens=tokens, sink_factor=sink_factor)
        policy = "" if tokens == "all" else f"-{tokens}"
        default = Path("reports") / slug(network.name) / f"drift-s{begin}{policy}-{slug(corpora[0].name)}.png"
        written = write(found, output or [default])
        rows.append({"model": name, "summary": found.summary, "files": [str(path) for path in written]})
        if as_json:
            return
        _show(found)
        for path in written:
            out.print(escape(str(path)), soft_wrap=True)
        out.print(f"{escape(name)}: {found.summary}", soft_wrap=True)

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


def _show(found: Any) -> None:
    """The last two depths of each curve, which the paper is about, and the one before them."""
    heads = ("variant", "depth", "variance", "95 % interval", "flat", "norm", "rank", "largest", "cosine")
    table = Table(*heads, box=None, header_style="bold")
    for name, curve in found.curves.items():
        for depth in range(len(curve.at))[-3:]:
            ends = f"{curve.low[depth]:.4g} to {curve.high[depth]:.4g}"
            values = (curve.variance_flat, curve.norm, curve.rank, curve.largest)
            numbers = [f"{value[depth]:.4g}" for value in values]
            first = (name, str(curve.at[depth]), f"{curve.variance[depth]:.4g}", ends)
            table.add_row(*first, *numbers, f"{curve.cosine[depth]:.3f}")
    out.print(table)
    ends = [f"{name} {before:.3g}x and {last:.3g}x" for name, (before, last) in found.last_two.items()]
    out.print(f"variance over the full model's at the last two depths: {'; '.join(ends)}", soft_wrap=True)
    say(found.caption)
