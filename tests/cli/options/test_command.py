"""Option values: dataclasses become options in panels, and come back as values."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from reprlab.cli.options.command import (
    PANELS,
    PanelledCommand,
    described,
    how,
    what,
    where,
    with_options,
    writes,
)
from reprlab.errors import ReprlabError


@dataclass(frozen=True, kw_only=True)
class Inner:
    folder: Annotated[str, where(help="A folder.")] = "here"


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner
    speed: Annotated[int, how(help="A speed.")] = 3
    name: Annotated[str, what(help="A name.")] = "x"


def given(**changes: Any) -> Any:
    """A command that keeps what it was called with, and its options by name."""
    called: list[Any] = []

    @with_options(**changes)
    def command(*, outer: Outer, extra: Annotated[bool, how("--extra", help="More.")] = False) -> None:
        """Do it.

        Examples:
        reprlab do it
        """
        called.append((outer, extra))

    return command, inspect.signature(command).parameters, called


@pytest.mark.parametrize("words", [["--cache", ""], ["--cache="], ["--out", "", "--cache", "x"]])
def test_an_empty_path_is_refused_before_it_becomes_the_working_folder(words: list[str]) -> None:
    def command(
        *,
        cache: Annotated[Path | None, where("--cache")] = None,
        out: Annotated[list[Path] | None, writes("--out")] = None,
        text: Annotated[str, what("--text")] = "",
    ) -> None:
        pass

    app = typer.Typer()
    app.command(cls=PanelledCommand)(command)
    with pytest.raises(ReprlabError, match=f"{words[0].rstrip('=')} '' is empty: give a path"):
        app(words, standalone_mode=False)
    app(["--text", "", "--cache", "."], standalone_mode=False)


def test_values_inside_values_are_options_sorted_by_panel() -> None:
    _, options, _ = given()
    assert list(options) == ["name", "speed", "extra", "folder"]
    assert {name: one.default for name, one in options.items()} == {
        **{"name": "x", "speed": 3},
        **{"extra": False, "folder": "here"},
    }


def test_the_command_is_called_with_the_values() -> None:
    command, _, called = given()
    command(name="y", speed=5, folder="there", extra=True)
    assert called == [(Outer(inner=Inner(folder="there"), speed=5, name="y"), True)]


def test_an_option_left_out_has_the_default_of_its_value_and_a_default_can_be_another() -> None:
    command, options, called = given(without=("folder",), speed=7)
    assert "folder" not in options
    assert options["speed"].default == 7
    command(name="y", speed=7, extra=False)
    assert called == [(Outer(inner=Inner(), speed=7, name="y"), False)]


@pytest.mark.parametrize("changes", [{"without": ("fold",)}, {"spede": 3}])
def test_a_name_that_is_no_option_is_refused_when_the_command_is_made(changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"command takes no option (fold|spede)"):
        given(**changes)


def test_help_and_examples_come_from_the_docstring() -> None:
    assert described(given()[0]) == ("Do it.", "Examples:\nreprlab do it")


def test_arguments_stand_before_options() -> None:
    @with_options()
    def command(*, outer: Outer, words: Annotated[list[str], typer.Argument(help="Words.")]) -> None: ...

    assert next(iter(inspect.signature(command).parameters)) == "words"
    assert PANELS == ("What", "How", "Where", "Output")
