"""What the commands share with the terminal: two consoles, questions, progress, JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.text import Text

from reprlab.cli.piped import progress_lines
from reprlab.errors import ReprlabError
from reprlab.foreign import printable

for _name in ("stdout", "stderr"):
    if getattr(sys, _name) is None:  # closed by who started this: nobody reads it
        setattr(sys, _name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


class _SafeConsole(Console):
    """A console on which a text from outside cannot steer the terminal: control signs are written out."""

    def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


out = _SafeConsole(emoji=False, width=None if sys.stdout.isatty() else 160)
err = _SafeConsole(stderr=True, emoji=False)


_CARETS = re.compile(r"[^\n]*\n  [^\n]*\n +\^+\n[^\n]*")  # a schedule, and where it is wrong


def fail(message: str) -> None:
    """An error in one line, whatever the names in it hold; a wrong schedule is shown below it."""
    if message:  # a command without arguments has printed its help instead
        shown = message if _CARETS.fullmatch(message) else message.replace("\n", "\\n")
        print(printable(f"reprlab: {shown}"), file=sys.stderr)


def each(names: list[str], one: Callable[[str], object]) -> None:
    """Do one name after the other; failures are reported at the end, and the exit code says so."""
    failed: dict[str, ReprlabError] = {}
    for name in names:
        try:
            one(name)
        except ReprlabError as error:
            if len(names) == 1:
                raise
            failed[name] = error
    for name, error in failed.items():
        fail(f"{name}: {error}")
    if failed:
        fail(f"{len(failed)} of {len(names)} failed: {', '.join(failed)}")
        raise typer.Exit(1)


def possible(names: Sequence[str], check: Callable[[str], object]) -> None:
    """Refuse at once what can be done for none of the names; each of the others fails in its turn."""
    for name in names:
        try:
            check(name)
        except ReprlabError:
            continue
        return
    each(list(names), check)


def confirm(yes: bool) -> Callable[[str], bool] | None:
    if yes:
        return lambda _: True
    return (lambda text: typer.confirm(printable(text))) if sys.stdin and sys.stdin.isatty() else None


def say(text: str) -> None:
    err.print(escape(text), soft_wrap=True)


def print_json(data: object) -> None:
    print(json.dumps(data, indent=1).replace("\x7f", "\\u007f"))  # the one control sign that JSON leaves


@contextmanager
def json_rows(as_json: bool) -> Generator[list[dict[str, Any]]]:
    """A list of rows, printed as JSON at the end where that is asked for, also after an error."""
    rows: list[dict[str, Any]] = []
    try:
        yield rows
    finally:
        if as_json:
            print_json(rows)


def each_model(names: list[str], one: Callable[[str], Iterable[dict[str, Any]]], *, as_json: bool) -> None:
    """Do one model after the other, and print the rows that each gives as JSON where that is asked for."""
    with json_rows(as_json) as rows:
        each(names, lambda name: _extend(rows, one(name)))


def _extend(rows: list[dict[str, Any]], more: Iterable[dict[str, Any]]) -> None:
    for row in more:  # those before an error stay
        rows.append(row)


class _Speed(ProgressColumn):
    """Tokens a second, over the bar's recent past."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} tokens/s")


@contextmanager
def working(label: str) -> Generator[None]:
    """A word while something runs whose share nobody knows; lines where standard error is no terminal."""
    with err.status(escape(label)) if err.is_terminal else progress_lines(label, say):
        yield


@contextmanager
def bar(label: str, unit: str = "tokens") -> Generator[Callable[[float, float], None]]:
    """A progress bar over some unit of work; it appears with the first work there is.

    Where standard error is no terminal, lines say how far the work is.
    """
    if not err.is_terminal:
        with progress_lines(label, say) as lines:
            yield lines
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    speed = (_Speed(),) if unit == "tokens" else ()
    left = TimeRemainingColumn(elapsed_when_finished=True)
    shown = Progress(*columns, *speed, left, console=err, speed_estimate_period=120)
    task = shown.add_task(escape(label), total=None)

    def show(done: float, total: float) -> None:
        shown.update(task, completed=done, total=total)
        if total and not shown.live.is_started:
            shown.start()

    try:
        yield show
    finally:
        if shown.live.is_started:
            shown.stop()
