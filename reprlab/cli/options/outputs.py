"""Files that commands write: refused before any work where they cannot be, and made with their folders."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from rich.markup import escape

from reprlab.cli.options.command import AsJson, writes
from reprlab.cli.terminal import out
from reprlab.errors import ReprlabError

NUMBERS = (".csv", ".npz")  # a table, and every number
PICTURES, TABLES = (".png", ".pdf", ".svg"), (".json", ".csv")
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


def write_drawn(
    result: Drawn, paths: list[Path], *, replacing: Callable[[Path, Any], None] = lambda path, result: None
) -> list[Path]:
    """Write every file asked for; to a picture without numbers come its numbers as JSON."""
    from reprlab import figures

    if not any(path.suffix.lower() in TABLES for path in paths):
        paths = [*paths, paths[0].with_suffix(".json")]
    for path in paths:
        with writing(path):
            if path.suffix.lower() in TABLES:
                replacing(path, result)
                result.save(path)
            else:
                figures.save(result.plot(), path)
    return paths


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
        if path.suffix.lower() not in endings:
            raise ReprlabError(
                f"{option} '{path}': the ending chooses the format; there are {', '.join(endings)}"
            )
        check_target(option, path)


def check_apart(options: Mapping[str, Sequence[Path]]) -> None:
    """Refuse a file that several options, or one option twice, would write."""
    seen: dict[Path, str] = {}
    for option, paths in options.items():
        for path in paths:
            other = seen.setdefault(path.resolve(), option)
            if other != option or paths.count(path) > 1:
                raise ReprlabError(f"{other} and {option} name the same file, '{path}': give two")


@contextmanager
def writing(path: Path) -> Generator[None]:
    """Make the folder of a file; what the disk refuses is a line."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ReprlabError(f"cannot write '{path}': {error.strerror}") from error
