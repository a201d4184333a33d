"""The command line: the only place that prints, asks, exits, or catches a ReprlabError."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from reprlab.cli.adopt import cache_adopt
from reprlab.cli.cache import cache_list, cache_remove, cache_verify
from reprlab.cli.capture import capture
from reprlab.cli.drift import drift
from reprlab.cli.figures import figures
from reprlab.cli.finetune import finetune
from reprlab.cli.generate import generate
from reprlab.cli.glue import glue
from reprlab.cli.groups import groups
from reprlab.cli.lens import lens
from reprlab.cli.models import fetch, models
from reprlab.cli.options.command import PanelledCommand, described
from reprlab.cli.report import report
from reprlab.cli.schedule import schedule
from reprlab.cli.similarity import similarity
from reprlab.cli.sweep import sweep
from reprlab.cli.terminal import err, fail, out
from reprlab.cli.version import print_versions
from reprlab.errors import ReprlabError

__all__ = ["app", "err", "main", "out"]

_USAGE: Any = typer.BadParameter.__mro__[2]  # click's base of usage errors, which typer brings along
_PIPE = 141  # what shells show for a program that a closed pipe ends
_STOPPED = 130  # Ctrl-C, by the shells' custom; typer gives it back as a code

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cache_app = typer.Typer(help="List, check, remove and adopt captures and answers.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")

for _command in (
    models,
    fetch,
    capture,
    similarity,
    groups,
    drift,
    lens,
    schedule,
    generate,
    sweep,
    glue,
    finetune,
    report,
    figures,
):
    _help, _examples = described(_command)
    app.command(cls=PanelledCommand, help=_help, epilog=_examples)(_command)
for _name, _command in (
    ("list", cache_list),
    ("verify", cache_verify),
    ("remove", cache_remove),
    ("adopt", cache_adopt),
):
    _help, _examples = described(_command)
    cache_app.command(_name, cls=PanelledCommand, help=_help, epilog=_examples)(_command)


def main() -> None:
    """Run the command line; an error goes to stderr, with exit code 2 (1: some models failed)."""
    debug = "--debug" in sys.argv
    for stream in (sys.stdout, sys.stderr):  # a name on the disk need not be Unicode
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app([a for a in sys.argv[1:] if a != "--debug"], standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads, as `head` does, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _PIPE
    except OSError as error:
        if debug:
            raise
        fail(_disk(error))
        code = 2
    except (ReprlabError, _USAGE) as error:
        if debug:
            raise
        fail(str(error) if isinstance(error, ReprlabError) else _usage(error))
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = _STOPPED
    if code == _STOPPED:
        fail("stopped; the same command goes on where it was")
    sys.exit(code if isinstance(code, int) else 0)


_KINDS = {"int_parsing": "no whole number", "float_parsing": "no number"}


def _usage(error: Any) -> str:
    """The fault of a command line in typer's words, with the value where pydantic's words leave it out."""
    text = " ".join(error.format_message().split())
    rows: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    if rows and rows[0]["type"] in _KINDS:
        text = f"{text.partition(': ')[0]}: '{rows[0]['input']}' is {_KINDS[rows[0]['type']]}"
    return text


def _disk(error: OSError) -> str:
    """What the system says of a file or of the output, in a line."""
    if error.filename is None:
        with suppress(OSError):  # what is left unwritten would be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    where = f"cannot use '{error.filename}'" if error.filename is not None else "cannot read or write"
    return f"{where}: {error.strerror or error}"


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the versions of reprlab, python, torch, transformers and nnsight.",
            callback=print_versions,
            is_eager=True,
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Shows what the layers of a transformer do.

    Examples:
    reprlab report smollm2-135m --quick
    reprlab similarity tiny-neox --documents 3
    reprlab schedule "0:14 [14:19]*3 19:32"
    """


_help, _examples = described(_root)
app.callback(help=_help, epilog=_examples)(_root)
