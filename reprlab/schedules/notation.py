"""The notation of schedules: any spelling is read, equal steps have one canonical text.

Numbers are depths, the places between layers. `5` is layer 5, `0:14` walks layers 0..13, `19:14`
walks layers 18..14 downwards, `[14:19]` runs layers 14..18 side by side and averages, `[14:19]+`
adds up their updates, `*n` repeats the term before it, `( )` makes several terms one. A suffix makes a
block of a group: `~14:19` scales its update, token by token, to the norm of the full model's over these
depths, `?7` gives it a random direction of seed 7, `=0123456789abcdef` replaces it by its mean over a
calibration capture.

    schedule = term+
    term     = (item | set | "(" term+ ")" suffix?) ("*" number)*
    suffix   = "~" number ":" number | "?" number | "=" digest
    set      = "[" item+ "]" "+"?
    item     = number (":" number)?
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple, cast

from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.schedules.steps import Block, Plain, Step, Summed, side_by_side, size
from reprlab.schedules.update_rules import (
    DIGEST,
    LIMIT,
    Matched,
    MeanUpdate,
    RandomDirection,
    Rule,
)

NESTING = 50  # groups inside one another

ALLOWED = (
    "allowed: a layer 5, a range 0:14 or 19:14, a set [14:19] or [14:19]+, a group (0:5 7), "
    "a block (16*5)~14:19, (14:19)?7 or (14:19)=0123456789abcdef, and *n after any of them"
)
SUFFIXES = "~?="
BLOCKS = (
    "a block is a group in parentheses with one suffix: (16*5)~14:19, (14:19)?7, (14:19)=0123456789abcdef"
)
CONTENTS = {
    "set": "a set holds layers and ranges only: [1 4:7]",
    "group": "a group holds terms: (0:5 [7 9])",
}


# Writing ------------------------------------------------------------------------------------------


def write(steps: Sequence[Step]) -> str:
    """The canonical text: a function of the steps alone.

    Laws: `read(write(steps)) == steps`; the text holds no groups but those of blocks.
    Greedy, in this order:
      1. equal neighbouring steps, as many as there are, become one term `*n`;
      2. the rest between them is cut, from the left, into the longest runs of layers that go
         up by one or down by one; three layers or more become `a:b`, fewer stay numbers.
    So repeats win over runs, and of two overlapping runs the left one is whole.

    >>> write([0, 1, 2, 2, 3, 4, 5])
    '0 1 2*2 3:6'
    >>> write([0, 1, 2, 1, 0, (7, 8, 9)])
    '0:3 1 0 [7:10]'
    >>> write([Block([2, 2], Matched(1, 3)), Block([2, 2], Matched(1, 3))])
    '(2*2)~1:3*2'
    """
    return " ".join(_terms(steps))


def _terms(steps: Sequence[Step]) -> Iterator[str]:
    single: list[int] = []
    for step, equals in groupby(steps):
        times = len(list(equals))
        if times == 1 and isinstance(step, int):
            single.append(step)
            continue
        yield from _runs(single)
        single.clear()
        yield _text(step) + (f"*{times}" if times > 1 else "")
    yield from _runs(single)


def _text(step: Step) -> str:
    if isinstance(step, int):
        return str(step)
    if isinstance(step, Block):
        return f"({' '.join(_terms(step.steps))}){step.rule}"
    return f"[{' '.join(_runs(step))}]{'+' if isinstance(step, Summed) else ''}"


def _runs(layers: Sequence[int]) -> Iterator[str]:
    """The layers as terms, runs of three or more as ranges, from the left."""
    at = 0
    while at < len(layers):
        stop = _run_stop(layers, at)
        first, last = layers[at], layers[stop - 1]
        if stop - at < 3:
            yield str(first)
            at += 1
        else:
            yield f"{first}:{last + 1}" if first < last else f"{first + 1}:{last}"
            at = stop


def _run_stop(layers: Sequence[int], at: int) -> int:
    """The position after the run that starts at `at`."""
    stop = at + 1
    stride = layers[stop] - layers[at] if stop < len(layers) else 0
    while abs(stride) == 1 and stop < len(layers) and layers[stop] - layers[stop - 1] == stride:
        stop += 1
    return stop


# Reading ------------------------------------------------------------------------------------------


def read(text: str, layers: int | None = None) -> tuple[Step, ...]:
    """The steps that a text spells, sets sorted, a set of one as that layer.

    Raises `ReprlabError` with the text, a mark under the bad term and what is allowed; with
    `layers`, also for a layer that a model of that many layers lacks.

    >>> read("(0:2 [5 4])*2 [7]+")
    (0, 1, (4, 5), 0, 1, (4, 5), 7)
    >>> read("0:2 [3:6", layers=8)
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: '[' is never closed
      0:2 [3:6
          ^
    write ']' after the last member of the set
    """
    if layers is not None and layers < 1:
        raise ReprlabError(f"layers is {layers}: a model has at least one layer")
    return tuple(_Reader(text, layers, _tokens(text)).schedule())


class _Token(NamedTuple):
    start: int
    stop: int
    text: str  # "" at the end


def _tokens(text: str) -> list[_Token]:
    tokens = [_Token(*m.span(), m.group()) for m in re.finditer(r"(?<==)[0-9A-Za-z]+|[0-9]+|\S", text)]
    for before, token in pairwise([_Token(0, 0, ""), *tokens]):
        if token.text[0] not in f"0123456789:[]()*+{SUFFIXES}" and before.text != "=":
            raise _marked(text, token, token, f"unknown character {token.text!r}", ALLOWED)
    return [*tokens, _Token(len(text), len(text), "")]


def _marked(text: str, first: _Token, last: _Token, what: str, advice: str) -> ReprlabError:
    """The error that shows the text with carets from one token to another."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    carets = " " * first.start + "^" * max(1, last.stop - first.start)
    return ReprlabError(f"{what}\n  {shown}\n  {carets}\n{advice}")


@dataclass
class _Reader:
    """Recursive descent, a method for each line of the grammar; `at` is the next token."""

    text: str
    layers: int | None
    tokens: list[_Token]
    at: int = 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def error(self, first: _Token, what: str, advice: str) -> ReprlabError:
        """Marks from `first` to the last token taken, or `first` alone if it is not taken yet."""
        last = max(first, self.tokens[max(self.at - 1, 0)])
        return _marked(self.text, first, last, what, advice)

    def schedule(self) -> list[Step]:
        if self.here.text == "":
            raise self.error(self.here, "the schedule is empty", ALLOWED)
        steps = self.terms(0)
        if self.here.text != "":
            raise self.error(self.here, f"{self.here.text!r} closes nothing", ALLOWED)
        return steps

    def terms(self, depth: int) -> list[Step]:
        steps: list[Step] = []
        calls = 0
        while self.here.text not in ("", ")", "]"):
            first = self.here
            term = self.term(depth)
            calls += size(term)
            self.limit(first, calls)
            steps += term
        return steps

    def term(self, depth: int) -> list[Step]:
        first = self.here
        steps = self.atom(depth)
        calls, times = size(steps), 1
        while self.here.text == "*":
            star = self.take()
            times *= self.number()
            if times == 0:
                raise self.error(star, "'*0' repeats nothing", "write *1 or more, or drop the term")
            self.limit(first, calls * times)
        return steps * times

    def atom(self, depth: int) -> list[Step]:
        if self.here.text == "[":
            return [self.members()]
        if self.here.text == "(":
            return self.group(depth + 1)
        if self.here.text and self.here.text in SUFFIXES:
            raise self.error(self.here, f"{self.here.text!r} does not follow a group", BLOCKS)
        if not self.here.text.isdigit():
            raise self.error(self.here, f"a term cannot begin with {self.here.text!r}", ALLOWED)
        return list(self.item())

    def group(self, depth: int) -> list[Step]:
        opened = self.take()
        if depth > NESTING:
            raise self.error(opened, "too many groups inside one another", f"at most {NESTING}")
        steps = self.terms(depth)
        self.close(opened, ")", "group")
        if not steps:
            raise self.error(opened, "the group is empty", ALLOWED)
        if not self.here.text or self.here.text not in SUFFIXES:
            return steps
        rule = self.rule()
        try:
            return [Block(cast("list[Plain]", steps), rule)]  # a block inside is what it refuses
        except ReprlabError as error:
            raise self.error(opened, str(error), BLOCKS) from error

    def rule(self) -> Rule:
        sign = self.take().text
        first = self.here
        if sign == "?":
            return RandomDirection(self.number())
        if sign == "~":
            return self.matched(first)
        if not DIGEST.fullmatch(first.text):
            advice = "16 digits 0-9 and a-f straight after '=': Capture.calibration has them"
            raise self.error(first, "a calibration capture's digest is missing", advice)
        return MeanUpdate(self.take().text)

    def matched(self, first: _Token) -> Matched:
        start = self.number()
        if self.here.text != ":":
            raise self.error(self.here, "a range of depths a:b is missing after '~'", BLOCKS)
        self.take()
        stop = self.number()
        if start >= stop:
            what = f"the range {start}:{stop} is empty or goes down"
            raise self.error(first, what, "~a:b has a < b: the full model's update over depths a..b")
        self.bound(first, stop - 1)
        return Matched(start, stop)

    def members(self) -> Plain:
        opened = self.take()
        found: set[int] = set()
        while self.here.text.isdigit():
            first = self.here
            layers = self.item()
            if not found.isdisjoint(layers):
                twice = min(found.intersection(layers))
                raise self.error(first, f"layer {twice} is in the set twice", "name it once")
            found.update(layers)
        self.close(opened, "]", "set")
        if not found:
            raise self.error(opened, "the set is empty", "a set holds layers and ranges: [1 4:7]")
        summed = self.here.text == "+" and bool(self.take())
        return side_by_side(found, summed=summed)

    def close(self, opened: _Token, bracket: str, kind: str) -> None:
        if self.here.text == "":
            last = "member" if kind == "set" else "term"
            advice = f"write {bracket!r} after the last {last} of the {kind}"
            raise _marked(self.text, opened, opened, f"{opened.text!r} is never closed", advice)
        if self.here.text != bracket:
            what = f"{self.here.text!r} cannot stand in a {kind}"
            raise self.error(self.here, what, CONTENTS[kind])
        self.take()

    def item(self) -> range:
        first = self.here
        start = self.number()
        if self.here.text != ":":
            layers = range(start, start + 1)
        else:
            self.take()
            layers = _walk(start, self.number())
        if not layers:
            advice = "a:b walks layers a..b-1, and b:a walks them down; a layer alone is a number"
            raise self.error(first, f"the range {start}:{start} is empty", advice)
        self.bound(first, max(layers[0], layers[-1]))
        return layers

    def number(self) -> int:
        if not self.here.text.isdigit():
            raise self.error(self.here, "a number is missing", ALLOWED)
        token = self.take()
        if len(token.text) > 9 or int(token.text) > LIMIT:
            raise self.error(token, "the number is too large", f"at most {LIMIT:,}")
        return int(token.text)

    def bound(self, first: _Token, layer: int) -> None:
        layers = LIMIT if self.layers is None else self.layers
        if layer >= layers:
            what = f"layer {layer} does not exist in a model of {counted(layers, 'layer')}"
            raise self.error(first, what, f"its layers are 0..{layers - 1}, its depths 0..{layers}")

    def limit(self, first: _Token, calls: int) -> None:
        if calls > LIMIT:
            what = f"the schedule runs more than {LIMIT:,} layers"
            raise self.error(first, what, f"{LIMIT:,} layer executions are the most")


def _walk(start: int, stop: int) -> range:
    return range(start, stop) if start <= stop else range(start - 1, stop - 1, -1)
