"""The diagram: a schedule as boxes in the order they run, and as text for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, groupby
from typing import Literal, NamedTuple, TypeAlias

from reprlab.schedules.steps import Step, Summed

Kind: TypeAlias = Literal["layer", "side by side", "repeated", "out of order"]
KINDS: tuple[Kind, ...] = ("layer", "side by side", "repeated", "out of order")

COPIES = 3  # equal neighbours drawn one by one; more become one box with its count
RUN = 6  # layers of a run drawn one by one; more become one box `0 … 13`
MEMBERS = 12  # boxes of a set, whatever its layers


@dataclass(frozen=True)
class Box:
    """The box of a step, of equal steps in a row, or of a long run of layers.

    `labels` holds one label, or those of a set from top to bottom; `join` is how a set comes
    together, `mean` or `+`; `gap` says that layers before this box run nowhere in the schedule.
    """

    labels: tuple[str, ...]
    kind: Kind = "layer"
    join: Literal["", "mean", "+"] = ""
    times: int = 1
    gap: bool = False


# Boxes --------------------------------------------------------------------------------------------


class _Seen(NamedTuple):
    """Equal steps in a row, with what is to be said of them."""

    step: Step
    times: int
    kind: Kind
    gap: bool


def boxes(steps: Sequence[Step]) -> tuple[Box, ...]:
    """The boxes of a schedule's steps, in the order in which they run.

    A set is `side by side`; a layer in more than one step is `repeated`; one with a higher layer
    before it or a lower one after it is `out of order`; all else is a plain `layer`. More than 3
    equal steps in a row become one box with its count, a run of more than 6 layers one wide box.

    >>> [box.labels for box in boxes([*range(14), (14, 15), *[16] * 5, 18, 17])]
    [('0 … 13',), ('14', '15'), ('16',), ('18',), ('17',)]
    >>> boxes([3, 3, 3, 3])
    (Box(labels=('3',), kind='repeated', join='', times=4, gap=True),)
    """
    drawn: list[Box] = []
    for run in _runs(list(_seen(steps))):
        first, last = run[0], run[-1]
        if len(run) > RUN:
            drawn.append(Box((f"{first.step} … {last.step}",), first.kind, gap=first.gap))
        else:
            drawn += chain.from_iterable(map(_copies, run))
    return tuple(drawn)


def _copies(seen: _Seen) -> Iterable[Box]:
    step = seen.step
    if isinstance(step, int):
        box = Box((str(step),), seen.kind, gap=seen.gap)
    else:
        join = "+" if isinstance(step, Summed) else "mean"
        box = Box(_labels(step), seen.kind, join, gap=seen.gap)
    if seen.times > COPIES:
        return [replace(box, times=seen.times)]
    return [box, *[replace(box, gap=False)] * (seen.times - 1)]


def _labels(layers: tuple[int, ...]) -> tuple[str, ...]:
    """The members of a set; of a run longer than `RUN` the first two and the last."""
    labels: list[str] = []
    for _, cut in groupby(enumerate(layers), key=lambda pair: pair[1] - pair[0]):
        names = [str(layer) for _, layer in cut]
        labels += [*names[:2], "…", names[-1]] if len(names) > RUN else names
    return tuple(labels if len(labels) <= MEMBERS else [*labels[: MEMBERS - 2], "…", labels[-1]])


def _seen(steps: Sequence[Step]) -> Iterator[_Seen]:
    members = [(step,) if isinstance(step, int) else step for step in steps]
    counts = Counter(chain.from_iterable(members))
    highest = list(accumulate((max(m) for m in members), max, initial=-1))  # before each step
    lowest = [*accumulate((min(m) for m in reversed(members)), min)][::-1]  # from each step on
    ranks = {layer: rank for rank, layer in enumerate([-1, *sorted(counts)])}
    at = 0
    for step, equal in groupby(steps):
        times = len(list(equal))
        layers, end = members[at], at + times
        kind: Kind = "layer"
        if not isinstance(step, int):
            kind = "side by side"
        elif counts[step] > 1:
            kind = "repeated"
        elif highest[at] > step or (end < len(steps) and lowest[end] < step):
            kind = "out of order"
        before = max(members[at - 1]) if at else -1
        gap = min(layers) - before > ranks[min(layers)] - ranks[before]  # one between is nowhere
        yield _Seen(step, times, kind, gap)
        at = end


def _runs(seen: Sequence[_Seen]) -> Iterator[Sequence[_Seen]]:
    """Single layers of one kind that go up by one or down by one, from the left; else one each."""
    at = 0
    while at < len(seen):
        stop = at + 1
        stride = _stride(seen, at)
        while stride and _stride(seen, stop - 1) == stride:
            stop += 1
        yield seen[at:stop]
        at = stop


def _stride(seen: Sequence[_Seen], at: int) -> int:
    """1 or -1 where the next item goes on with the run, else 0."""
    if at + 1 >= len(seen):
        return 0
    here, there = seen[at], seen[at + 1]
    if not (isinstance(here.step, int) and isinstance(there.step, int)):
        return 0
    alike = here.times == there.times == 1 and here.kind == there.kind
    stride = there.step - here.step
    return stride if alike and abs(stride) == 1 else 0


def wrap(widths: Iterable[float], room: float) -> list[range]:
    """The rows that boxes of these widths fill: as many a row as there is room for, at least one.

    >>> wrap([3, 3, 3, 9, 1], 7)
    [range(0, 2), range(2, 3), range(3, 4), range(4, 5)]
    """
    rows: list[range] = []
    start, used, at = 0, 0.0, -1
    for at, width in enumerate(widths):
        if at > start and used + width > room:
            rows.append(range(start, at))
            start, used = at, 0.0
        used += width
    return [*rows, range(start, at + 1)]


# Text ---------------------------------------------------------------------------------------------

_ASCII = str.maketrans(
    {**dict.fromkeys("┌┐└┘├┤┬┴┼", "+"), "╰": "\\", "╯": "/", "─": "-", "┄": ".", "│": "|"}
    | {"▶": ">", "…": "-"}
)
_LINES = {  # up, down, left, right
    (0, 1, 0, 1): "┌",
    (1, 1, 0, 1): "├",
    (1, 1, 1, 1): "┼",
    (1, 0, 0, 1): "└",
    (0, 1, 1, 0): "┐",
    (1, 1, 1, 0): "┤",
    (1, 0, 1, 0): "┘",
    (1, 1, 0, 0): "│",
}


class _Frame(NamedTuple):
    """Lines of equal length; the flow comes in and goes out on line `axis`."""

    lines: list[str]
    axis: int


def text(drawn: Sequence[Box], width: int, *, ascii: bool = False) -> list[str]:
    """The boxes as lines of at most `width` characters, unless a single box is wider.

    A dashed arrow passes over layers that run nowhere; a brace under a box says how often it runs.

    >>> print("\\n".join(text(boxes([0, (1, 2), 4, 4, 4, 4]), 60)))
                  ┌───┐
       ┌───┐   ┌─▶│ 1 │─┐            ┌────┐
    ──▶│ 0 │───┤  ├───┤ ├──▶(mean)┄┄▶│ 4  │──▶
       └───┘   └─▶│ 2 │─┘            └────┘
                  └───┘              ╰─*4─╯
    """
    blocks = [_block(box) for box in drawn]
    heads = [_arrow(box) for box in drawn]
    widths = [len(h) + len(b.lines[0]) for h, b in zip(heads, blocks, strict=True)]
    lines: list[str] = []
    for row in wrap(widths, width - len(_END)):
        parts = [part for at in row for part in (_Frame([heads[at]], 0), blocks[at])]
        lines += (line.rstrip() for line in _beside([*parts, _Frame([_END], 0)]))
    return [line.translate(_ASCII) for line in lines] if ascii else lines


_END = "──▶"


def _arrow(box: Box) -> str:
    """The line that leads to a box; a set's arrowheads stand after its fork."""
    line = "┄" if box.gap else "─"
    return line * 3 if box.join else f"{line * 2}▶"


