"""Baselines of choices: what endings score without a model, and the forecasts that follow from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from reprlab.arrays import Array

_WORD = re.compile(r"\w+")
_SHARPEST = 1000.0  # b, where every document's choice is right and no b is the likeliest

Places = NDArray[np.intp]
Fold = tuple[Places, Places]  # documents, and those that a baseline is fitted on
EndingScores = Callable[[str, Sequence[str]], Array]


def uniform(context: str, endings: Sequence[str]) -> Array:
    """0 for each ending: (ending,)."""
    return np.zeros(len(endings))


def longest(context: str, endings: Sequence[str]) -> Array:
    """Each ending's characters over their mean: (ending,).

    >>> longest("", ["ab", "abcdef"]).tolist()
    [0.5, 1.5]
    """
    sizes = np.array([len(ending) for ending in endings], np.float64)
    return sizes / max(1.0, float(sizes.mean()))


def shortest(context: str, endings: Sequence[str]) -> Array:
    """The negative of `longest`: (ending,)."""
    return -longest(context, endings)


def overlap(context: str, endings: Sequence[str]) -> Array:
    """How many different words each ending has in common with the context, whatever their case: (ending,).

    >>> overlap("A cook dries figs.", ["The cook eats figs.", "Rain."]).tolist()
    [2.0, 0.0]
    """
    there = _words(context)
    return np.array([len(there & _words(ending)) for ending in endings], np.float64)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


ENDING_SCORES: Mapping[str, EndingScores] = {
    "uniform": uniform,
    "shortest ending": shortest,
    "longest ending": longest,
    "most words of the context": overlap,
}


def picked(scores: Sequence[Array], golds: Sequence[Sequence[int]]) -> Array:
    """The accuracy of choosing the ending with the highest score, equal ones by lot: (document,), in [0, 1].

    >>> picked([np.array([1.0, 1.0, 0.0])], [[0]]).tolist()
    [0.5]
    """
    first = [score == score.max() for score in scores]
    return np.array([best[list(set(g))].sum() / best.sum() for best, g in zip(first, golds, strict=True)])


def forecast(scores: Sequence[Array], golds: Sequence[Sequence[int]], folds: Iterable[Fold]) -> Array:
    """The right choice's probability under softmax(b x score): (document,), in [0, 1].

    Of the documents of each fold b >= 0 is the likeliest on its others, so that no document has a say in its
    own forecast.
    """
    choices = ScoredEndings.of(scores, golds)
    values = np.empty(len(scores))
    for places, others in folds:
        values[places] = choices.part(places).shares(sharpness(choices.part(others)))
    return values


@dataclass(frozen=True)
class ScoredEndings:
    """Documents' scores, 0 where a document has fewer choices; `there` are choices, `right` the right ones.

    All are (document, choice).
    """

    scores: Array
    there: NDArray[np.bool_]
    right: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: Sequence[Array], golds: Sequence[Sequence[int]]) -> ScoredEndings:
        """From a document's scores each, and its right choices; each document's best score becomes 0."""
        most = max(map(len, scores), default=0)
        table = [[*(row - row.max()), *[0.0] * (most - len(row))] for row in scores]
        there = [[place < len(row) for place in range(most)] for row in scores]
        right = [[place in set(gold) for place in range(most)] for gold in golds]
        shape = (len(scores), most)
        bools = (np.array(part, dtype=bool).reshape(shape) for part in (there, right))
        return cls(np.array(table).reshape(shape), *bools)

    def part(self, of: Places) -> ScoredEndings:
        """Those of some documents."""
        return ScoredEndings(self.scores[of], self.there[of], self.right[of])

    def shares(self, b: float) -> Array:
        """The right choices' probability under softmax(b x score): (document,)."""
        weights = np.exp(b * self.scores) * self.there
        return (weights * self.right).sum(1) / weights.sum(1)

    def slope(self, b: float) -> float:
        """The slope, by b, of the right choices' log-likelihood: their mean score minus the expected one."""
        weights = np.exp(b * self.scores) * self.there
        best = np.where(self.right, self.scores, -np.inf).max(1, keepdims=True)
        among = np.exp(b * np.minimum(self.scores - best, 0)) * self.right  # no underflow of all
        mine = (among * self.scores).sum(1) / among.sum(1)
        return float((mine - (weights * self.scores).sum(1) / weights.sum(1)).sum())


def sharpness(choices: ScoredEndings) -> float:
    """The b >= 0 with the largest likelihood of the right choices under softmax(b x score); at most 1,000.

    There the mean score of the right choices is that which the forecast expects. Of no documents 0.

    >>> choices = ScoredEndings.of([np.array([1.0, 0.0])] * 4, [[0], [0], [0], [1]])
    >>> print(f"{np.exp(sharpness(choices)):.6f}")
    3.000000
    """
    if choices.slope(0.0) <= 0:
        return 0.0
    if choices.slope(_SHARPEST) > 0:
        return _SHARPEST
    root: Any = brentq(choices.slope, 0.0, _SHARPEST)
    return float(root)


def majority_share(accuracy: float, choices: int) -> float:
    """u of always expecting the place that is right in a share of documents: p^2 + (1 - p)^2 / (k - 1).

    The forecast gives that place p and the k - 1 others the rest in equal parts.

    >>> majority_share(0.25, 4), majority_share(1.0, 2)
    (0.25, 1.0)
    """
    return accuracy**2 + (1 - accuracy) ** 2 / (choices - 1) if choices > 1 else 1.0
