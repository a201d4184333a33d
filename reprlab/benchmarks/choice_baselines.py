"""Baselines of choices: what endings score without a model, and the forecasts that follow from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from reprlab.arrays import Array

_WORD = re.compile(r"\w+")
_SHARPEST = 1000.0  # b, where every document's choice is right and no b is the likeliest

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


def forecast(scores: Sequence[Array], golds: Sequence[Sequence[int]], second: NDArray[np.bool_]) -> Array:
    """The right choice's probability under softmax(b x score): (document,), in [0, 1].

    Of each half of the documents (`second`: (document,)) b >= 0 is the likeliest on the other half, so that
    no document has a say in its own forecast.
    """
    values = np.empty(len(scores))
    for half in (False, True):
        others = np.flatnonzero(second != half)
        b = sharpness([scores[i] for i in others], [golds[i] for i in others])
        for i in np.flatnonzero(second == half):
            values[i] = _share(scores[i], golds[i], b)[0]
    return values


def sharpness(scores: Sequence[Array], golds: Sequence[Sequence[int]]) -> float:
    """The b >= 0 with the largest likelihood of the right choices under softmax(b x score); at most 1,000.

    There the mean score of the right choices is that which the forecast expects. Of no documents 0.

    >>> print(f"{np.exp(sharpness([np.array([1.0, 0.0])] * 4, [[0], [0], [0], [1]])):.6f}")
    3.000000
    """

    def slope(b: float) -> float:
        return sum(_share(score, gold, b)[1] for score, gold in zip(scores, golds, strict=True))

    if not scores or slope(0.0) <= 0:
        return 0.0
    return _SHARPEST if slope(_SHARPEST) > 0 else float(brentq(slope, 0.0, _SHARPEST))


def _share(score: Array, gold: Sequence[int], b: float) -> tuple[float, float]:
    """The right choices' probability, and the slope of its logarithm by b."""
    right = list(set(gold))
    weights = np.exp(b * (score - score.max()))
    top = score[right].max()
    mine = np.exp(b * (score[right] - top))  # of the right ones alone: no underflow
    expected = (mine * score[right]).sum() / mine.sum()
    slope = expected - (weights * score).sum() / weights.sum()
    return float(weights[right].sum() / weights.sum()), float(slope)


def majority_share(accuracy: float, choices: int) -> float:
    """u of always expecting the place that is right in a share of documents: p^2 + (1 - p)^2 / (k - 1).

    The forecast gives that place p and the k - 1 others the rest in equal parts.

    >>> majority_share(0.25, 4), majority_share(1.0, 2)
    (0.25, 1.0)
    """
    return accuracy**2 + (1 - accuracy) ** 2 / (choices - 1) if choices > 1 else 1.0
