"""Commands take their options as values: frozen dataclasses whose fields are the options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial, wraps
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand
from typer.models import ArgumentInfo

from reprlab.errors import ReprlabError

PANELS = ("What", "How", "Where", "Output")  # of --help, in this order

what, how, where, writes = (partial(typer.Option, rich_help_panel=panel) for panel in PANELS)

AsJson = Annotated[bool, writes("--json", help="Print JSON on standard output, and nothing else there.")]


def with_options(
    *, without: Collection[str] = (), **defaults: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command, in the place of each option value that it takes, the options which the value holds.

    An option value is a dataclass of annotated options, or of other option values. The command lacks the
    options named in `without`, whose values are then the dataclass's defaults; `defaults` replace others.
    Options are sorted by their panel, and within one they keep the order of the signature.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True).parameters.values()
        own = {one.name: one.annotation for one in signature if is_dataclass(one.annotation)}
        options = [part for one in signature for part in _options(one, without)]
        if unused := {*without, *defaults} - {name for kind in own.values() for name in _names(kind)}:
            raise TypeError(f"{command.__name__} takes no option {', '.join(sorted(unused))}")
        options = [one.replace(default=defaults.get(one.name, one.default)) for one in options]

        @wraps(command)
        def run(**given: Any) -> None:
            rest = {
                name: value for name, value in given.items() if name in inspect.signature(command).parameters
            }
            command(**rest, **{name: _value(kind, given, without) for name, kind in own.items()})

        run.__signature__ = inspect.Signature(sorted(options, key=_panel))  # pyright: ignore[reportAttributeAccessIssue]
        run.__annotations__ = {one.name: one.annotation for one in options}
        return run

    return decorate


def _options(parameter: inspect.Parameter, without: Collection[str]) -> Iterator[inspect.Parameter]:
    """The options that a parameter stands for: itself, or those of its value."""
    if not is_dataclass(parameter.annotation):
        yield parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in fields(parameter.annotation):
        if field.name not in without:
            one = inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=hints[field.name])
            yield from _options(
                one if is_dataclass(one.annotation) else one.replace(default=field.default), without
            )


def _names(kind: Any) -> Iterator[str]:
    whole = inspect.Parameter("whole", inspect.Parameter.KEYWORD_ONLY, annotation=kind)
    return (one.name for one in _options(whole, ()))


def _value(kind: Any, given: Mapping[str, Any], without: Collection[str]) -> Any:
    """The option value made of what was given on the command line."""
    hints = get_type_hints(kind, include_extras=True)
    parts: dict[str, Any] = {}
    for field in fields(kind):
        if is_dataclass(hints[field.name]):
            parts[field.name] = _value(hints[field.name], given, without)
        elif field.name not in without:
            parts[field.name] = given[field.name]
    return kind(**parts)


def _panel(parameter: inspect.Parameter) -> int:
    """Arguments stand first, then the options of each panel; typer's context is neither."""
    (option,) = getattr(parameter.annotation, "__metadata__", (None,))
    if option is None:
        return -2
    return -1 if isinstance(option, ArgumentInfo) else PANELS.index(option.rich_help_panel)


def described(command: Callable[..., None]) -> tuple[str, str]:
    """A command's help, and what stands at its end: the lines of the docstring after `Examples:`."""
    text, _, examples = (inspect.getdoc(command) or "").partition("\n\nExamples:\n")
    lines = [line.strip() for line in examples.splitlines()]
    return " ".join(text.split()), "\n".join(["Examples:", *lines])


def _holds_path(annotation: Any) -> bool:
    """Whether an option's annotation is one of paths: `Path`, or a list or an option of them."""
    return annotation is Path or any(map(_holds_path, get_args(annotation)))


def given_by(context: typer.Context) -> dict[str, str]:
    """The parameters that the command line names itself, by name: the option, or MODEL for arguments."""
    named: dict[str, str] = {}
    for one in context.command.params:
        source = context.get_parameter_source(one.name or "")
        if source is not None and source.name == "COMMANDLINE":
            flag = max(one.opts, key=len)
            named[one.name or ""] = flag if flag.startswith("-") else str(one.metavar or flag)
    return named


class PanelledCommand(TyperCommand):
    """A command whose --help stands in the last panel; an empty path is refused, it is no folder's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        kinds = getattr(self.callback, "__annotations__", {})
        paths = {flag for one in self.params if _holds_path(kinds.get(one.name)) for flag in one.opts}
        for word, following in pairwise([*args, "."]):
            flag, equals, value = word.partition("=")
            if flag in paths and not (value if equals else following):
                raise ReprlabError(f"{flag} '' is empty: give a path; the working folder is .")
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.rich_help_panel = PANELS[-1]
        return option
