"""Again: what a run.json says of its report, and whether data, weights and versions here are those there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprlab.captures.corpora import Corpus, corpora
from reprlab.errors import ReprlabError
from reprlab.foreign import validated
from reprlab.models.locations import locate
from reprlab.progress import Say
from reprlab.provenance import versions
from reprlab.reports.data_sources import DataSource, of_benchmark, of_corpus, of_glue
from reprlab.reports.number_files import read
from reprlab.reports.settings import FINE_TUNED_ON, ReportSettings
from reprlab.reports.sheet import SHEET_FORMAT, Sheet

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened
    from reprlab.models.weights import Weights

_ANEW = "make the report anew with `reprlab report`"


@dataclass(frozen=True)
class Again:
    """A report that is to run again: the `sheet` and `settings` of the run.json at `path`."""

    path: Path
    sheet: Sheet
    settings: ReportSettings

    def texts(self, data_dir: Path | None) -> list[Corpus]:
        """The corpora that were captured, in the order of their sample."""
        return corpora(self.settings.corpus, data_dir=data_dir, sample=self.settings.sample)

    def version_notes(self) -> list[str]:
        """A line on the libraries that have another version here, or are not here; none where all agree."""
        here = versions()
        others = [
            f"{name} {there} there, {here.get(name, 'not installed')} here"
            for name, there in self.sheet.versions.items()
            if here.get(name) != there
        ]
        why = "numbers may differ in their last digits"
        return (
            [f"note: versions differ from those of '{self.path}': {', '.join(others)}; {why}"]
            if others
            else []
        )

    def check_weights(self, weights: str, tokenizer: str) -> None:
        """Raises `ReprlabError` where the weights or the tokenizer here are not those of the report."""
        model = self.sheet.model
        for what, there, here in (
            ("weights", model.weights, weights),
            ("files of the tokenizer", model.tokenizer, tokenizer),
        ):
            if there != here:
                raise ReprlabError(
                    f"the {what} of '{model.name}' are not those of '{self.path}': digest {there} there, "
                    f"{here} here; --models-dir names another folder of models"
                )

    def check_sources(self, sources: Iterable[DataSource]) -> None:
        """Raises `ReprlabError` for data here that is not the report's; both digests are named."""
        there = {source.key: source for source in self.sheet.data}
        for here in sources:
            before = there.get(here.key)
            if before is not None and before.digest != here.digest:
                raise ReprlabError(
                    f"the data of {here.label} are not those of '{self.path}': digest {before.digest} there "
                    f"(from {before.origin}), {here.digest} here (from {here.origin})"
                )


def read_again(path: Path) -> Again:
    """The report of a run.json, or of a folder with one; raises `ReprlabError` if it does not say it all."""
    path = path / "run.json" if path.is_dir() else path
    data = read(path)
    if not isinstance(data, dict) or "model" not in data:
        raise ReprlabError(f"'{path}' is no run.json of a report: give the one in reports/MODEL/")
    if "sheet" not in data or "settings" not in data:
        raise ReprlabError(
            f"'{path}' does not say how to run it again: it was made before reports kept that; {_ANEW}"
        )
    found = data["sheet"].get("format") if isinstance(data["sheet"], dict) else None
    if found != SHEET_FORMAT:
        raise ReprlabError(
            f"'{path}' has a sheet of format {found}; this reprlab reads {SHEET_FORMAT}: {_ANEW}"
        )
    try:
        sheet, settings = validated(Sheet, data["sheet"]), validated(ReportSettings, data["settings"])
    except ValueError as error:
        raise ReprlabError(f"'{path}' is damaged: {error}; {_ANEW}") from error
    if sheet.model.name.startswith("memory:"):
        raise ReprlabError(
            f"'{path}' is of a module in memory, which no command can load: call rl.report in Python again"
        )
    return Again(path, sheet, settings)


def model_here(again: Again, models_dir: Path | None, say: Say) -> str:
    """The report's model as it can be loaded here; its weights are compared as far as they are here."""
    model = again.sheet.model
    given = model.given
    try:
        weights = locate(given, models_dir, model.asked_dtype)
        if weights is None and given != model.name:  # it was a path, and may be a repository's name now
            raise ReprlabError(f"no model at '{given}'")
    except ReprlabError as error:
        if given == model.name:
            raise
        given, weights = model.name, _by_name(again, models_dir, str(error))
    if weights is not None and weights.gguf is None:
        again.check_weights(weights.identified(say), weights.tokenizer_digest)
    return given


def _by_name(again: Again, models_dir: Path | None, error: str) -> Weights | None:
    """The weights that a models folder has under the name of a model whose path is not there any more."""
    model = again.sheet.model
    try:
        return locate(model.name, models_dir, model.asked_dtype)
    except ReprlabError:
        raise ReprlabError(f"{error}; or give --models-dir DIR with DIR/{model.name}") from None


def check_texts(again: Again, data_dir: Path | None) -> None:
    """Raises `ReprlabError` where the corpus here has other texts; no heavy library is needed for files."""
    if any(source.kind == "corpus" for source in again.sheet.data):
        again.check_sources(of_corpus(one, {}) for one in again.texts(data_dir))


def check_rows(again: Again, data_dir: Path | None, say: Say) -> None:
    """Raises `ReprlabError` where benchmarks, training rows or GLUE tasks here have other rows."""
    kinds = {source.kind for source in again.sheet.data}
    if "benchmark" in kinds:
        opened = _opened(again, data_dir, say)
        again.check_sources(of_benchmark(one, data_dir, {}, "benchmark") for one in opened)
    if "training rows" in kinds:
        from reprlab.benchmarks.by_name import open_splits

        splits = open_splits(
            FINE_TUNED_ON, data_dir=data_dir, preset=again.sheet.preset, sample=again.settings.sample
        )
        again.check_sources([of_benchmark(splits.training, data_dir, {}, "training rows")])
    if "GLUE task" in kinds:
        from reprlab.benchmarks.glue.opened import open_glue

        limit = again.settings.glue_limit
        how: dict[str, Any] = {"data_dir": data_dir, "sample": again.settings.sample}
        for task in open_glue(again.settings.glue, limit=limit, **how):
            again.check_sources(of_glue(task, "", limit, again.settings.sample))


def _opened(again: Again, data_dir: Path | None, say: Say) -> Iterator[Opened]:
    """The benchmarks of a report, and those that its example and its fine-tuning take in addition."""
    from reprlab.benchmarks.by_name import open_benchmarks

    how: dict[str, Any] = {"data_dir": data_dir, "say": say}
    drawn: dict[str, Any] = {"sample": again.settings.sample, **how}
    main = open_benchmarks(again.settings.benchmarks, preset=again.sheet.preset, **drawn)
    yield from main
    named = {one.name for one in main}
    for source in again.sheet.data:
        if source.kind == "benchmark" and source.name not in named:
            of_example = set(source.used) == {"example"}
            preset = "paper" if of_example else again.sheet.preset
            yield from open_benchmarks([source.name], preset=preset, **drawn)


def other_numbers(again: Again, folder: Path) -> list[str] | None:
    """The files of numbers in which a report differs from that next to its run.json; None: none is there."""
    before = again.path.parent
    names = [path.name for path in sorted(folder.glob("*.json")) if path.name != again.path.name]
    there = [name for name in names if (before / name).is_file()]
    if not there or before.resolve() == folder.resolve():
        return None
    return [name for name in there if (before / name).read_bytes() != (folder / name).read_bytes()]
