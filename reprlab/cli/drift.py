"""reprlab drift: how variance, norm and rank change with depth under skip and middle repeat."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.table import Table

from reprlab.cli.options.captures import CaptureOptions
from reprlab.cli.options.command import what, with_options
from reprlab.cli.options.outputs import PictureOutput, check_single, print_summary, write_drawn
from reprlab.cli.options.tokens import TokenOptions
from reprlab.cli.terminal import each_model, out, say, working
from reprlab.errors import ReprlabError
from reprlab.files import slug
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.captures.corpora import Corpus
    from reprlab.depths.drift import Drift


@with_options(without=("schedule", "no_states"))
def drift(
    *,
    work: CaptureOptions,
    start: Annotated[
        int | None, what(help="The paper's s: layers 0..s stay in front. Default: 13/32 of the layers.")
    ] = None,
    which: TokenOptions,
    output: PictureOutput,
) -> None:
    """Draw the variance of states by depth: full model, skip and middle repeat; captures if need be.

    Examples:
    reprlab drift tiny-neox --documents 3
    reprlab drift smollm2-135m --corpus lambada --tokens no-sinks
    reprlab drift --model 'pythia-*' --start 2 --json
    """
    names = work.network.names()
    which.policy()
    check_single(len(names), out=output.out)
    work.network.check_layers(names, lambda layers: _schedules(layers, start))
    corpus = work.one_corpus("drift")

    def one(name: str) -> Iterator[dict[str, Any]]:
        curves = _computed(work, name, corpus, start, which, output.reports)
        policy = "" if which.tokens == "all" else f"-{which.tokens}"
        default = f"drift-s{curves.start}{policy}-{slug(corpus.name)}.png"
        written = write_drawn(
            curves, output.out or [Path("reports") / slug(curves.provenance.model) / default]
        )
        if not output.as_json:
            _show(curves)
            print_summary(name, curves.summary, written)
        yield {"model": name, "summary": curves.summary, "files": [str(path) for path in written]}

    each_model(names, one, as_json=output.as_json)


def _computed(
    work: CaptureOptions,
    name: str,
    corpus: Corpus,
    start: int | None,
    which: TokenOptions,
    reports: Path | None,
) -> Drift:
    """The drift of a model from a start, its captures made or read."""
    from reprlab.depths.drifting import drift as compute

    network = work.network.load(name, reports=reports)
    begin, schedules = _schedules(network.n_layers, start)
    (full,) = work.captures(network, [corpus])
    changed = {
        label: replace(work, schedule=str(schedule)).captures(network, [corpus])[0]
        for label, schedule in schedules.items()
    }
    with working("moments by depth"):
        return compute(full, changed, start=begin, **which.given)


def _schedules(layers: int, start: int | None) -> tuple[int, dict[str, Schedule]]:
    """The start, and the schedules that are compared with the full model of this many layers."""
    begin = min(round(13 * layers / 32), (layers - 3) // 2) if start is None else start
    schedules = {
        "skip": Schedule.paper("skip", layers=layers, start=begin),
        "middle repeat": Schedule.paper("middle_repeat", layers=layers, start=begin),
    }
    if schedules["middle repeat"] == Schedule.full(layers):
        most = max((layers - 3) // 2, 0)
        raise ReprlabError(
            f"start {begin} of {layers} layers leaves one in the middle, and repeating it is the full "
            f"model: give 0..{most}"
        )
    return begin, schedules


def _times(ratio: float) -> str:
    """A ratio of variances, where the variant has that depth and the full model's states vary there."""
    return "unknown" if math.isnan(ratio) else f"{ratio:.3g}x"


def _show(curves: Drift) -> None:
    """The last two depths of each curve, which the paper is about, and the one before them."""
    heads = ("variant", "depth", "variance", "95 % interval", "flat", "norm", "rank", "largest", "cosine")
    table = Table(*heads, box=None, header_style="bold")
    for name, curve in curves.curves.items():
        for depth in range(len(curve.at))[-3:]:
            ends = f"{curve.low[depth]:.4g} to {curve.high[depth]:.4g}"
            ends = "too few" if math.isnan(curve.low[depth]) else ends
            values = (curve.variance_flat, curve.norm, curve.rank, curve.largest)
            numbers = [f"{value[depth]:.4g}" for value in values]
            first = (name, str(curve.at[depth]), f"{curve.variance[depth]:.4g}", ends)
            table.add_row(*first, *numbers, f"{curve.cosine[depth]:.3f}")
    out.print(table)
    ends = [f"{name} {_times(before)} and {_times(last)}" for name, (before, last) in curves.last_two.items()]
    out.print(f"variance over the full model's at the last two depths: {'; '.join(ends)}", soft_wrap=True)
    say(curves.caption)
