"""builtin_arithmetic_1 and _2: sums of one and of two steps, with four numbers to choose from.

A template is its text, the expression that answers it, and the values each operand may take. In a text {a}
is the operand in digits, {wa} in words, {Wa} in words with a capital; where the text has words, so have the
choices.
"""

import ast
import operator
from collections.abc import Callable, Iterator
from itertools import product
from random import Random

from reprlab.benchmarks.builtin.rows import BuiltinRow, numbered, placed, places, spread

Template = tuple[str, str, tuple[range, ...]]

SMALL, MIDDLE, LARGE = range(2, 10), range(3, 21), range(12, 61)
ROWS_PER_TEMPLATE = 4

ONE_STEP: dict[str, Template] = {
    "add": ("If you add {a} and {b}, you get", "a + b", (SMALL, SMALL)),
    "adding": ("The result of adding {a} and {b} is", "a + b", (SMALL, SMALL)),
    "when-add": ("When you add {a} and {b}, the result is", "a + b", (SMALL, SMALL)),
    "sum": ("When we add {a} to {b}, the sum is", "a + b", (SMALL, SMALL)),
    "find-sum": ("To find the sum, we add {a} and {b}. {a} + {b} =", "a + b", (SMALL, SMALL)),
    "sum-of": (
        "Question: What is the sum of {a} and {b}?\nAnswer: The sum of {a} and {b} is",
        "a + b",
        (SMALL, SMALL),
    ),
    "plus": ("Question: What is {wa} plus {wb}?\nAnswer: {Wa} plus {wb} equals", "a + b", (SMALL, SMALL)),
    "plus-sign": ("Question: What is {a} + {b}?\nAnswer: {a} + {b} =", "a + b", (SMALL, SMALL)),
    "subtract": ("If you subtract {b} from {a}, you get", "a - b", (MIDDLE, SMALL)),
    "subtracting": ("The result of subtracting {b} from {a} is", "a - b", (MIDDLE, SMALL)),
    "when-subtract": ("When you subtract {b} from {a}, the result is", "a - b", (MIDDLE, SMALL)),
    "difference": ("When we subtract {b} from {a}, the difference is", "a - b", (MIDDLE, SMALL)),
    "find-difference": (
        "To find the difference, we subtract {b} from {a}. {a} - {b} =",
        "a - b",
        (MIDDLE, SMALL),
    ),
    "what-minus": ("Question: What is {a} minus {b}?\nAnswer:", "a - b", (MIDDLE, SMALL)),
    "minus": ("Question: What is {wa} minus {wb}?\nAnswer: {Wa} minus {wb} equals", "a - b", (MIDDLE, SMALL)),
    "minus-sign": ("Question: What is {a} - {b}?\nAnswer: {a} - {b} =", "a - b", (MIDDLE, SMALL)),
    "multiply": ("If you multiply {a} by {b}, you get", "a * b", (SMALL, SMALL)),
    "multiplying": ("The result of multiplying {a} by {b} is", "a * b", (SMALL, SMALL)),
    "when-multiply": ("When you multiply {a} by {b}, the result is", "a * b", (SMALL, SMALL)),
    "product": ("When we multiply {a} by {b}, the product is", "a * b", (SMALL, SMALL)),
    "find-product": ("To find the product, we multiply {a} by {b}. {a} * {b} =", "a * b", (SMALL, SMALL)),
    "what-times": ("Question: What is {a} times {b}?\nAnswer:", "a * b", (SMALL, SMALL)),
    "times": ("Question: What is {wa} times {wb}?\nAnswer: {Wa} times {wb} equals", "a * b", (SMALL, SMALL)),
    "times-sign": ("Question: What is {a} * {b}?\nAnswer: {a} * {b} =", "a * b", (SMALL, SMALL)),
    "divide": ("If you divide {a} by {b}, you get", "a / b", (LARGE, SMALL)),
    "dividing": ("The result of dividing {a} by {b} is", "a / b", (LARGE, SMALL)),
    "when-divide": ("When you divide {a} by {b}, the result is", "a / b", (LARGE, SMALL)),
    "quotient": ("When we divide {a} by {b}, the quotient is", "a / b", (LARGE, SMALL)),
    "find-quotient": ("To find the quotient, we divide {a} by {b}. {a} / {b} =", "a / b", (LARGE, SMALL)),
    "what-divided": ("Question: What is {a} divided by {b}?\nAnswer:", "a / b", (LARGE, SMALL)),
    "divided-by": (
        "Question: What is {wa} divided by {wb}?\nAnswer: {Wa} divided by {wb} equals",
        "a / b",
        (LARGE, SMALL),
    ),
    "division-sign": ("Question: What is {a} / {b}?\nAnswer: {a} / {b} =", "a / b", (LARGE, SMALL)),
    "apples": (
        "Question: Tom has {a} apples and picks {b} more. How many apples does he have now?\nAnswer:",
        "a + b",
        (SMALL, SMALL),
    ),
    "class": (
        "Question: There are {a} boys and {b} girls in a class. How many children are in the class?\nAnswer:",
        "a + b",
        (SMALL, SMALL),
    ),
    "bus": (
        "Question: A bus carries {a} people, and {b} more get on. How many people are on the bus "
        "now?\nAnswer:",
        "a + b",
        (MIDDLE, SMALL),
    ),
    "cookies": (
        "Question: Mia had {a} cookies and ate {b} of them. How many cookies are left?\nAnswer:",
        "a - b",
        (MIDDLE, SMALL),
    ),
    "birds": (
        "Question: There were {a} birds in a tree, and {b} of them flew away. How many birds are still "
        "in the tree?\nAnswer:",
        "a - b",
        (MIDDLE, SMALL),
    ),
    "rope": (
        "Question: A rope was {a} meters long, and {b} meters were cut off. How many meters long is the "
        "rope now?\nAnswer:",
        "a - b",
        (MIDDLE, SMALL),
    ),
    "marbles": (
        "Question: There are {a} bags with {b} marbles in each bag. How many marbles are there in "
        "all?\nAnswer:",
        "a * b",
        (SMALL, SMALL),
    ),
    "tickets": (
        "Question: A ticket costs {a} dollars. How many dollars do {b} tickets cost?\nAnswer:",
        "a * b",
        (SMALL, SMALL),
    ),
    "running": (
        "Question: Sam runs {a} miles every day. How many miles does he run in {b} days?\nAnswer:",
        "a * b",
        (SMALL, SMALL),
    ),
    "sweets": (
        "Question: {b} children share {a} sweets equally. How many sweets does each child get?\nAnswer:",
        "a / b",
        (LARGE, SMALL),
    ),
    "eggs": (
        "Question: A farmer puts {a} eggs into boxes of {b} eggs each. How many boxes does he fill?\nAnswer:",
        "a / b",
        (LARGE, SMALL),
    ),
    "ribbon": (
        "Question: A ribbon of {a} inches is cut into {b} equal pieces. How many inches long is each "
        "piece?\nAnswer:",
        "a / b",
        (LARGE, SMALL),
    ),
}

