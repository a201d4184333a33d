"""Writing: evidence as numbers, numbers as pictures, pictures as a page; the last two from files alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from reprlab import figures
from reprlab.errors import ReprlabError
from reprlab.files import slug, write_whole
from reprlab.foreign import validated
from reprlab.reports.analyses import Analysis, analysis, everything
from reprlab.reports.made_from import identity, listed
from reprlab.reports.number_files import FigureNumbers, read, rounded, table, text
from reprlab.reports.pages.content import ComparedModel, EarlierVersion, Page, Picture, Table, VerdictData
from reprlab.reports.pages.html import comparison_page, report_page
from reprlab.reports.score_table import SCALE
from reprlab.reports.score_table import table as scores_table
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import Sheet
from reprlab.reports.sheet_lines import IN_SHEET, groups_of, sampled
from reprlab.scores.scores import Scores
from reprlab.verdicts.evidence import Evidence
from reprlab.verdicts.judging import judge
from reprlab.verdicts.values import Verdict
from reprlab.verdicts.version_2 import CHANGES_OF_RULES, COMMON_BY_VERSION, RULES_BY_VERSION
from reprlab.verdicts.versions import VERSIONS

RUN, VERDICTS, INDEX = "run.json", "verdicts.json", "index.html"
_ENDINGS = ("png", "pdf", "json", "csv")
_MISSING = {
    "scores": "no schedule was scored: the model has no causal language head, and no --glue TASKS was given",
    "loops": "fig. 10's loop counts were not run: give --loops 1:29 or --full",
    "windows": "windows of layers were not run: give --windows N or --full",
    "precise": "float32 was not run in addition to the other dtype: give --precise N",
    "unfrozen": "no encoder was trained as a whole: give --glue TASKS and --trained-starts",
    "fine_tuned": "fig. 13's fine-tuning was not run: give --fine-tune N",
    "capture": "nothing was captured",
    "similarities": "nothing was captured",
    "drift": "the model has too few layers for a middle of three",
    "example": "the model writes no texts: it has no causal language head",
}
_NO_HEAD = "the model has no causal language head"
_NEED_HEAD = {"loops", "windows", "precise", "fine_tuned", "example"}


@dataclass(frozen=True)
class _SavedTable:
    """The table of scores in run.json."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str


@dataclass(frozen=True)
class _SavedRun:
    """What a page takes from run.json."""

    model: str
    note: str
    figures: tuple[str, ...]
    left_out: dict[str, str]
    identity: dict[str, Any]
    scores: _SavedTable
    nonfinite: str = ""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    sheet: Sheet | None = None


def numbers_of(one: Analysis, evidence: Evidence) -> FigureNumbers:
    """An analysis's numbers as their file will have them; raises with the reason where there are none."""
    for need in one.needs:
        if need not in evidence.parts:
            no_head = need in _NEED_HEAD and (evidence.scores is None or evidence.classifies)
            raise ReprlabError(
                _NO_HEAD
                if no_head
                else _MISSING.get(need, f"the evidence has no part '{need}': it was not run")
            )
    return rounded(one.module.numbers(evidence))


def write_numbers(
    folder: Path,
    evidence: Evidence,
    settings: ReportSettings,
    seconds: float,
    sheet: Callable[[], Sheet] | None = None,
) -> None:
    """Write every figure's numbers, the verdicts, the scores they stand on, and what they were made from.

    `sheet` makes the sheet once all is judged, so that its wall time holds that, too.
    """
    left_out: dict[str, str] = {}
    drawn: list[str] = []
    for one in everything():
        if one.family:
            continue
        try:
            keep(folder, one.name, numbers_of(one, evidence))
            drawn.append(one.name)
        except ReprlabError as error:
            left_out[one.name] = str(error)
            forget(folder, [one.name])
    judged = [verdict for version in VERSIONS for verdict in judge(evidence, version=version)]
    verdicts = worded(rounded([verdict.to_json() for verdict in judged]))
    write_whole(folder / VERDICTS, text(verdicts) + "\n")
    for part, scores in stored_scores(evidence).items():
        _write_scores(folder / f"{part}.npz", scores)
    run = {
        "model": evidence.model,
        "note": evidence.note,
        "layers": evidence.layers,
        "figures": drawn,
        "left_out": left_out,
        "identity": identity(evidence, settings, seconds),
        "settings": asdict(settings),
        "scores": asdict(scores_table(evidence)),
    }
    if words := evidence.capture.nonfinite_words if evidence.capture else "":
        run["nonfinite"] = words
    if sheet is not None:
        run["sheet"] = asdict(sheet())
    write_whole(folder / RUN, text(rounded(run)) + "\n")


