"""What a report runs, and where: the options of `report` and `figures`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from reprlab.cli.options.command import how, what, where, writes
from reprlab.cli.options.data import DataOptions
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.outputs import check_folder, holds_scores
from reprlab.cli.options.pieces import limits, separate, whole
from reprlab.cli.options.tasks import glue_tasks
from reprlab.cli.terminal import say, working
from reprlab.errors import ReprlabError, unknown

if TYPE_CHECKING:
    from reprlab.captures.corpora import Corpus
    from reprlab.reports.settings import ReportSettings
    from reprlab.reports.workspace import Workspace

_FOUR = ("lambada", "hellaswag", "arc", "winogrande")
_SETTINGS = {"windows": "window_limit", "precise": "precise_limit", "fine_tune": "tuned_limit"}
_COUNTS = ("documents", "limit", "seeds", "loop_limit", "windows", "precise", "glue_limit", "fine_tune")
_WORDS = ("precise_on", "example")
_RANGES, _NAMES = ("starts", "loops", "trained_starts"), ("single_on", "trained_variants")
_SIZES: Mapping[str, dict[str, Any]] = {
    "quick": {"controls": False, "documents": 24, "limit": 40, "seeds": 3, "every": 3},
    "": {
        "documents": 100,
        "limit": 100,
        "seeds": 10,
        "loops": (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28),
        "loop_limit": 40,
    },
    "full": {
        **{"documents": 100, "limit": 400, "seeds": 10, "loops": tuple(range(1, 29)), "loop_limit": 400},
        **{"window_limit": 100, "precise_limit": 100, "tuned_limit": 400},
    },
}


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """The models of a report, how much of the paper it runs, and where its numbers go."""

    network: NetworkOptions
    quick: Annotated[
        bool, what("--quick", help="Run little: 40 documents a benchmark, three starts, every third layer.")
    ] = False
    full: Annotated[
        bool, what("--full", help="Run all of the paper: 400 documents, every start, 10 seeds, 28 loops.")
    ] = False
    benchmarks: Annotated[
        list[str] | None,
        what(
            "--benchmarks",
            help="Benchmarks; commas or repetition. "
            "Default: with --data-dir or --full the paper's, else builtin.",
            callback=separate,
        ),
    ] = None
    corpus: Annotated[
        str | None,
        what(
            help="Texts to capture: a name or a file. benchmarks: similarities are means over five corpora. "
            "Default: with --data-dir or --full lambada, else builtin."
        ),
    ] = None
    documents: Annotated[
        int | None, what(help="How many texts to capture, 1 or more. Default: 100 (--quick: 24).")
    ] = None
    limit: Annotated[
        list[str] | None,
        what(
            "--limit",
            help="Documents of a benchmark, 1 or more. NAME=NUMBER for one of them, as in 400,gsm8k_nll=64. "
            "Default: 100 (--quick: 40, --full: 400).",
            callback=separate,
        ),
    ] = None
    starts: Annotated[
        list[str] | None,
        what(
            "--starts",
            help="Starts s: 5,7,9 or a half-open range 5:15. Default: all (--quick: three).",
            callback=separate,
        ),
    ] = None
    glue: Annotated[
        list[str] | None,
        what(
            "--glue",
            help="GLUE tasks for encoders: rte,sst2 or all; commas or repetition. Default: none.",
            callback=separate,
        ),
    ] = None
    fine_tune: Annotated[
        int | None, what(help="Documents of ARC for fig. 13; 0 leaves it out. Default: 0 (--full: 400).")
    ] = None
    seeds: Annotated[int | None, how(help="Random orders a start, 1 to 1000. Default: 10 (--quick: 3).")] = (
        None
    )
    loops: Annotated[
        list[str] | None,
        how(
            "--loops",
            help="Loop counts of fig. 10: 1,3 or a half-open range 1:29. Default: eleven (--quick: none).",
            callback=separate,
        ),
    ] = None
    loop_limit: Annotated[
        int | None, how(help="Documents for fig. 10; 0 leaves it out. Default: 40 (--full: 400).")
    ] = None
    single_on: Annotated[
        list[str] | None,
        how(
            "--single-on",
            help="Benchmarks of figs. 2 and 17, to save time; commas or repetition. Default: all.",
            callback=separate,
        ),
    ] = None
    windows: Annotated[
        int | None,
        how(help="Documents for every window of layers; 0 leaves it out. Default: 0 (--full: 100)."),
    ] = None
    precise: Annotated[
        int | None,
        how(help="Documents that are swept in float32 too; 0 leaves it out. Default: 0 (--full: 100)."),
    ] = None
    precise_on: Annotated[str | None, how(help="The benchmark of --precise. Default: the first.")] = None
    glue_limit: Annotated[
        int | None, how(help="Rows of each split of a GLUE task, 1 or more. Default: all.")
    ] = None
    trained_starts: Annotated[
        list[str] | None,
        how(
            "--trained-starts",
            help="Starts at which an encoder is trained as a whole too, as in 1,2. Default: none.",
            callback=separate,
        ),
    ] = None
    trained_variants: Annotated[
        list[str] | None,
        how(
            "--trained-variants",
            help="Variants for --trained-starts: skip,parallel; commas or repetition. Default: all.",
            callback=separate,
        ),
    ] = None
    example: Annotated[
        str | None, how(help="Question of fig. 16: gsm8k or builtin. Default: gsm8k if its rows are there.")
    ] = None
    preset: Annotated[str, how(help="Prompts: paper (0-shot, no BOS) or leaderboard.")] = "paper"
    controls: Annotated[
        bool | None,
        how(
            "--controls/--no-controls",
            help="Updates at the full norm, random directions, mean ablation. Default: yes (--quick: no).",
        ),
    ] = None
    keep_all: Annotated[
        bool, how("--keep-all", help="Keep benchmarks on which the full model is at chance in the grids.")
    ] = False
    force: Annotated[
        bool, how("--force", help="Continue a capture that other versions of the libraries began.")
    ] = False
    data: DataOptions
    scores: Annotated[
        list[Path] | None,
        # a path may hold a comma, so --scores only repeats
        where(
            "--scores",
            help="An .npz of `sweep --out` or of a report; its scores are not run again. Repeat for several.",
        ),
    ] = None
    out: Annotated[Path, writes("--out", help="The folder of reports.")] = Path("reports")

    def __post_init__(self) -> None:
        if self.quick and self.full:
            raise ReprlabError("--quick and --full: give one of them, or neither")
        for path in self.scores or ():
            if not path.is_file():
                raise ReprlabError(f"--scores '{path}': there is no such file")
            if not holds_scores(path):
                raise ReprlabError(
                    f"--scores '{path}' holds no scores: give an .npz of `sweep --out` or of a report"
                )

    @property
    def size(self) -> str:
        return "quick" if self.quick else "full" if self.full else ""

    @property
    def chosen(self) -> dict[str, Any]:
        """The settings that were chosen, by option; the others have the defaults of the size."""
        given = {name: getattr(self, name) for name in (*_COUNTS, *_WORDS)}
        given |= {name: whole(f"--{name.replace('_', '-')}", getattr(self, name)) for name in _RANGES}
        given |= {name: getattr(self, name) for name in (*_NAMES, "benchmarks", "corpus", "controls")}
        given["limit"] = limits("--limit", self.limit) if self.limit else None
        given["glue"] = None if self.glue is None else glue_tasks(self.glue)
        return {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
            if value is not None
        }

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that were chosen, by the names of a report's."""
        changed = {_SETTINGS.get(name, name): value for name, value in self.chosen.items()}
        if "limit" not in changed:
            return changed
        every, own = changed.pop("limit")
        return {**changed, "own_limits": own, **({} if every is None else {"limit": every})}

    @property
    def texts(self) -> list[Corpus]:
        """The corpora that are captured: one, or those over which similarities are averaged."""
        from reprlab.captures.corpora import corpora

        name = self.corpus or self._usual["corpus"]
        return corpora(name, data_dir=self.data.data_dir, sample=self.data.sample)

    @property
    def _usual(self) -> dict[str, Any]:
        """The benchmarks and the corpus where none are named."""
        paper = self.data.data_dir is not None or self.full
        return {"benchmarks": _FOUR if paper else ("builtin",), "corpus": "lambada" if paper else "builtin"}

    @property
    def workspace(self) -> Workspace:
        from reprlab.reports.workspace import Workspace

        where = (self.data.cache, self.data.data_dir, self.preset, self.data.batch_tokens)
        return Workspace(*where, self.force, tuple(self.scores or ()))

    def settings(self, layers: int) -> ReportSettings:
        """What runs on a model of this many layers."""
        from reprlab.reports.settings import ReportSettings, quick_starts

        few = {"starts": quick_starts(layers)} if self.quick else {}
        chosen = self.changed
        settings: dict[str, Any] = {**self._usual, **_SIZES[self.size], **few, **chosen}
        if "loop_limit" in settings and "loop_limit" not in chosen:
            settings["loop_limit"] = min(settings["loop_limit"], settings["limit"])
        return ReportSettings(**settings, sample=self.data.sample, keep_all=self.keep_all)

    def check_words(self) -> None:
        """Refuse words, numbers and benchmarks that are not allowed, before any library is there."""
        from reprlab.benchmarks.index import check_known
        from reprlab.benchmarks.table import expand
        from reprlab.reports.settings import EXAMPLES

        if self.example is not None and self.example not in EXAMPLES:
            raise unknown("example", self.example, EXAMPLES)
        _ = self.chosen
        settings = self.settings(32)
        check_known(settings.benchmarks, self.preset, self.data.cache)
        names = expand(list(settings.benchmarks))
        few = [("--precise-on", name) for name in (settings.precise_on,) if name]
        for option, name in [*few, *(("--single-on", name) for name in settings.single_on)]:
            if name not in names and not any(Path(one).suffix for one in names):
                raise unknown(f"benchmark of {option}", name, names)

    def check_models(self) -> list[str]:
        """The models, refused at once where the starts leave no middle in any of them."""
        names = self.network.names()
        if self.starts is not None:
            self.network.check_layers(names, lambda layers: self.settings(layers).check_starts(layers))
        return names

    def check(self) -> None:
        """Refuse what can be refused before anything is loaded."""
        from reprlab.benchmarks.by_name import open_benchmarks, open_splits
        from reprlab.benchmarks.glue.opened import open_glue
        from reprlab.reports.settings import FINE_TUNED_ON
        from reprlab.sweeps.limits import check_limits

        settings, texts = self.settings(32), self.texts
        for one in texts:
            one.count(min(settings.documents, len(one)))
        data_dir = self.data.data_dir
        with working("opening benchmarks"):
            drawn: dict[str, Any] = {"data_dir": data_dir, "sample": self.data.sample}
            where: dict[str, Any] = {**drawn, "cache": self.data.cache, "say": say}
            opened = open_benchmarks(settings.benchmarks, preset=self.preset, **where)
            if settings.glue:
                open_glue(settings.glue, limit=settings.glue_limit, **drawn)
            if settings.tuned_limit:
                open_splits(FINE_TUNED_ON, preset=self.preset, **drawn)
        names = [one.name for one in opened]
        check_limits(settings.own_limits, names)
        few = [("--precise-on", name) for name in (settings.precise_on,) if name]
        for option, name in [*few, *(("--single-on", name) for name in settings.single_on)]:
            if name not in names:
                raise unknown(f"benchmark of {option}", name, names)
        check_folder("--out", self.out)