TWO_STEPS: dict[str, Template] = {
    "plus-plus": (
        "Question: What is {a} + {b} + {c}?\nAnswer: {a} + {b} + {c} =",
        "a + b + c",
        (SMALL, SMALL, SMALL),
    ),
    "plus-minus": (
        "Question: What is {a} + {b} - {c}?\nAnswer: {a} + {b} - {c} =",
        "a + b - c",
        (SMALL, SMALL, SMALL),
    ),
    "times-plus": (
        "Question: What is {a} * {b} + {c}?\nAnswer: {a} * {b} + {c} =",
        "a * b + c",
        (SMALL, SMALL, SMALL),
    ),
    "words": (
        "Question: What is {wa} plus {wb} plus {wc}?\nAnswer: {Wa} plus {wb} plus {wc} equals",
        "a + b + c",
        (SMALL, SMALL, SMALL),
    ),
    "adding": ("If you add {a}, {b} and {c}, you get", "a + b + c", (SMALL, SMALL, SMALL)),
    "multiplying": (
        "If you multiply {a} by {b} and then add {c}, you get",
        "a * b + c",
        (SMALL, SMALL, SMALL),
    ),
    "subtracting": (
        "If you multiply {a} by {b} and then subtract {c}, you get",
        "a * b - c",
        (SMALL, SMALL, SMALL),
    ),
    "sum-times": (
        "If you add {a} and {b} and then multiply the sum by {c}, you get",
        "(a + b) * c",
        (range(2, 6), range(2, 6), SMALL),
    ),
    "apples": (
        "Question: Tom had {a} apples. He picked {b} more and gave {c} to his sister. How many apples "
        "does he have now?\nAnswer:",
        "a + b - c",
        (SMALL, SMALL, SMALL),
    ),
    "bus": (
        "Question: There were {a} people on a bus. At the next stop {b} people got on and {c} people got "
        "off. How many people are on the bus now?\nAnswer:",
        "a + b - c",
        (MIDDLE, SMALL, SMALL),
    ),
    "purse": (
        "Question: Mia had {a} dollars. She spent {b} dollars and then earned {c} dollars. How many "
        "dollars does she have now?\nAnswer:",
        "a - b + c",
        (MIDDLE, SMALL, SMALL),
    ),
    "shelf": (
        "Question: There were {a} books on a shelf. Visitors borrowed {b} of them and later brought back "
        "{c} of those. How many of the books are on the shelf now?\nAnswer:",
        "a - b + c",
        (LARGE, range(8, 12), range(2, 8)),
    ),
    "cake": (
        "Question: A cake was cut into {a} pieces. Ben ate {b} pieces, and Lena ate {c} pieces. How many "
        "pieces are left?\nAnswer:",
        "a - b - c",
        (range(8, 21), range(2, 6), range(2, 6)),
    ),
    "rope": (
        "Question: A rope was {a} meters long. First {b} meters were cut off, and then {c} meters more. "
        "How many meters long is the rope now?\nAnswer:",
        "a - b - c",
        (LARGE, SMALL, SMALL),
    ),
    "pages": (
        "Question: Ida read {a} pages on Monday, {b} pages on Tuesday and {c} pages on Wednesday. How "
        "many pages did she read on the three days together?\nAnswer:",
        "a + b + c",
        (MIDDLE, MIDDLE, MIDDLE),
    ),
    "farm": (
        "Question: A farm has {a} cows, {b} sheep and {c} goats, and no other animals. How many animals "
        "are on the farm?\nAnswer:",
        "a + b + c",
        (SMALL, SMALL, SMALL),
    ),
    "pencils": (
        "Question: Sam buys {a} boxes with {b} pencils in each box and {c} single pencils. How many "
        "pencils does he buy?\nAnswer:",
        "a * b + c",
        (SMALL, SMALL, SMALL),
    ),
    "cinema": (
        "Question: A ticket costs {a} dollars. Dora buys {b} tickets and a drink for {c} dollars. How "
        "many dollars does she pay?\nAnswer:",
        "a * b + c",
        (SMALL, SMALL, SMALL),
    ),
    "hall": (
        "Question: In a hall there are {a} rows of {b} chairs, and {c} more chairs stand at the wall. "
        "How many chairs are in the hall?\nAnswer:",
        "a * b + c",
        (SMALL, SMALL, SMALL),
    ),
    "marbles": (
        "Question: Leo had {a} bags with {b} marbles in each bag, and he lost {c} marbles. How many "
        "marbles does he have left?\nAnswer:",
        "a * b - c",
        (SMALL, SMALL, SMALL),
    ),
    "wages": (
        "Question: Hank earns {a} dollars an hour. He works for {b} hours and spends {c} dollars of what "
        "he earned. How many dollars of it are left?\nAnswer:",
        "a * b - c",
        (SMALL, SMALL, SMALL),
    ),
    "bakery": (
        "Question: A baker bakes {a} trays of {b} rolls and sells {c} of the rolls. How many rolls are "
        "left?\nAnswer:",
        "a * b - c",
        (SMALL, SMALL, MIDDLE),
    ),
    "sweets": (
        "Question: {b} children share {a} sweets equally, and then each child gets {c} sweets more. How "
        "many sweets does each child have?\nAnswer:",
        "a / b + c",
        (LARGE, SMALL, SMALL),
    ),
    "cards": (
        "Question: {a} cards are dealt equally to {b} players, and then each player puts down {c} cards. "
        "How many cards does each player have left?\nAnswer:",
        "a / b - c",
        (LARGE, range(2, 7), range(2, 6)),
    ),
    "teams": (
        "Question: {a} boys and {b} girls form {c} teams of the same size. How many children are in each "
        "team?\nAnswer:",
        "(a + b) / c",
        (MIDDLE, MIDDLE, range(2, 6)),
    ),
    "roses": (
        "Question: Vera has {a} red roses and {b} white roses. She puts the same number of roses into "
        "each of {c} vases until none is left over. How many roses are in each vase?\nAnswer:",
        "(a + b) / c",
        (MIDDLE, MIDDLE, range(2, 6)),
    ),
    "eggs": (
        "Question: Paul had {a} eggs, and {b} of them broke. He packed the others into boxes of {c} eggs "
        "each. How many boxes did he fill?\nAnswer:",
        "(a - b) / c",
        (LARGE, SMALL, range(2, 7)),
    ),
    "walks": (
        "Question: Every day Max walks {a} miles in the morning and {b} miles in the evening. How many "
        "miles does he walk in {c} days?\nAnswer:",
        "(a + b) * c",
        (range(2, 6), range(2, 6), range(2, 8)),
    ),
    "children": (
        "Question: A ticket costs {a} dollars, but a child pays {b} dollars less. How many dollars do "
        "{c} children pay together?\nAnswer:",
        "(a - b) * c",
        (MIDDLE, range(2, 6), range(2, 8)),
    ),
    "pens": (
        "Question: Kate had {a} dollars. She bought {b} pens for {c} dollars each. How many dollars does "
        "she have left?\nAnswer:",
        "a - b * c",
        (LARGE, range(2, 8), range(2, 6)),
    ),
    "tank": (
        "Question: There were {a} gallons of water in a tank, and every day {b} gallons are used. How "
        "many gallons are left after {c} days?\nAnswer:",
        "a - b * c",
        (LARGE, range(2, 8), range(2, 6)),
    ),
    "stamps": (
        "Question: Tim has {a} stamps and gets {b} new ones every week. How many stamps does he have "
        "after {c} weeks?\nAnswer:",
        "a + b * c",
        (MIDDLE, SMALL, range(2, 6)),
    ),
    "plant": (
        "Question: A plant is {a} inches tall and grows {b} inches every month. How many inches tall is "
        "it after {c} months?\nAnswer:",
        "a + b * c",
        (MIDDLE, range(2, 6), SMALL),
    ),
}

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
}
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def one_step() -> list[BuiltinRow]:
    """Four rows a template: `question`, `choices`, `label`, and `expression` with the operands filled in."""
    return _rows("arithmetic_1", ONE_STEP)


