"""Templates of task files: no way to Python, and an end: a text and a loop have a most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any

import lm_eval.utils
from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

MOST_SIGNS = 10_000_000  # of a text that a template makes on its way
MOST_TURNS = 1_000_000  # of all loops of a text together
_COUNTED, _JOINED, _STARTED = "_counted_loop", "_joined_texts", "_started_text"


class Templates(SandboxedEnvironment):
    """Templates in a sandbox whose loops, numbers and texts are bounded, each compiled once."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.turns = 0
        self.globals |= {_COUNTED: self._counted, _JOINED: self._joined, _STARTED: self._started}
        self.filters = {name: _bounded(one) for name, one in self.filters.items()}

    def from_string(self, source: Any, globals: Any = None, template_class: Any = None) -> Template:
        return self.compiled(source)

    @lru_cache(maxsize=4096)  # noqa: B019 - there is one environment, for good
    def compiled(self, source: str) -> Template:
        return super().from_string(source)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree of a template, whose loops count and whose joined texts are measured."""
        tree = super()._parse(source, name, filename)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = _call(_COUNTED, [loop.iter])
        _replace_joins(tree)
        tree.body.insert(0, nodes.Output([_call(_STARTED, [])]))
        tree.set_environment(self)
        return tree

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*":
            sizes = [len(one) if hasattr(one, "__len__") else one for one in (left, right)]
            if any(hasattr(one, "__len__") for one in (left, right)):
                _most(sizes[0] * sizes[1])
        if operator == "**" and abs(right) * max(1, abs(left)).bit_length() > MOST_TURNS:
            raise SecurityError("a power is too large")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("'%' on a text: write the value into the template")
        value = super().call_binop(context, operator, left, right)
        return _measured(value)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, whose whole numbers and whose text have a most."""
        _check_given([*args, *kwargs.values()])
        return _measured(super().call(__context, __obj, *args, **kwargs))

    def _started(self) -> str:
        self.turns = 0
        return ""

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.turns += 1
            if self.turns > MOST_TURNS:
                raise SecurityError(f"its loops have more than {MOST_TURNS:,} turns")
            yield item

    def _joined(self, *parts: Any) -> str:
        texts = list(map(str, parts))
        _most(sum(map(len, texts)))
        return "".join(texts)


def _call(name: str, given: list[Any]) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), given, [], None, None)


def _replace_joins(node: nodes.Node) -> None:
    """Put a call that measures in the place of every `a ~ b`."""
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Concat):
            setattr(node, field, _call(_JOINED, value.nodes))
        elif isinstance(value, list):
            value[:] = [_call(_JOINED, v.nodes) if isinstance(v, nodes.Concat) else v for v in value]
    for child in node.iter_child_nodes():
        _replace_joins(child)


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter, whose whole numbers and whose text have a most."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        _check_given([*args, *kwargs.values()])
        return _measured(function(*args, **kwargs))

    return run


def _check_given(values: Iterable[Any]) -> None:
    """Refuse whole numbers above the most, and texts that a replacement would make too large."""
    sizes: list[int] = []
    for value in values:
        if isinstance(value, int) and abs(value) > MOST_TURNS:
            raise SecurityError(f"a number is above {MOST_TURNS:,}")
        if isinstance(value, str):
            sizes.append(len(value))
    large = sorted(sizes)[-2:]
    if len(large) == 2:
        _most(large[0] * large[1] // 64)  # as a replacement of a long text by a long one has it


def _measured(value: Any) -> Any:
    if isinstance(value, str | list | tuple):
        _most(len(value))
    return value


def _most(size: int) -> None:
    if size > MOST_SIGNS:
        raise SecurityError(f"a text or list has more than {MOST_SIGNS:,} parts")


def sandbox() -> Templates:
    """lm-eval's template environment, sandboxed."""
    theirs = lm_eval.utils.env
    ours = Templates(
        loader=theirs.loader, undefined=theirs.undefined, keep_trailing_newline=theirs.keep_trailing_newline
    )
    ours.filters.update({name: _bounded(one) for name, one in theirs.filters.items()})
    return ours
