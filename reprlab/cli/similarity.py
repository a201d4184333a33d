"""similarity: how alike the hidden states are at every pair of depths, with intervals and controls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.captures import CaptureOptions, check_outputs, on_captures, parsed, write
from reprlab.cli.options import AsJson, NoStates, Schedules, TokenPolicy
from reprlab.cli.terminal import bar, each, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import expand

if TYPE_CHECKING:
    from reprlab.captures.activations import Activations
    from reprlab.captures.corpora import Corpus
    from reprlab.similarity.comparing import Similarity

UNTRAINED = "untrained"
SinkFactor = Annotated[float, typer.Option(help="A sink's norm is above this many medians.")]


@on_captures
def similarity(
    work: CaptureOptions,
    model: Annotated[str | None, typer.Option(help="A name or a glob.")] = None,
    activations: Annotated[
        Path | None, typer.Option(help="Instead of a model: states made elsewhere, .npz or .safetensors.")
    ] = None,
    measure: Annotated[
        str,
        typer.Option(
            help="cosine, cosine-centred, cosine-standardised, cosine-components, cosine-sequence, angular, "
            "cka, cka-biased, rbf-cka, procrustes or knn."
        ),
    ] = "cosine",
    against: Annotated[
        str | None, typer.Option(help="Another model, or a file of activations: its depths are the columns.")
    ] = None,
    against_schedule: Annotated[
        str | None,
        typer.Option(help="The columns are depths under this schedule; of the same model by default."),
    ] = None,
    tokens: TokenPolicy = "all",
    sink_factor: SinkFactor = 4.0,
    sinks_sweep: Annotated[
        bool, typer.Option("--sinks-sweep", help="Also show how the result moves with the sink factor.")
    ] = False,
    positions: Annotated[
        str, typer.Option(help="all, first, last, or a range of places in the document: 1:16, 16:.")
    ] = "all",
    bins: Annotated[
        str | None, typer.Option(help="Also show the result by place in the document, cut at 1,8,32.")
    ] = None,
    samples: Annotated[
        str, typer.Option(help="What is compared: tokens, documents (means), last or cls (first) tokens.")
    ] = "tokens",
    control: Annotated[
        list[str] | None,
        typer.Option(help="A null beside it: shuffled, residual or untrained; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the controls' random orders.")] = 0,
    mean: Annotated[
        list[str] | None, typer.Option(help="Depths a:b whose mean to each other is shown; may be repeated.")
    ] = None,
    bandwidth: Annotated[float, typer.Option(help="Of rbf-cka, in median distances.")] = 1.0,
    neighbours: Annotated[int, typer.Option(help="Of knn: k.")] = 10,
    components: Annotated[int, typer.Option(help="Of cosine-components: how many are taken away.")] = 3,
    memory: Annotated[float, typer.Option(help="GiB for states that are compared.")] = 0.75,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    run: Schedules = None,
    no_states: NoStates = False,
    as_json: AsJson = False,
) -> None:
    """Draw how alike the hidden states are at every pair of depths; captures first if need be."""
    from reprlab.models.locations import known, locate
    from reprlab.similarity.comparing import MEASURES
    from reprlab.similarity.controls import CONTROLS
    from reprlab.similarity.measure import check_asked
    from reprlab.similarity.policy import Policy

    controls = control or []
    for name in controls:
        if name not in (*CONTROLS, UNTRAINED):
            raise unknown("control", name, (*CONTROLS, UNTRAINED))
    check_asked(
        measure, Policy(tokens, sink_factor, positions, samples), None, bandwidth, neighbours, components
    )
    states = MEASURES[measure].states or positions != "all" or bool(controls or bins)
    states |= against is not None or against_schedule is not None or samples in {"last", "cls"}
    if states and no_states:
        raise ReprlabError(f"--no-states keeps no states and {measure} needs them: leave one of both away")
    cuts = _cuts(bins)
    if cuts and (positions != "all" or samples in {"last", "cls"}):
        raise ReprlabError("--bins cut all places of a document: leave --positions and --samples away")
    if not 0 < memory < float("inf"):
        raise ReprlabError(f"--memory {memory:g}: give a positive number of GiB")
    if (model is None) == (activations is None):
        raise ReprlabError("give one of --model NAME and --activations FILE")
    if activations is not None and (run is not None or against_schedule is not None):
        raise ReprlabError("--activations are states already: leave --schedule and --against-schedule away")
    names = expand([model], known(work.models_dir)) if model else [str(activations)]
    check_outputs(output, len(names))
    if activations is not None:
        _read(activations)
    if against is not None and _file(against) is None:
        locate(against, work.models_dir)
    for name in names if UNTRAINED in controls else ():
        _trained(name, activations is not None or against is not None or against_schedule is not None)
    options: dict[str, Any] = {
        "tokens": tokens,
        "sink_factor": sink_factor,
        "positions": positions,
        "samples": samples,
    }
    options |= {"bandwidth": bandwidth, "neighbours": neighbours, "components": components}
    options |= {"memory": int(memory * (1 << 30)), "device": work.device, "say": say}
    work = replace(work, schedule=parsed(run), states=not no_states)
    job = _Comparison(work, measure, options, states, [_range(text) for text in mean or []])
    corpora = work.corpora() if model else []
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        ours = job.states_of(name, corpora)
        theirs = job.other(name, corpora, against, against_schedule)
        found = [job.compared(ours, theirs)]
        for null in controls:
            found.append(job.control(null, name, ours, theirs, corpora, seed))
        written = _written(found, output)
        rows.append(job.row(name, found, written))
        sweep = job.sweep(ours, theirs) if sinks_sweep else []
        rows[-1]["sinks_sweep"] = [_numbers(part, job.ranges) for part in sweep]
        binned = [job.compared(ours, theirs, positions=place) for place in cuts]
        rows[-1]["bins"] = {part.positions: _numbers(part, job.ranges) for part in binned}
        if as_json:
            return
        for path in written:
            out.print(escape(str(path)), soft_wrap=True)
        job.show(name, found, sweep + binned)

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


class _Comparison:
    """One measure under one set of options, over whatever it is asked for."""

    def __init__(
        self,
        work: CaptureOptions,
        measure: str,
        options: dict[str, Any],
        states: bool,
        ranges: Sequence[range],
    ) -> None:
        self.work, self.measure, self.options = work, measure, options
        self.states, self.ranges = states, ranges

    def states_of(self, name: str, corpora: list[Corpus], work: CaptureOptions | None = None) -> list[Any]:
        """Captures of every corpus, or the activations in a file."""
        if (found := _file(name)) is not None:
            return [found]
        return (work or self.work).found(name, corpora, states=self.states)

    def other(
        self, name: str, corpora: list[Corpus], against: str | None, schedule: str | None
    ) -> list[Any] | None:
        """What the depths are compared with, if it is something else."""
        if against is None and schedule is None:
            return None
        return self.states_of(against or name, corpora, replace(self.work, schedule=parsed(schedule)))

    def compared(self, ours: list[Any], theirs: list[Any] | None, **changes: Any) -> Similarity:
        """The measure, averaged where the corpora are several."""
        from reprlab.similarity.comparing import average, compare

        others = theirs or [None] * len(ours)
        parts: list[Similarity] = []
        for one, other in zip(ours, others, strict=True):
            with bar(f"{self.measure} over {one.depths} depths", unit="parts") as progress:
                given: dict[str, Any] = {**self.options, **changes, "progress": progress}
                parts.append(compare(one, self.measure, against=other, **given))
        return parts[0] if len(parts) == 1 else average(parts, self.work.corpus)

    def control(
        self,
        null: str,
        name: str,
        ours: list[Any],
        theirs: list[Any] | None,
        corpora: list[Corpus],
        seed: int,
    ) -> Similarity:
        """The same measure of a null's states, or of the untrained network's."""
        if null != UNTRAINED:
            return self.compared(ours, theirs, control=null, seed=seed)
        found = self.compared(self.states_of(f"{name.split('@')[0]}@init", corpora), None)
        return replace(found, control=UNTRAINED)

    def sweep(self, ours: list[Any], theirs: list[Any] | None) -> list[Similarity]:
        """The measure without sinks at several thresholds, and with all tokens."""
        from reprlab.similarity.comparing import FACTORS

        found = [self.compared(ours, theirs, tokens="no-sinks", sink_factor=k) for k in FACTORS]
        return [*found, self.compared(ours, theirs, tokens="all")]

    def row(self, name: str, found: list[Similarity], written: list[Path]) -> dict[str, Any]:
        first, *nulls = found
        return {
            "model": name,
            "summary": first.summary,
            "remark": first.remark,
            **_numbers(first, self.ranges),
            "controls": {part.control: _numbers(part, self.ranges) for part in nulls},
            "files": [str(path) for path in written],
        }

    def show(self, name: str, found: list[Similarity], sweep: list[Similarity]) -> None:
        first, *nulls = found
        out.print(f"{escape(name)}: {escape(first.summary)}", soft_wrap=True)
        if nulls or sweep or self.ranges:
            out.print(_table(found, sweep, self.ranges))
        if first.intervals:
            say(f"{first.intervals.how}; {_size(first)}")
        if first.remark and first.remark not in first.summary:
            say(first.remark)


def _table(found: list[Similarity], sweep: list[Similarity], ranges: Sequence[range]) -> Table:
    """Means with their intervals: of the states, of nulls, and by the threshold of sinks."""
    heads = [part.words for part in _averages(found[0], ranges)]
    table = Table("states", "tokens", "left out", *heads, box=None, header_style="bold")
    named = [(part.control or "as they are", part) for part in found]
    named += [(_sort(part), part) for part in sweep]
    for label, part in named:
        numbers = [one.text for one in _averages(part, ranges)]
        table.add_row(label, f"{part.tokens:,}", f"{part.provenance.excluded:,}", *numbers)
    return table


def _sort(found: Similarity) -> str:
    """Which tokens a row of a sweep is of."""
    if found.positions != "all":
        return f"positions {found.positions}"
    source = found.provenance
    return "all tokens" if source.policy == "all" else f"sinks above {source.sink_factor:g}"


def _averages(found: Similarity, ranges: Sequence[range]) -> list[Any]:
    asked = [found.average(part.start, part.stop - 1) for part in ranges]
    return asked or list(found.summary_means)


def _numbers(found: Similarity, ranges: Sequence[range]) -> dict[str, Any]:
    means = {part.words: [part.value, part.low, part.high] for part in _averages(found, ranges)}
    clean = {key: [None if v != v else v for v in values] for key, values in means.items()}
    sizes = {"tokens": found.tokens, "excluded": found.provenance.excluded, "width": found.width}
    influence = {}
    if found.measure == "cosine" and not found.other and not found.control:
        influence = {"block_influence": [None if v != v else float(v) for v in found.block_influence]}
    policy = {name: getattr(found.provenance, name) for name in ("policy", "sink_factor")}
    return {**sizes, **policy, "means": clean, **influence}


def _size(found: Similarity) -> str:
    return f"n = {found.tokens:,}, d = {found.width:,}, n/d = {found.ratio:.3g}"


def _file(name: str) -> Activations | None:
    """The activations in a file, where a name is one of a file."""
    from reprlab.captures.activations import ENDINGS

    return _read(Path(name)) if Path(name).suffix in ENDINGS else None


def _read(path: Path) -> Activations:
    from reprlab.captures.activations import activations

    return activations(path)


def _trained(name: str, paired: bool) -> None:
    """Refuse the untrained network as a control where there is none."""
    if paired:
        raise ReprlabError("control untrained is of one model alone: not of activations, not against another")
    if name.endswith("@init"):
        raise ReprlabError(f"'{name}' is untrained already")


def _cuts(text: str | None) -> list[str]:
    """Ranges of places between cuts: 1,8 gives 0:1, 1:8 and 8:."""
    if text is None:
        return []
    parts = text.split(",")
    ends = [int(part) for part in parts if part.isdigit()]
    if len(ends) != len(parts) or ends != sorted(set(ends)) or not ends[0]:
        raise ReprlabError(f"--bins '{text}': give rising places above 0 with commas between, such as 1,8,32")
    return [f"{a}:{b}" for a, b in pairwise([0, *ends])] + [f"{ends[-1]}:"]


def _range(text: str) -> range:
    match = re.fullmatch(r"(\d+):(\d+)", text)
    found = range(*map(int, match.groups())) if match else range(0)
    if len(found) < 2:
        raise ReprlabError(f"--mean '{text}': give depths a:b of two or more, half-open, such as 8:25")
    return found


def _written(found: list[Similarity], output: list[Path] | None) -> list[Path]:
    """The files of the result, and beside them those of its controls."""
    first, *nulls = found
    paths = output or [_default_output(first)]
    written = write(first, paths, replacing=_note_replaced)
    for part in nulls:
        beside = [path.with_stem(f"{path.stem}-{part.control}") for path in paths]
        written = [*written, *write(part, beside, replacing=_note_replaced)]
    return written


def _default_output(result: Similarity) -> Path:
    source = result.provenance
    factor = "" if source.sink_factor == 4 else f"-{source.sink_factor:g}"
    policy = "" if source.policy == "all" else f"-{source.policy}{factor}"
    places = "" if result.positions == "all" else f"-{slug(result.positions)}"
    samples = "" if result.samples == "tokens" else f"-{result.samples}"
    settings = "".join(f"-{value:g}" for value in result.settings.values())
    corpus = slug(source.corpus.split(" (")[0])
    layers = "" if result.full else f"-{slug(source.schedule)}"
    other = f"-against-{slug(result.other)}" if result.other else ""
    name = (
        f"{result.measure}{settings}{policy}{places}{samples}-{corpus}-{result.documents}{layers}{other}.png"
    )
    return Path("reports") / slug(result.model) / name


def _note_replaced(path: Path, result: Similarity) -> None:
    """Say so where a file held the result of other settings."""
    from reprlab.similarity.comparing import Similarity

    if path.suffix.lower() != ".json" or not path.is_file():
        return
    try:
        before = Similarity.load(path).caption
    except ReprlabError:
        before = "something else"
    if before != result.caption:
        say(f"note: {path} is replaced; it was: {before}")
