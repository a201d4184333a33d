"""reprlab similarity: how alike hidden states are at every pair of depths, with intervals and controls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.markup import escape
from rich.table import Table

from reprlab.arguments import drawing_seed
from reprlab.cli.options.captures import CaptureOptions
from reprlab.cli.options.command import how, what, with_options
from reprlab.cli.options.outputs import (
    PictureOutput,
    check_named_by,
    check_single,
    holds_result,
    numbers_of_picture,
    print_files,
    write_drawn,
)
from reprlab.cli.options.pieces import separate
from reprlab.cli.options.tokens import TokenOptions
from reprlab.cli.terminal import bar, each_model, out, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.captures.activations import Activations
    from reprlab.captures.corpora import Corpus
    from reprlab.similarity.comparing import Similarity

UNTRAINED = "untrained"


@dataclass(frozen=True, kw_only=True)
class SimilarityOptions:
    """How states are compared: by which measures, and what each of them takes."""

    measure: Annotated[
        list[str] | None,
        what(
            "--measure",
            help="cosine, cosine-centred, cosine-standardised, cosine-components, cosine-sequence, angular, "
            "cka, cka-biased, rbf-cka, procrustes or knn; commas or repetition. Default: cosine.",
            callback=separate,
        ),
    ] = None
    positions: Annotated[
        str, how(help="Places in the document: all, first, last, or a range such as 1:16 or 16:.")
    ] = "all"
    samples: Annotated[
        str, how(help="Samples: tokens, documents (their means), or last or cls (first) tokens.")
    ] = "tokens"
    bandwidth: Annotated[float, how(help="Kernel width of rbf-cka, in median distances; above 0.")] = 1.0
    neighbours: Annotated[int, how(help="Number of neighbours of knn; 1 or more.")] = 10
    components: Annotated[
        int, how(help="Number of components that cosine-components removes; 1 or more.")
    ] = 3
    memory: Annotated[float, how(help="GiB for the states that are compared; above 0.")] = 0.75

    @property
    def measures(self) -> list[str]:
        return list(dict.fromkeys(self.measure or ["cosine"]))

    def check(self, which: TokenOptions) -> None:
        """Refuse what no comparison takes, before anything is captured."""
        from reprlab.similarity.measure import check_asked

        for name in self.measures:
            policy = which.policy(positions=self.positions, samples=self.samples)
            check_asked(name, policy, None, self.bandwidth, self.neighbours, self.components)
        if not 0 < self.memory < float("inf"):
            raise ReprlabError(f"--memory {self.memory:g}: give a positive number of GiB")

    def check_width(self, width: int) -> None:
        """Refuse to take as many components away as a state has features: rounding noise would be left."""
        if "cosine-components" in self.measures and self.components >= width:
            raise ReprlabError(
                f"--components {self.components}: a state has {width} features, give 1 to {width - 1}"
            )

    @property
    def given(self) -> dict[str, Any]:
        """The arguments of a comparison."""
        names = ("positions", "samples", "bandwidth", "neighbours", "components")
        return {**{name: getattr(self, name) for name in names}, "memory": int(self.memory * (1 << 30))}


@dataclass(frozen=True, kw_only=True)
class OtherOptions:
    """The sides of a comparison that are not the models named: files, other models, other schedules."""

    against: Annotated[
        str | None, what(help="Another model, or a file of activations: its depths are the columns.")
    ] = None
    against_schedule: Annotated[
        str | None, what(help="The columns are depths under this schedule, of the same model by default.")
    ] = None
    activations: Annotated[
        Path | None, what(help="States made elsewhere, .npz or .safetensors, instead of a model.")
    ] = None

    @property
    def paired(self) -> bool:
        return self.against is not None or self.against_schedule is not None

    def names(self, work: CaptureOptions) -> list[str]:
        """The models, or the file instead of them."""
        if bool(work.network.patterns) == (self.activations is not None):
            raise ReprlabError("give models, as in --model tiny-neox, or --activations FILE, and not both")
        if self.activations is None:
            return work.names()
        if work.schedule is not None or self.against_schedule is not None:
            raise ReprlabError(
                "--activations are states already: leave --schedule and --against-schedule away"
            )
        _read(self.activations)
        return [str(self.activations)]


@dataclass(frozen=True, kw_only=True)
class ShownOptions:
    """The views of a result: controls, means, and results by place and by threshold."""

    control: Annotated[
        list[str] | None,
        what(
            "--control",
            help="A null for comparison: shuffled, residual or untrained; commas or repetition.",
            callback=separate,
        ),
    ] = None
    seed: Annotated[int, how(help="Seed of the controls.")] = 0
    mean: Annotated[
        list[str] | None,
        how(
            "--mean",
            help="Show the mean over depths a:b of two or more, half-open; commas or repetition.",
            callback=separate,
        ),
    ] = None
    bins: Annotated[
        list[str] | None,
        how("--bins", help="Show the result by place in the document too, cut at 1,8,32.", callback=separate),
    ] = None
    sinks_sweep: Annotated[
        bool, how("--sinks-sweep", help="Show how the result moves with the sink factor too.")
    ] = False

    @property
    def controls(self) -> list[str]:
        return list(dict.fromkeys(self.control or ()))

    @cached_property
    def ranges(self) -> list[range]:
        return [_range(text) for text in self.mean or ()]

    @cached_property
    def cuts(self) -> list[str]:
        return _cuts(self.bins or [])

    def check(self, measures: SimilarityOptions) -> None:
        """Refuse unknown controls and wrong ranges, before anything is captured."""
        from reprlab.similarity.measure import CONTROLS

        drawing_seed("seed", self.seed)
        for name in self.controls:
            if name not in (*CONTROLS, UNTRAINED):
                raise unknown("control", name, (*CONTROLS, UNTRAINED))
        placed = measures.positions != "all" or measures.samples in {"last", "cls"}
        if self.cuts and placed:
            raise ReprlabError("--bins cut all places of a document: leave --positions and --samples away")
        _ = self.ranges


@with_options()
def similarity(
    *,
    work: CaptureOptions,
    how_compared: SimilarityOptions,
    which: TokenOptions,
    other: OtherOptions,
    shown: ShownOptions,
    output: PictureOutput,
) -> None:
    """Draw how alike the hidden states are at every pair of depths; captures first if need be.

    Examples:
    reprlab similarity tiny-neox --documents 3 --measure cosine,cka
    reprlab similarity --model llama2-13b --tokens no-sinks --out fig.pdf
    reprlab similarity tiny-llama --against tiny-neox --control residual
    """
    names = other.names(work)
    shown.check(how_compared)
    how_compared.check(which)
    measures = how_compared.measures
    check_single(len(names) * len(measures), out=output.out)
    jobs = [SimilarityRun(work, name, how_compared, which, other, shown) for name in measures]
    for job in jobs:
        job.check(names)
    if not other.activations:
        work.network.check_layers(names, partial(_check_depths, work, other, shown))
        work.network.check_widths(names, how_compared.check_width)
    for path in _beside(output.out or [], shown.controls):
        numbers = numbers_of_picture([path])
        if numbers is not None:
            check_named_by("--out", numbers, holds_result)
    corpora = [] if other.activations else work.corpora()
    _ = work.parsed

    def one(name: str) -> Iterator[dict[str, Any]]:
        for job in jobs:
            yield job.of_model(name, corpora, output)

    each_model(names, one, as_json=output.as_json)


def _check_depths(work: CaptureOptions, other: OtherOptions, shown: ShownOptions, layers: int) -> None:
    """Refuse a schedule and depths that a model of this many layers does not have."""
    if other.against_schedule is not None and other.against is None:
        Schedule.parse(other.against_schedule, layers)
    last = layers if work.parsed is None else len(work.parsed)
    for part in shown.ranges:
        if part.stop > last + 1:
            raise ReprlabError(
                f"--mean '{part.start}:{part.stop}': the depths are 0..{last}, give a:b up to 0:{last + 1}"
            )


@dataclass(frozen=True)
class SimilarityRun:
    """One measure under one set of options, for whichever model."""

    work: CaptureOptions
    measure: str
    how_compared: SimilarityOptions
    which: TokenOptions
    other: OtherOptions
    shown: ShownOptions

    @property
    def states(self) -> bool:
        """Whether it takes the states themselves, not only what was summed as they passed by."""
        from reprlab.similarity.measure import MEASURES

        placed = self.how_compared.positions != "all" or self.how_compared.samples in {"last", "cls"}
        more = bool(self.shown.controls or self.shown.cuts) or self.other.paired
        return MEASURES[self.measure].states or placed or more

    def check(self, names: Sequence[str]) -> None:
        """Refuse what the options do not allow together, before anything is captured."""
        from reprlab.models.locations import locate

        if self.states and self.work.no_states:
            raise ReprlabError(
                f"--no-states keeps no states and {self.measure} needs them: leave one of both away"
            )
        if self.other.against is not None and _file(self.other.against) is None:
            locate(self.other.against, self.work.network.models_dir)
        for name in names if UNTRAINED in self.shown.controls else ():
            _trained(name, self.other.activations is not None or self.other.paired)

    def of_model(self, name: str, corpora: list[Corpus], output: PictureOutput) -> dict[str, Any]:
        """Compare a model's depths, write the files, show the result and describe it."""
        ours = self._states(name, corpora, reports=output.reports)
        theirs = self._other(name, corpora)
        results = [self._compared(ours, theirs)]
        for null in self.shown.controls:
            results.append(self._control(null, name, ours, theirs, corpora))
        written = _written(results, output.out)
        sweep = self._sweep(ours, theirs) if self.shown.sinks_sweep else []
        binned = [self._compared(ours, theirs, positions=place) for place in self.shown.cuts]
        if not output.as_json:
            print_files(written)
            self._show(name, results, sweep + binned)
        return self._row(name, results, written, sweep, binned)

    def _states(
        self,
        name: str,
        corpora: list[Corpus],
        work: CaptureOptions | None = None,
        reports: Path | None = None,
    ) -> list[Any]:
        """Captures of every corpus, or the activations in a file."""
        if (activations := _file(name)) is not None:
            return [activations]
        return (work or self.work).obtained(name, corpora, states=self.states, reports=reports)

    def _other(self, name: str, corpora: list[Corpus]) -> list[Any] | None:
        """What the depths are compared with, if it is something else."""
        if not self.other.paired:
            return None
        work = replace(self.work, schedule=self.other.against_schedule)
        return self._states(self.other.against or name, corpora, work)

    def _compared(self, ours: list[Any], theirs: list[Any] | None, **changes: Any) -> Similarity:
        """The measure, averaged where the corpora are several."""
        from reprlab.similarity.comparing import average, compare

        options = {**self.which.given, **self.how_compared.given, **changes}
        parts: list[Similarity] = []
        for one, other in zip(ours, theirs or [None] * len(ours), strict=True):
            with bar(f"{self.measure} over {one.depths} depths", unit="parts") as progress:
                where: dict[str, Any] = {"device": self.work.network.device, "progress": progress, "say": say}
                parts.append(compare(one, self.measure, against=other, **options, **where))
        return parts[0] if len(parts) == 1 else average(parts, self.work.corpus)

    def _control(
        self, null: str, name: str, ours: list[Any], theirs: list[Any] | None, corpora: list[Corpus]
    ) -> Similarity:
        """The same measure of a null's states, or of the untrained network's."""
        if null != UNTRAINED:
            return self._compared(ours, theirs, control=null, seed=self.shown.seed)
        untrained = self._compared(self._states(f"{name.split('@')[0]}@init", corpora), None)
        return replace(untrained, control=UNTRAINED)

    def _sweep(self, ours: list[Any], theirs: list[Any] | None) -> list[Similarity]:
        """The measure without sinks at several thresholds, and with all tokens."""
        from reprlab.similarity.comparing import FACTORS

        bare = [self._compared(ours, theirs, tokens="no-sinks", sink_factor=k) for k in FACTORS]
        return [*bare, self._compared(ours, theirs, tokens="all")]

    def _row(
        self,
        name: str,
        results: list[Similarity],
        written: list[Path],
        sweep: list[Similarity],
        binned: list[Similarity],
    ) -> dict[str, Any]:
        """What --json says of a model under this measure."""
        first, *nulls = results
        ranges = self.shown.ranges
        return {
            "model": name,
            "measure": self.measure,
            "summary": first.summary,
            "remark": first.remark,
            **_numbers(first, ranges),
            "controls": {part.control: _numbers(part, ranges) for part in nulls},
            "files": [str(path) for path in written],
            "sinks_sweep": [_numbers(part, ranges) for part in sweep],
            "bins": {part.positions: _numbers(part, ranges) for part in binned},
        }

    def _show(self, name: str, results: list[Similarity], more: list[Similarity]) -> None:
        first, *nulls = results
        out.print(f"{escape(name)}: {escape(first.summary)}", soft_wrap=True)
        if nulls or more or self.shown.ranges:
            out.print(_table(results, more, self.shown.ranges))
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
    asked = [found.average(part.start, part.stop) for part in ranges]
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
    from reprlab.captures.layout import ENDINGS

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