def two_steps() -> list[BuiltinRow]:
    """As `one_step`, with two operations."""
    return _rows("arithmetic_2", TWO_STEPS)


def words(number: int) -> str:
    """A number from 0 to 99 in English words.

    >>> words(7), words(40), words(56)
    ('seven', 'forty', 'fifty-six')
    """
    if number < 20:
        return _ONES[number]
    tens = _TENS[number // 10 - 2]
    return tens if number % 10 == 0 else f"{tens}-{_ONES[number % 10]}"


def value(expression: str) -> int | None:
    """What an expression of whole numbers comes to; None where a step is inexact or not above zero.

    >>> value("(7 + 5) / 4"), value("7 / 4"), value("2 - 5 + 9")
    (3, None, None)
    """
    return _walk(ast.parse(expression, mode="eval").body)


def _walk(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    assert isinstance(node, ast.BinOp)
    left, right = _walk(node.left), _walk(node.right)
    if left is None or right is None or (isinstance(node.op, ast.Div) and left % right):
        return None
    made = _OPERATORS[type(node.op)](left, right)
    return made if made > 0 else None


def _rows(task: str, templates: dict[str, Template]) -> list[BuiltinRow]:
    rng = Random(f"builtin_{task}")
    count = len(templates) * ROWS_PER_TEMPLATE
    where, ranks = iter(places(rng, count, 4)), iter(places(rng, count, 4))
    made = [
        {
            "unit": unit,
            "question": text.format(**_forms(operands)),
            "expression": filled,
            **_choices(rng, filled, spelled="{W" in text, place=next(where), rank=next(ranks)),
        }
        for unit, (text, expression, ranges) in templates.items()
        for operands, filled in _problems(rng, expression, ranges)
    ]
    return numbered(task, spread(made))


def _problems(rng: Random, expression: str, ranges: tuple[range, ...]) -> list[tuple[dict[str, int], str]]:
    possible = [
        (operands, filled)
        for values in product(*ranges)
        for operands in [dict(zip("abc", values, strict=False))]
        for filled in [_fill(expression, operands)]
        if 4 <= (value(filled) or 0) < 90
    ]
    return rng.sample(possible, ROWS_PER_TEMPLATE)


def _fill(expression: str, operands: dict[str, int]) -> str:
    return "".join(str(operands.get(letter, letter)) for letter in expression)


def _forms(operands: dict[str, int]) -> dict[str, str]:
    made = {letter: str(number) for letter, number in operands.items()}
    made |= {f"w{letter}": words(number) for letter, number in operands.items()}
    return made | {f"W{letter}": words(number).capitalize() for letter, number in operands.items()}


def _choices(rng: Random, filled: str, *, spelled: bool, place: int, rank: int) -> BuiltinRow:
    """Four numbers, `rank` of them below the right one: results of wrong operations, near and far misses."""
    right = value(filled)
    assert right is not None
    wrong = sorted({*_slips(filled), *(right + miss for miss in (-10, -3, -2, -1, 1, 2, 3, 10))} - {right})
    below = [number for number in wrong if 0 < number < right]
    above = [number for number in wrong if right < number < 100]
    picked = [*rng.sample(below, rank), *rng.sample(above, 3 - rank)]
    rng.shuffle(picked)
    show = words if spelled else str
    return placed(show(right), [show(number) for number in picked], place)


def _slips(filled: str) -> Iterator[int]:
    """What comes out with one operation mistaken for another."""
    for i, letter in enumerate(filled):
        if letter in "+-*/":
            results = (value(f"{filled[:i]}{other}{filled[i + 1 :]}") for other in "+-*/")
            yield from (result for result in results if result is not None)
