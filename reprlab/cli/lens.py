"""reprlab lens: what the model would say at every depth, and from where on that is its last word."""

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
from reprlab.cli.terminal import bar, each_model, out, say
from reprlab.errors import unknown
from reprlab.files import slug

if TYPE_CHECKING:
    from reprlab.depths.lens import Lens

_ROWS = 12  # of the table, and the last depth


@with_options(without=("documents", "store", "no_states", "force", "cache"))
def lens(
    *,
    work: CaptureOptions,
    documents: Annotated[
        int | None, what(help="How many texts, a sample of them. Default: 24, or all if there are fewer.")
    ] = None,
    which: TokenOptions,
    show: Annotated[
        str, what(help="What the picture shows: nats (KL and entropy), agreement or likelihood.")
    ] = "nats",
    output: PictureOutput,
) -> None:
    """Read every depth through the model's own head (logit lens): KL to the end, entropy, first choices.

    Examples:
    reprlab lens tiny-neox --documents 3
    reprlab lens smollm2-135m --corpus lambada --show agreement
    reprlab lens --model tiny-neox --schedule "0:2 3:6" --out lens.pdf
    """
    from reprlab.depths.lens import SHOWN

    work = replace(work, documents=documents, no_states=True)
    names = work.names()
    which.policy()
    if show not in SHOWN:
        raise unknown("picture", show, SHOWN)
    check_single(len(names), out=output.out)
    corpus, schedule = work.one_corpus("lens"), work.parsed

    def one(name: str) -> Iterator[dict[str, Any]]:
        from reprlab.depths.lensing import lens as compute

        network = work.network.load(name, reports=output.reports)
        network.prove(say=say)
        options: dict[str, Any] = {"documents": documents, "max_tokens": work.max_tokens, **which.given}
        options |= {"batch_tokens": work.data.batch_tokens, "schedule": schedule}
        with bar(f"{network.name} on {corpus.name}") as progress:
            result = compute(network, corpus, progress=progress, **options)
        written = write_drawn(_LensPicture(result, show), output.out or [_default(result, show)])
        if not output.as_json:
            _table(result)
            print_summary(name, result.summary, written)
        files = [str(path) for path in written]
        yield {"model": name, "summary": result.summary, "settled": result.settled, "files": files}

    each_model(names, one, as_json=output.as_json)


class _LensPicture:
    """A lens whose picture shows some of its quantities; its numbers are all of them."""

    def __init__(self, found: Lens, show: str) -> None:
        self.found, self.show = found, show

    def save(self, path: Path | str) -> None:
        self.found.save(path)

    def plot(self, ax: Any = None) -> Any:
        return self.found.plot(ax, show=self.show)


def _default(found: Lens, show: str) -> Path:
    source = found.provenance
    factor = "" if source.sink_factor == 4 else f"-{source.sink_factor:g}"
    policy = "" if source.policy == "all" else f"-{source.policy}{factor}"
    layers = "" if found.full else f"-{slug(source.schedule)}"
    shown = "" if show == "nats" else f"-{show}"
    name = f"lens{shown}{policy}-{slug(source.corpus)}-{source.documents}{layers}.png"
    return Path("reports") / slug(source.model) / name


def _table(found: Lens) -> None:
    """A dozen depths and the last, with every quantity."""
    heads = ["depth", "KL to the end", "95 % interval", "entropy", "agreement", "log-likelihood"]
    heads += [] if found.full else ["KL to full", "95 % interval", "agreement with full"]
    table = Table(*heads, box=None, header_style="bold")
    last = found.depths - 1
    for depth in [*range(0, last, -(-last // _ROWS)), last]:
        cells = [str(depth), *_apart(found, "kl", depth)]
        cells += [f"{found.values[key].mean[depth]:.3f}" for key in ("entropy", "agreement", "likelihood")]
        if not found.full:
            cells += [*_apart(found, "kl_full", depth), f"{found.values['agreement_full'].mean[depth]:.3f}"]
        table.add_row(*cells)
    out.print(table)
    say(found.caption)


def _apart(found: Lens, name: str, depth: int) -> tuple[str, str]:
    curve = found.values[name]
    ends = f"{curve.low[depth]:.3f} to {curve.high[depth]:.3f}"
    return f"{curve.mean[depth]:.3f}", "too few" if math.isnan(curve.low[depth]) else ends