def _cuts(pieces: list[str]) -> list[str]:
    """Ranges of places between cuts: 1,8 gives 0:1, 1:8 and 8:."""
    if not pieces:
        return []
    ends = [int(piece) for piece in pieces if piece.isdigit()]
    if len(ends) != len(pieces) or ends != sorted(set(ends)) or not ends[0]:
        text = ",".join(pieces)
        raise ReprlabError(f"--bins '{text}': give rising places above 0 with commas between, such as 1,8,32")
    return [f"{a}:{b}" for a, b in pairwise([0, *ends])] + [f"{ends[-1]}:"]


def _range(text: str) -> range:
    match = re.fullmatch(r"(\d+):(\d+)", text)
    depths = range(*map(int, match.groups())) if match else range(0)
    if len(depths) < 2:
        raise ReprlabError(f"--mean '{text}': give depths a:b of two or more, half-open, such as 8:25")
    return depths


def _written(found: list[Similarity], output: list[Path] | None) -> list[Path]:
    """The files of the result, and those of its controls."""
    first, *nulls = found
    paths = output or [_default_output(first)]
    written = write_drawn(first, paths, replacing=_note_replaced)
    for part in nulls:
        beside = _beside(paths, [part.control])
        written = [*written, *write_drawn(part, beside, replacing=_note_replaced)]
    return written


def _beside(paths: Sequence[Path], controls: Sequence[str]) -> list[Path]:
    """The files of controls, named after those of the result."""
    return [path.with_stem(f"{path.stem}-{name}") for name in controls for path in paths if path.suffix]


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
