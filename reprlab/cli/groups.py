"""groups: which neighbouring depths share a space, and how that goes with the size of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.captures import CaptureOptions, check_outputs, on_captures, write
from reprlab.cli.options import AsJson, TokenPolicy
from reprlab.cli.terminal import each, err, out, print_json, say
from reprlab.errors import ReprlabError
from reprlab.files import slug
from reprlab.models.registry import expand

if TYPE_CHECKING:
    from reprlab.depths.family import Family
    from reprlab.depths.groups import Groups


@on_captures
def groups(
    work: CaptureOptions,
    model: Annotated[str, typer.Option(help="A name or a glob; of several models the family too.")],
    measure: Annotated[str, typer.Option(help="As for similarity: cosine, cka, ...")] = "cosine",
    tokens: TokenPolicy = "all",
    sink_factor: Annotated[float, typer.Option(help="A sink's norm is above this many medians.")] = 4.0,
    count: Annotated[int | None, typer.Option(help="How many groups. Default: from the data.")] = None,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cut the depths into groups that share a space; over several models, groups against size."""
    from reprlab.depths.family import family
    from reprlab.depths.grouping import group
    from reprlab.models.locations import known
    from reprlab.similarity.comparing import MEASURES, average, compare
    from reprlab.similarity.measure import check_asked
    from reprlab.similarity.policy import Policy

    check_asked(measure, Policy(tokens, sink_factor))  # before any model is loaded
    if count is not None and count < 1:
        raise ReprlabError(f"--count {count}: give 1 or more")
    names = expand([model], known(work.models_dir))
    check_outputs(output, len(names))
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []
    made: list[Groups] = []

    def one(name: str) -> None:
        captures = work.found(name, corpora, states=MEASURES[measure].states)
        with err.status(f"{measure} over {captures[0].depths} depths"):
            parts = [compare(c, measure, tokens=tokens, sink_factor=sink_factor, say=say) for c in captures]
            found = group(parts[0] if len(parts) == 1 else average(parts, work.corpus), count=count)
        made.append(found)
        written = write(
            found,
            output or [_default(found, slug(found.provenance.model), "groups", found.provenance.documents)],
        )
        rows.append({"model": name, **_described(found), "files": [str(path) for path in written]})
        if not as_json:
            _show(found)
            _tell(name, found.summary, written)

    stopped: typer.Exit | None = None
    try:
        try:
            each(names, one)
        except typer.Exit as stop:  # some failed: the family is of the others
            stopped = stop
        if len(made) > 1:
            rows.append(_family(family(made), model, as_json))
    finally:
        if as_json:
            print_json(rows)
    if stopped is not None:
        raise stopped


def _family(found: Family, pattern: str, as_json: bool) -> dict[str, Any]:
    """Write a family's numbers and both pictures, and say what they show."""
    counts = sorted({member.provenance.documents for member in found.members})
    path = _default(found, slug(pattern), "group-sizes", "-".join(map(str, counts)))
    shares = path.with_name(path.name.replace("sizes", "shares", 1))
    written = write(found, [path])
    write(_PartShares(found), [shares, written[-1]])  # the same numbers
    written = [path, shares, written[-1]]
    if not as_json:
        table = Table("model", "layers", "beginning", "middle", "ending", box=None, header_style="bold")
        for member in found.members:
            sizes = [member.reason, "", ""] if member.reason else [f"{size:g}" for size in member.sizes]
            table.add_row(escape(member.provenance.model), str(member.provenance.layers), *map(escape, sizes))
        out.print(table)
        say(found.caption)
        for file in written:
            out.print(escape(str(file)), soft_wrap=True)
        for claim in found.claims:
            out.print(f"{claim.text}: {claim.verdict} ({claim.reason})", soft_wrap=True)
    claims = [{"claim": c.text, "verdict": c.verdict, "reason": c.reason} for c in found.claims]
    return {"family": pattern, "claims": claims, "files": [str(file) for file in written]}


class _PartShares:
    """A family, drawn as shares."""

    def __init__(self, found: Family) -> None:
        self.found = found
        self.save = found.save

    def plot(self, ax: Any = None) -> Any:
        return self.found.plot(ax, shares=True)


def _default(found: Groups | Family, folder: str, what: str, documents: object) -> Path:
    source, measure = found.provenance, found.to_dict()["measure"]
    factor = "" if source.sink_factor == 4 else f"-{source.sink_factor:g}"
    policy = "" if source.policy == "all" else f"-{source.policy}{factor}"
    corpus = slug(source.corpus.split(" ")[0])
    return Path("reports") / folder / f"{what}-{measure}{policy}-{corpus}-{documents}.png"


def _described(found: Groups) -> dict[str, Any]:
    """What `--json` says of a model."""
    from reprlab.files import plain

    names = (
        "layers",
        "starts",
        "sizes",
        "gap",
        "explained",
        "apart",
        "reason",
        "draws",
        "stable",
        "agreeing",
    )
    numbers = {**found.to_dict(), "sizes": found.sizes}
    return {"summary": found.summary, **plain({name: numbers[name] for name in names})}


def _show(found: Groups) -> None:
    from reprlab.depths.groups import said

    heads = ("group", "depths", "layers", "size", "share", "start within 1")
    table = Table(*heads, box=None, header_style="bold")
    table.add_row("apart", "0", "", "1", "", "")
    stable = ["", *(f"{100 * share:.0f} %" if found.draws else "" for share in found.stable)]
    for part, depths, start in zip(found.parts, found.groups, stable, strict=True):
        layers = range(depths.start - 1, depths.stop - 1)  # depth l + 1 is behind layer l
        share = f"{100 * len(depths) / found.values.sum():.0f} %"
        table.add_row(part, said(depths), said(layers), str(len(depths)), share, start)
    out.print(table)
    say(found.caption)


def _tell(name: str, reading: str, written: list[Path]) -> None:
    for path in written:
        out.print(escape(str(path)), soft_wrap=True)
    out.print(f"{escape(name)}: {escape(reading)}", soft_wrap=True)
