"""Files that commands write: refused before any work where they cannot be, and made with their folders."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol
from zipfile import BadZipFile, ZipFile

from rich.markup import escape

from reprlab.cli.options.command import AsJson, writes
from reprlab.cli.terminal import out
from reprlab.errors import ReprlabError
from reprlab.files import is_device

NUMBERS = (".csv", ".npz")  # a table, and every number
PICTURES, TABLES = (".png", ".pdf", ".svg"), (".json", ".csv")
_MARKS = {"made_with", "policy", "sink_factor"}  # fields of every result that is drawn
_REPEATED = "Repeat for several: a path may hold commas"


@dataclass(frozen=True, kw_only=True)
class PictureOutput:
    """Files of a result that is drawn, and whether JSON is printed.

    A path may hold commas, so --out only repeats.
    """

    out: Annotated[
        list[Path] | None,
        writes("--out", help=f"A file, .png, .pdf, .svg, .json or .csv. {_REPEATED}. Default: in ./reports."),
    ] = None
    as_json: AsJson = False

    def __post_init__(self) -> None:
        check_files("--out", self.out or [], (*PICTURES, *TABLES))
        numbers = numbers_of_picture(self.out or [])
        if numbers is not None:
            check_named_by("--out", numbers, holds_result)

    @property
    def reports(self) -> Path | None:
        """The folder of reports, where no files are named."""
        return None if self.out else Path("reports")


@dataclass(frozen=True, kw_only=True)
class TableOutput:
    """Files of a table, and whether JSON is printed.

    A path may hold commas, so --out only repeats.
    """

    out: Annotated[
        list[Path] | None,
        writes(
            "--out",
            help=f"A file, .csv (the table) or .npz (every number). {_REPEATED}. Default: in ./reports.",
        ),
    ] = None
    as_json: AsJson = False

    def __post_init__(self) -> None:
        check_files("--out", self.out or [])

    @property
    def reports(self) -> Path | None:
        """The folder of reports, where no files are named."""
        return None if self.out else Path("reports")


class Drawn(Protocol):
    """A result that is drawn, saved and read out."""

    def save(self, path: Path | str) -> None: ...
    def plot(self, ax: Any = None) -> Any: ...


def check_single(results: int, **options: object) -> None:
    """Refuse options that name the file of one result where there are several results."""
    given = [f"--{name}" for name, value in options.items() if value]
    if results > 1 and given:
        listed = ", ".join(given)
        verb = "names one file" if len(given) == 1 else "name one file each"
        raise ReprlabError(f"{listed} {verb}, and there are {results} results: leave {listed} away")


def holds_scores(path: Path) -> bool:
    """Whether a file is an .npz of scores that reprlab wrote."""
    try:
        with ZipFile(path) as file:
            return "about.npy" in file.namelist()
    except (OSError, BadZipFile):
        return False


def write_drawn(
    result: Drawn, paths: list[Path], *, replacing: Callable[[Path, Any], None] = lambda path, result: None
) -> list[Path]:
    """Write every file asked for; to a picture without numbers come its numbers as JSON."""
    from reprlab import figures

    numbers = numbers_of_picture(paths)
    if numbers is not None:
        check_named_by("--out", numbers, holds_result)
    for path in (every := [*paths, *([] if numbers is None else [numbers])]):
        if path.suffix.lower() in PICTURES:
            figures.save(result.plot(), path)
        else:
            replacing(path, result)
            result.save(path)
    return every


def print_files(paths: Sequence[Path]) -> None:
    for path in paths:
        out.print(escape(str(path)), soft_wrap=True)


def print_summary(name: str, summary: str, paths: Sequence[Path]) -> None:
    """The files of a result, and the sentence that sums it up."""
    print_files(paths)
    out.print(f"{escape(name)}: {escape(summary)}", soft_wrap=True)


def check_target(option: str, path: Path, *, folder: bool = False) -> None:
    """Refuse a file or folder that cannot be written because of what is there already."""
    if path.is_dir() and not folder:
        raise ReprlabError(f"{option} '{path}' is a folder: name a file in it")
    blocking = next((p for p in (*((path,) if folder else ()), *path.parents) if p.is_file()), None)
    if blocking is not None:
        raise ReprlabError(f"{option} '{path}' cannot be made: '{blocking}' is a file")
    _tried(
        option, path, next(p for p in (*((path,) if folder else ()), *path.absolute().parents) if p.is_dir())
    )


def _tried(option: str, path: Path, folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ReprlabError(f"{option} '{path}' cannot be written: {error.strerror}") from error


def check_folder(option: str, path: Path) -> None:
    """Refuse a folder in which nothing can be written, before any work: it is made, and tried."""
    check_target(option, path, folder=True)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReprlabError(f"{option} '{path}' cannot be written: {error.strerror}") from error
    _tried(option, path, path)


def check_files(option: str, paths: Sequence[Path], endings: Sequence[str] = NUMBERS) -> None:
    """Refuse files of another ending, and those that cannot be written because of what is there."""
    for path in paths:
        device = is_device(path)
        if path.suffix.lower() not in (*endings, *([""] if device else ())):
            raise ReprlabError(
                f"{option} '{path}': the ending chooses the format; there are {', '.join(endings)}"
            )
        if not device:
            check_target(option, path)


def check_apart(options: Mapping[str, Sequence[Path]]) -> None:
    """Refuse a file that several options, or one option twice, would write."""
    seen: dict[Path, str] = {}
    for option, paths in options.items():
        for path in paths:
            other = seen.setdefault(path.resolve(), option)
            if other != option or paths.count(path) > 1:
                raise ReprlabError(f"{other} and {option} name the same file, '{path}': give two")


def check_named_by(option: str, path: Path, own: Callable[[Path], bool]) -> None:
    """Refuse a file that is there, is not ours, and whose name the user did not give in full."""
    if path.is_dir():
        raise ReprlabError(f"{option} would also write '{path}', which is a folder: give another name")
    if path.is_file() and not own(path):
        raise ReprlabError(
            f"{option} would also write '{path}', which holds nothing that reprlab wrote: "
            "give another name, or move that file away"
        )


def check_reports(path: Path) -> None:
    """Refuse the name of a file where the folder of reports is named."""
    if path.suffix.lower() in (*PICTURES, *TABLES, *NUMBERS, ".html") and not path.is_dir():
        raise ReprlabError(f"--out '{path}': a file's name, and this is the folder of reports: give a folder")


def numbers_of_picture(paths: Sequence[Path]) -> Path | None:
    """The JSON that comes to pictures without a file of numbers, under the first one's name."""
    named = [path for path in paths if path.suffix or not is_device(path)]
    if not named or len(named) < len(paths) or any(p.suffix.lower() in TABLES for p in named):
        return None
    return named[0].with_suffix(".json")


def holds_result(path: Path) -> bool:
    """Whether a JSON file is a result that reprlab wrote: every one says what made it, and of which model."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.keys() >= _MARKS
