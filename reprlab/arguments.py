"""Arguments of the public functions: each is brought into its kind, or refused in a line.

A kind is a function of an argument's name and value. It gives the value that the function works with.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

from reprlab.errors import ReprlabError

Kind = Callable[[str, Any], Any]
P = ParamSpec("P")
R = TypeVar("R")
_SHOWN = 60  # characters of a value in an error


def taking(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Gives a function its arguments in the kinds that are named; its defaults stay as they are.

    >>> @taking(count=positive)
    ... def halves(count=2): return count / 2
    >>> halves(4), halves()
    (2.0, 1.0)
    >>> halves("4")
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: count '4' (str): give a whole number of 1 or more
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        unknown = set(kinds) - set(signature.parameters)
        assert not unknown, f"{function.__name__} has no {unknown}"

        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            for name in kinds.keys() & bound.arguments.keys():
                bound.arguments[name] = kinds[name](name, bound.arguments[name])
            return function(*bound.args, **bound.kwargs)

        # doctest takes a module's examples from functions with that module's globals only
        plain, own = cast(FunctionType, run), cast(FunctionType, function).__globals__
        same = FunctionType(plain.__code__, own, plain.__name__, None, plain.__closure__)
        return cast("Callable[P, R]", wraps(function)(same))

    return decorate


def refused(name: str, value: object, needed: str) -> ReprlabError:
    """The error for an argument of another kind.

    >>> print(refused("network", None, "a network or its name"))
    network None: give a network or its name
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a foreign value may raise anything here
        text = "?"
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    kind = "" if value is None else f" ({type(value).__name__})"
    return ReprlabError(f"{name} {text}{kind}: give {needed}")


def of(kinds: type | tuple[type, ...], needed: str) -> Kind:
    """Values of some types, as they are."""

    def kind(name: str, value: Any) -> Any:
        if not isinstance(value, kinds):
            raise refused(name, value, needed)
        return value

    return kind


def optional(kind: Kind) -> Kind:
    """None, or another kind."""
    return lambda name, value: None if value is None else kind(name, value)


def several(kind: Kind, single: type | tuple[type, ...], needed: str) -> Kind:
    """A list of values of one kind; one of the types `single` is a list of itself.

    >>> several(string, str, "names")("tasks", "rte")
    ['rte']
    """

    def listed(name: str, value: Any) -> list[Any]:
        if isinstance(value, single):
            return [kind(name, value)]
        if not isinstance(value, Iterable) or isinstance(value, bytes | Mapping | str | type):
            raise refused(name, value, needed)
        return [kind(name, one) for one in cast("Iterable[Any]", value)]

    return listed


def positive(name: str, value: Any) -> int:
    """A whole number of 1 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refused(name, value, "a whole number of 1 or more")
    return value


def integer(name: str, value: Any) -> int:
    """A whole number; numpy's too."""
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # arrays and tensors have it, and few of them are numbers
        pass
    raise refused(name, value, "a whole number")


def drawing_seed(name: str, value: Any) -> int:
    """A seed of random draws: a whole number, 0 or more."""
    if not 0 <= (chosen := integer(name, value)) < 2**32:
        raise ReprlabError(f"--{name} {chosen}: give 0 or more, below 2^32")
    return chosen


def number(name: str, value: Any) -> float:
    """A number; numpy's too."""
    try:
        if not isinstance(value, bool | str | bytes | type):
            return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        pass
    raise refused(name, value, "a number")


def path(name: str, value: Any) -> Path:
    """A path or its text, which is not empty: that would be the working folder."""
    if not isinstance(value, str | Path) or "\0" in str(value) or value == "":
        raise refused(name, value, "a path")
    return Path(value)


string = of(str, "a text")
flag = of(bool, "True or False")


def function(name: str, value: Any) -> Callable[..., Any]:
    """A function, or whatever can be called."""
    if not callable(value) or isinstance(value, type):
        raise refused(name, value, "a function")
    return value


def name_or_path(name: str, value: Any) -> str:
    """A name, or a path as a text."""
    return str(of((str, Path), "a name or a path")(name, value))


def whole_numbers(name: str, value: Any) -> Iterable[int]:
    """Whole numbers, one or several."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | type | Mapping):
        raise refused(name, value, "whole numbers, one or several")
    numbers = list(value)
    for one in numbers:
        if isinstance(one, bool) or not hasattr(type(one), "__index__"):
            raise refused(name, one, "whole numbers, one or several")
    return [int(one) for one in numbers]


def count_or_counts(name: str, value: Any) -> int | dict[str, int]:
    """A whole number for all, or a mapping from names to whole numbers.

    >>> count_or_counts("limit", 40), count_or_counts("limit", {"lambada": 400, "gsm8k_nll": 64})
    (40, {'lambada': 400, 'gsm8k_nll': 64})
    """
    if isinstance(value, Mapping):
        each = cast("Mapping[Any, Any]", value)
        return {string(name, key): integer(f"{name} of {key}", one) for key, one in each.items()}
    return integer(name, value)


maybe_positive, maybe_path = optional(positive), optional(path)
CALLBACKS = {"progress": function, "say": function}