def stored_scores(evidence: Evidence) -> dict[str, Scores | None]:
    """The scores of every sweep and training that a report stores, by the name of their .npz."""
    names = ("scores", "loops", "windows", "precise", "unfrozen")
    tuned = evidence.fine_tuned
    pair = {"untuned": tuned and tuned.frozen, "tuned": tuned and tuned.tuned}
    return {name: getattr(evidence, name) for name in names} | pair


def _write_scores(path: Path, scores: Scores | None) -> None:
    if scores is None:
        path.unlink(missing_ok=True)
        return
    scores.save(path)


def forget(folder: Path, names: Iterable[str]) -> None:
    """Files of a figure that an earlier report had and this one does not."""
    for name in names:
        for ending in _ENDINGS:
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def keep(folder: Path, name: str, numbers: FigureNumbers) -> None:
    """Write a figure's numbers as JSON and CSV."""
    write_whole(folder / f"{name}.json", text(numbers) + "\n")
    write_whole(folder / f"{name}.csv", table(numbers))


def draw(folder: Path, one: Analysis) -> Picture:
    """Draw a figure from its numbers on the disk as PNG and PDF; the picture is what a page shows of it."""
    numbers = read(folder / f"{one.name}.json")
    try:
        figure, reading = one.module.draw(numbers), one.module.reading(numbers)
        images = {ending: figures.image(figure, ending) for ending in ("png", "pdf")}
    except ReprlabError:
        raise
    except Exception as error:  # every figure takes its own numbers apart, and so may raise anything
        raise ReprlabError(
            f"'{folder / one.name}.json' has not the numbers that {one.name} draws ({error!r}): "
            "make it anew with `reprlab report`"
        ) from error
    figures.close(figure)
    for ending, image in images.items():
        write_whole(folder / f"{one.name}.{ending}", image)
    files = tuple(f"{one.name}.{ending}" for ending in _ENDINGS)
    return Picture(one.name, one.title, one.caption, one.claim, reading, images["png"], files)


def redraw(folder: Path) -> Path:
    """A model's pictures and page from its numbers; the same bytes every time."""
    run = _run(folder)
    pictures, lost = _drawn(folder, run)
    left_out = (*run.left_out.items(), *lost)
    scores = Table(run.scores.columns, run.scores.rows, run.scores.note)
    note = f"{run.note}. {run.nonfinite}" if run.nonfinite else run.note
    sheet = run.sheet
    said = listed({key: line for key, line in run.identity.items() if sheet is None or key not in IN_SHEET})
    about = (run.model, note, said)
    leads, *before = by_version(verdicts_of(folder)).items()
    version, verdicts = leads
    page = Page(
        *about,
        verdicts=verdicts,
        rules=RULES_BY_VERSION[version],
        common="\n\n".join(COMMON_BY_VERSION[version]),
        earlier=next((_earlier(*one) for one in before), None),
        scores=scores,
        pictures=tuple(pictures),
        left_out=left_out,
        made="`reprlab report`",
        scale=SCALE if scores.rows else "",
        sampled=() if sheet is None else sampled(sheet),
        sheet=() if sheet is None else groups_of(sheet, run.settings),
    )
    write_whole(folder / INDEX, report_page(page))
    return folder / INDEX


def _drawn(folder: Path, run: _SavedRun) -> tuple[list[Picture], list[tuple[str, str]]]:
    """A report's pictures, and those that cannot be drawn because its model's states hold NaN, with why."""
    pictures: list[Picture] = []
    lost: list[tuple[str, str]] = []
    for name in run.figures:
        try:
            pictures.append(draw(folder, analysis(name)))
        except ReprlabError:
            if not run.nonfinite:
                raise
            lost.append((name, "its numbers are not all finite, as the hidden states are not"))
    return pictures, lost


def verdicts_of(folder: Path) -> list[dict[str, Any]]:
    """A report's verdicts, their words made from the numbers on the disk."""
    stored = read(folder / VERDICTS)
    try:
        return worded(stored)
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise ReprlabError(
            f"'{folder / VERDICTS}' holds no verdicts ({error!r}): make it anew with `reprlab report`"
        ) from error


