"""The diagram: a schedule as boxes in the order they run, and as text for a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, groupby
from typing import Literal, NamedTuple, TypeAlias

from reprlab.schedules.steps import Block, Plain, Step, Summed, layers_of
from reprlab.schedules.update_rules import MeanUpdate

Kind: TypeAlias = Literal["layer", "side by side", "repeated", "out of order", "mean update"]
KINDS: tuple[Kind, ...] = ("layer", "side by side", "repeated", "out of order", "mean update")

COPIES = 3  # equal neighbours drawn one by one; more become one box with its count
RUN = 6  # layers of a run drawn one by one; more become one box `0 … 13`
MEMBERS = 12  # boxes of a set, whatever its layers


@dataclass(frozen=True)
class Box:
    """The box of a step, of equal steps in a row, or of a long run of layers.

    `labels` holds one label, or those of a set from top to bottom; `join` is how a set comes
    together, `mean` or `+`; `gap` says that layers before this box run nowhere in the schedule. A block
    has no labels of its own but `inner` boxes, and its `rule` as the notation writes it.
    """

    labels: tuple[str, ...]
    kind: Kind = "layer"
    join: Literal["", "mean", "+"] = ""
    times: int = 1
    gap: bool = False
    inner: tuple["Box", ...] = ()
    rule: str = ""

    @property
    def parts(self) -> tuple["Box", ...]:
        """The boxes with labels: those of a block, else the box itself."""
        return self.inner or (self,)

    @property
    def brace(self) -> str:
        """What stands below the box: a block's rule, and how often it runs."""
        return self.rule + (f"*{self.times}" if self.times > 1 else "")


# Boxes --------------------------------------------------------------------------------------------


class _Item(NamedTuple):
    """Equal steps in a row; `block` numbers the block that they are in, -1: none; it runs `copies` times."""

    step: Plain
    times: int
    block: int
    copies: int
    rule: str

    @property
    def mean(self) -> bool:
        return self.rule.startswith("=")


class _Seen(NamedTuple):
    """Equal steps in a row, with what is to be said of them."""

    item: _Item
    kind: Kind
    gap: bool

    @property
    def step(self) -> Plain:
        return self.item.step


def boxes(steps: Sequence[Step]) -> tuple[Box, ...]:
    """The boxes of a schedule's steps, in the order in which they run.

    A set is `side by side`; a layer in more than one step is `repeated`; one with a higher layer
    before it or a lower one after it is `out of order`; all else is a plain `layer`. More than 3
    equal steps in a row become one box with its count, a run of more than 6 layers one wide box.
    A block is a box of boxes; one `=digest` holds a single `mean update`, whose layers do not run.

    >>> [box.labels for box in boxes([*range(14), (14, 15), *[16] * 5, 18, 17])]
    [('0 … 13',), ('14', '15'), ('16',), ('18',), ('17',)]
    >>> boxes([3, 3, 3, 3])
    (Box(labels=('3',), kind='repeated', join='', times=4, gap=True, inner=(), rule=''),)
    """
    drawn: list[Box] = []
    for _, part in groupby(_seen(steps), key=lambda seen: seen.item.block):
        seen = list(part)
        inner = _boxes_of(seen)
        drawn += inner if seen[0].item.block < 0 else _block_boxes(seen[0].item, inner)
    return tuple(drawn)


def _boxes_of(seen: Sequence[_Seen]) -> list[Box]:
    drawn: list[Box] = []
    for run in _runs(seen):
        first, last = run[0], run[-1]
        if len(run) > RUN:
            drawn.append(Box((f"{first.step} … {last.step}",), first.kind, gap=first.gap))
        else:
            drawn += chain.from_iterable(map(_copies, run))
    return drawn


def _block_boxes(item: _Item, inner: Sequence[Box]) -> Iterable[Box]:
    first, *others = inner
    whole = Box((), gap=first.gap, inner=(replace(first, gap=False), *others), rule=item.rule)
    return _counted(whole, item.copies)


