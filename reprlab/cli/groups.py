"""reprlab groups: which neighbouring depths share a space, and how that goes with the size of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options.captures import CaptureOptions
from reprlab.cli.options.command import what, with_options
from reprlab.cli.options.outputs import PictureOutput, check_single, print_files, print_summary, write_drawn
from reprlab.cli.options.pieces import check_counts, separate
from reprlab.cli.options.tokens import TokenOptions
from reprlab.cli.terminal import each, json_rows, out, say, working
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import slug

if TYPE_CHECKING:
    from reprlab.captures.corpora import Corpus
    from reprlab.depths.family import Family
    from reprlab.depths.groups import Groups


@with_options(without=("schedule", "no_states"))
def groups(
    *,
    work: CaptureOptions,
    measure: Annotated[
        list[str] | None,
        what(
            "--measure",
            help="A measure as of `reprlab similarity`; commas or repetition. Default: cosine.",
            callback=separate,
        ),
    ] = None,
    which: TokenOptions,
    count: Annotated[
        int | None, what(help="Number of groups, 1 or more. Default: decided from the data.")
    ] = None,
    output: PictureOutput,
) -> None:
    """Cut the depths into groups that share a space; over several models, groups against size.

    Examples:
    reprlab groups tiny-neox --documents 3
    reprlab groups 'pythia-*' --corpus lambada --measure cosine,cka
    reprlab groups --model smollm2-135m --count 4 --out groups.pdf
    """
    from reprlab.similarity.measure import check_asked

    measures = list(dict.fromkeys(measure or ["cosine"]))
    names = work.names()
    for name in measures:
        check_asked(name, which.policy())
    check_counts(count=count)
    if count is not None:
        work.network.check_layers(names, lambda layers: _check_count(count, layers))
    check_single(len(names) * len(measures), out=output.out)
    run = GroupsRun(work, which, count, output, work.corpora())
    with json_rows(output.as_json) as rows:
        failures = [run.of_models(names, name, rows) for name in measures]
    if failure := next(filter(None, failures), None):
        raise failure


def _check_count(count: int, layers: int) -> None:
    if count > layers:
        raise ReprlabError(
            f"--count {count}: a model of {counted(layers, 'layer')} has {counted(layers, 'depth')} to group"
        )


@dataclass(frozen=True)
class GroupsRun:
    """What `groups` was asked for, whichever the model and the measure."""

    work: CaptureOptions
    which: TokenOptions
    count: int | None
    output: PictureOutput
    corpora: list[Corpus]

    def of_models(self, names: list[str], measure: str, rows: list[dict[str, Any]]) -> typer.Exit | None:
        """Cut every model by a measure, and several as a family; gives the failure of some."""
        cut: list[Groups] = []
        failure: typer.Exit | None = None

        def one(name: str) -> None:
            cut.append(self._computed(name, measure))
            rows.append(_written(name, cut[-1], self.output))

        try:
            each(names, one)
        except typer.Exit as some:  # the family is of the others
            failure = some
        if len(cut) > 1:
            rows.append(_family(cut, self.work.network.patterns, self.output.as_json))
        return failure

    def _computed(self, name: str, measure: str) -> Groups:
        """The groups of a model by a measure, averaged where the corpora are several."""
        from reprlab.depths.grouping import group
        from reprlab.similarity.comparing import MEASURES, average, compare

        captures = self.work.obtained(
            name, self.corpora, states=MEASURES[measure].states, reports=self.output.reports
        )
        with working(f"{measure} over {captures[0].depths} depths"):
            parts = [compare(capture, measure, **self.which.given, say=say) for capture in captures]
            similarity = parts[0] if len(parts) == 1 else average(parts, self.work.corpus)
            return group(similarity, count=self.count)


def _written(name: str, groups: Groups, output: PictureOutput) -> dict[str, Any]:
    """Write, show and describe the groups of a model."""
    default = _default(groups, slug(groups.provenance.model), "groups", groups.provenance.documents)
    written = write_drawn(groups, output.out or [default])
    if not output.as_json:
        _show(groups)
        print_summary(name, groups.summary, written)
    return {"model": name, **_described(groups), "files": [str(path) for path in written]}


def _family(cut: list[Groups], patterns: Sequence[str], as_json: bool) -> dict[str, Any]:
    """Write the numbers of a family and both pictures, and say what they show."""
    from reprlab.depths.family import family

    groups = family(cut)
    counts = sorted({member.provenance.documents for member in groups.members})
    path = _default(groups, slug("+".join(patterns)), "group-sizes", "-".join(map(str, counts)))
    shares = path.with_name(path.name.replace("sizes", "shares", 1))
    numbers = write_drawn(groups, [path])[-1]
    write_drawn(_PartShares(groups), [shares, numbers])  # the same numbers
    written = [path, shares, numbers]
    if not as_json:
        _show_family(groups, written)
    claims = [{"claim": c.text, "verdict": c.verdict, "reason": c.reason} for c in groups.claims]
    return {"family": ",".join(patterns), "claims": claims, "files": [str(file) for file in written]}


def _show_family(found: Family, written: Sequence[Path]) -> None:
    table = Table("model", "layers", "beginning", "middle", "ending", box=None, header_style="bold")
    for member in found.members:
        sizes = [member.reason, "", ""] if member.reason else [f"{size:g}" for size in member.sizes]
        table.add_row(escape(member.provenance.model), str(member.provenance.layers), *map(escape, sizes))
    out.print(table)
    say(found.caption)
    print_files(written)
    for claim in found.claims:
        out.print(f"{claim.text}: {claim.verdict} ({claim.reason})", soft_wrap=True)


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