def by_version(verdicts: Iterable[VerdictData]) -> dict[int, tuple[VerdictData, ...]]:
    """Verdicts by the version of their rules, the last first; older reports have version 1 only."""
    found: dict[int, list[VerdictData]] = {}
    for one in verdicts:
        found.setdefault(one["version"], []).append(one)
    return {version: tuple(found[version]) for version in sorted(found, reverse=True)} or {VERSIONS[-1]: ()}


def _earlier(version: int, verdicts: tuple[VerdictData, ...]) -> EarlierVersion:
    changes = tuple((change.what, change.why) for change in CHANGES_OF_RULES)
    common = "\n\n".join(COMMON_BY_VERSION[version])
    return EarlierVersion(verdicts, RULES_BY_VERSION[version], common, changes)


def worded(stored: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Verdicts as JSON holds them, with the words that their numbers have."""
    return [Verdict.of(verdict).to_json() for verdict in stored]


def members(reports: Path) -> list[Path]:
    """The folders of models that have a report."""
    return sorted(path.parent for path in reports.glob(f"*/{RUN}"))


def compare(reports: Path) -> Path:
    """The page over every model that has a report: verdicts side by side, and the figures of a family."""
    runs = _runs(reports)
    models = _models(runs)
    pictures: list[Picture] = []
    left_out: list[tuple[str, str]] = []
    for one in (one for one in everything() if one.family):
        try:
            keep(reports, one.name, _of_family(one, models))
            pictures.append(draw(reports, one))
        except ReprlabError as error:
            left_out.append((one.name, str(error)))
            forget(reports, [one.name])
    page = comparison_page(
        models=tuple(_member(folder, run) for folder, run in runs.items()),
        pictures=tuple(pictures),
        left_out=tuple(left_out),
        made="`reprlab report`",
    )
    write_whole(reports / INDEX, page)
    return reports / INDEX


def keep_family(reports: Path, one: Analysis) -> None:
    """Write the numbers of a figure that compares the models of every report."""
    keep(reports, one.name, _of_family(one, _models(_runs(reports))))


def _of_family(one: Analysis, models: Mapping[str, Any]) -> FigureNumbers:
    """The numbers of a figure over several models' numbers, as files have them."""
    try:
        return rounded(one.module.numbers(models))
    except ReprlabError:
        raise
    except Exception as error:  # the files may hold anything, NaN in the place of numbers too
        raise ReprlabError(f"a report has not the numbers that {one.name} takes ({error!r})") from error


def _runs(reports: Path) -> dict[Path, _SavedRun]:
    """What each report was run with, by its folder; at least one."""
    folders = members(reports)
    if not folders:
        raise ReprlabError(f"there is no report in '{reports}'; `reprlab report --model NAME` makes one")
    return {folder: _run(folder) for folder in folders}


def _run(folder: Path) -> _SavedRun:
    """What a report was run with, every part of its kind."""
    data = read(folder / RUN)
    try:
        return validated(_SavedRun, data)
    except ValueError as error:
        raise ReprlabError(
            f"'{folder / RUN}' is no run of a report ({error}): make it anew with `reprlab report`"
        ) from error


def _models(runs: Mapping[Path, _SavedRun]) -> dict[str, dict[str, Any]]:
    """The numbers of each model's figures, by model and figure."""
    return {run.model: _numbers(folder, run.figures) for folder, run in runs.items()}


def _numbers(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    return {name: read(folder / f"{name}.json") for name in names}


def _member(folder: Path, run: _SavedRun) -> ComparedModel:
    href = f"{folder.name}/{INDEX}"
    verdicts, *before = by_version(verdicts_of(folder)).values()
    return ComparedModel(run.model, href, run.note, verdicts, listed(run.identity), next(iter(before), ()))


def home(reports: Path, model: str) -> Path:
    """The folder of a model's report."""
    return reports / slug(model)


def settings_before(folder: Path) -> ReportSettings | None:
    """The settings of the report in a folder; None where there is none that can be read."""
    if not (folder / RUN).is_file():
        return None
    stored = read(folder / RUN).get("settings")
    known = {field.name for field in fields(ReportSettings)}
    if not isinstance(stored, dict) or not known >= set(stored):
        return None
    given: dict[str, Any] = {"sample": None, "controls": False}  # what reports had before these were settings
    given |= {key: tuple(one) if isinstance(one, list) else one for key, one in stored.items()}
    try:
        return ReportSettings(**given)
    except TypeError:
        return None


def told(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A report's run.json, and its verdicts in words."""
    _run(folder)
    return read(folder / RUN), verdicts_of(folder)