def _block(box: Box) -> _Frame:
    count = f"*{box.times}" if box.times > 1 else ""
    inner = max(*map(len, box.labels), 0 if box.join else len(count)) + 2
    rules = ["┌", *"├" * (len(box.labels) - 1), "└"], ["┐", *"┤" * (len(box.labels) - 1), "┘"]
    lines = [f"{left}{'─' * inner}{right}" for left, right in zip(*rules, strict=True)]
    for at, label in enumerate(box.labels):
        lines.insert(2 * at + 1, f"│{label.center(inner)}│")
    axis = len(box.labels)
    if box.join:
        lines = [_forked(line, at, axis) for at, line in enumerate(lines)]
        sign = f"──▶({box.join})"
        lines = [line + (sign if at == axis else " " * len(sign)) for at, line in enumerate(lines)]
    if count:
        lines.append(f"╰{count.center(len(lines[0]) - 2, '─')}╯")
    return _Frame(lines, axis)


def _forked(line: str, at: int, axis: int) -> str:
    """Line `at` of a set's column, with the fork before it and the join after it."""
    last, member = 2 * axis - 1, at % 2
    if not 1 <= at <= last:
        return f"   {line}  "
    up, down, through = int(at > 1), int(at < last), int(at == axis)
    fork, join = _LINES[up, down, through, member], _LINES[up, down, member, through]
    return f"{fork}─▶{line}─{join}" if member else f"{fork}  {line} {join}"


def _beside(blocks: Sequence[_Frame]) -> Iterator[str]:
    """Blocks next to each other, their axes on one line."""
    above = max(block.axis for block in blocks)
    below = max(len(block.lines) - block.axis for block in blocks)
    for at in range(-above, below):
        parts = ((b.lines, b.axis + at) for b in blocks)
        yield "".join(x[i] if 0 <= i < len(x) else " " * len(x[0]) for x, i in parts)
