"""Files that commands write: refused before any work where they cannot be, and made with their folders."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reprlab.errors import ReprlabError

NUMBERS = (".csv", ".npz")  # a table, and every number


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