def _copies(seen: _Seen) -> Iterable[Box]:
    step = seen.step
    if seen.item.mean:
        return [Box((_mean_label(layers_of(step)),), seen.kind, gap=seen.gap)]
    if isinstance(step, int):
        box = Box((str(step),), seen.kind, gap=seen.gap)
    else:
        join = "+" if isinstance(step, Summed) else "mean"
        box = Box(_labels(step), seen.kind, join, gap=seen.gap)
    return _counted(box, seen.item.times)


def _mean_label(layers: Sequence[int]) -> str:
    return f"{layers[0]} … {layers[-1]}" if len(layers) > 1 else str(layers[0])


def _counted(box: Box, times: int) -> Iterable[Box]:
    if times > COPIES:
        return [replace(box, times=times)]
    return [box, *[replace(box, gap=False)] * (times - 1)]


def _labels(layers: tuple[int, ...]) -> tuple[str, ...]:
    """The members of a set; of a run longer than `RUN` the first two and the last."""
    labels: list[str] = []
    for _, cut in groupby(enumerate(layers), key=lambda pair: pair[1] - pair[0]):
        names = [str(layer) for _, layer in cut]
        labels += [*names[:2], "…", names[-1]] if len(names) > RUN else names
    return tuple(labels if len(labels) <= MEMBERS else [*labels[: MEMBERS - 2], "…", labels[-1]])


def _items(steps: Sequence[Step]) -> Iterator[_Item]:
    for number, (step, equal) in enumerate(groupby(steps)):
        copies = len(list(equal))
        if not isinstance(step, Block):
            yield _Item(step, copies, -1, 1, "")
        elif isinstance(step.rule, MeanUpdate):
            rule = str(step.rule)
            yield _Item(layers_of(step), 1, number, copies, f"{rule[:5]}…")
        else:
            for inner, same in groupby(step.steps):
                yield _Item(inner, len(list(same)), number, copies, str(step.rule))


def _seen(steps: Sequence[Step]) -> Iterator[_Seen]:
    items = list(_items(steps))
    members = [layers_of(item.step) for item in items]
    counts: Counter[int] = Counter()
    for item, layers in zip(items, members, strict=True):
        counts.update({} if item.mean else dict.fromkeys(layers, item.times * item.copies))
    highest = list(accumulate((max(m) for m in members), max, initial=-1))  # before each item
    lowest = [*accumulate((min(m) for m in reversed(members)), min)][::-1]  # from each item on
    ranks = {layer: rank for rank, layer in enumerate([-1, *sorted(set(chain(*members)))])}
    for at, (item, layers) in enumerate(zip(items, members, strict=True)):
        kind: Kind = "layer"
        if item.mean:
            kind = "mean update"
        elif not isinstance(item.step, int):
            kind = "side by side"
        elif counts[item.step] > 1:
            kind = "repeated"
        elif highest[at] > item.step or (at + 1 < len(items) and lowest[at + 1] < item.step):
            kind = "out of order"
        before = max(members[at - 1]) if at else -1
        gap = min(layers) - before > ranks[min(layers)] - ranks[before]  # one between is nowhere
        yield _Seen(item, kind, gap)


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
    alike = here.item.times == there.item.times == 1 and here.kind == there.kind
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

    A dashed arrow passes over layers that run nowhere; a brace under a box says how often it runs, one under
    a block which rule its update obeys.

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
    return line * 3 if box.parts[0].join else f"{line * 2}▶"


def _block(box: Box) -> _Frame:
    if box.inner:
        return _braced(box)
    count = box.brace
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


def _braced(box: Box) -> _Frame:
    """A block: its boxes next to each other over a brace with its rule."""
    frames = [part for one in box.inner for part in (_Frame([_arrow(one)], 0), _block(one))][1:]
    axis = max(frame.axis for frame in frames)
    lines = list(_beside(frames))
    width = max(len(lines[0]), len(box.brace) + 2)
    lines = [line.ljust(width, "─" if at == axis else " ") for at, line in enumerate(lines)]
    return _Frame([*lines, f"╰{box.brace.center(width - 2, '─')}╯"], axis)


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
