"""Scores between chance level, 0, and the full model, 1; and what chance level is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import AGGREGATIONS, Aggregation, Codes, quiet, unit_codes_of
from reprlab.statistics.bootstraps import LEAST_UNITS
from reprlab.statistics.intervals import linked, read_pair, spread, t_interval, vector_norm


@dataclass(frozen=True)
class Normalised:
    """A score between chance (0) and the full model (1); NaN, with the `reason`, where it is undefined."""

    value: float
    stderr: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reason: str = ""


def normalised(
    name: str,
    items: ArrayLike,
    full: ArrayLike,
    *,
    floor: ArrayLike,
    units: ArrayLike | None = None,
    level: float = 0.95,
    guess_margin: float = 5.0,
) -> Normalised:
    """R = (score - floor) / (full - floor), over the same documents: (n, k) or (n,) each.

    `floor` is one number, in the statistic's own unit: a share for accuracy, the vocabulary's size V for
    perplexity. Or it is a number a document, (n,), before the link: the floor is then their mean, and as
    uncertain as the scores. R is formed before the link, where more is better: for perplexity of the mean
    log-likelihood and -ln V. It may leave [0, 1]. Standard error: of the influences (d_i(score) - R d_i(full)
    - (1 - R) d_i(floor)) / (full - floor), in units; interval R +- t_(G-1) stderr, NaN below 20 units. Laws:
    the full model has R = 1 +- 0; shift and positive scale of items and floor change nothing in a mean; a
    constant a document is the same as one number. NaN with a reason where full is not `guess_margin` standard
    errors, of full - floor, above the floor or the score is NaN; a score of -inf before the link is R = -inf
    with a reason.

    >>> x = np.arange(20) % 4
    >>> normalised("mean", x > 1, x > 0, floor=0.25).value
    0.5
    >>> normalised("mean", x > 1, x > 0, floor=0.7).reason
    'the full model scores 0.750 +- 0.099, which is 0.5 standard errors above chance (0.700); 5 are needed'
    """
    how, rows, whole = read_pair(name, items, full)
    codes = unit_codes_of(units, len(rows))
    with quiet():
        score, mine, live = spread(how, rows, codes)
        best, other, live2 = spread(how, whole, codes)
        low, its = drawn_level(how, np.asarray(floor, np.float64), codes)
        above = best - low
        margin = above / vector_norm(other - its)
        value = (score - best + above) / above
        stderr = vector_norm((mine - value * other - (1 - value) * its) / above)
        score_, error_ = float(how.link(best)), float(vector_norm(linked(how, best, other)))
        words = f"{score_:.3f} +- {error_:.3f}" if score_ < 1e5 else f"{score_:.3g} +- {error_:.3g}"
        chance = float(how.link(low))
    if not margin >= guess_margin:
        far = f"{margin:.1f} standard errors above chance ({chance:.3f}); {guess_margin:g} are needed"
        if not above > 0:
            far = f"not above chance ({chance:.3f})"
        elif math.isnan(margin):
            far = f"above chance ({chance:.3f}) by an unknown margin: one unit has no standard error"
        return Normalised(math.nan, reason=f"the full model scores {words}, which is {far}")
    if score == -math.inf:
        return Normalised(-math.inf, reason="the score is -inf: some document was given probability 0")
    if not np.isfinite(score):
        return Normalised(math.nan, reason=f"the score is {score}: some document has no number")
    ends = t_interval(float(value), float(stderr), level, int(min(live, live2)), least=LEAST_UNITS)
    return Normalised(float(value), float(stderr), *ends)


def drawn_level(how: Aggregation, floor: Array, codes: Codes) -> tuple[Array, Array]:
    """The floor before the link, and its influences by unit; those of one number are 0."""
    if not floor.ndim:
        return how.unlink(floor), np.zeros(1)
    if floor.shape != (len(codes),) or how.terms is None:
        documents = counted(len(codes), "document")
        raise ReprlabError(f"a floor is one number, or one for each document of a mean ({documents})")
    level, influence, _ = spread(AGGREGATIONS["mean"], floor[:, None], codes)
    return level, influence


@dataclass(frozen=True)
class Guess:
    """Accuracy at random, and of always choosing the place that is right most often on these documents.

    `majority` is too high on few documents, since it is chosen and measured on the same ones: it is no floor.
    """

    uniform: float
    majority: float


def guessing(golds: Sequence[Collection[int]], choices: Sequence[int]) -> Guess:
    """Accuracy of guessing, in (0, 1], given each document's right choices and how many choices it has.

    uniform = mean of right / choices; majority = the largest share of documents for which one place is
    right. Unchanged by the order of documents. No documents, lengths that differ, a document without a
    right choice and a place outside 0 .. choices - 1 are errors.

    >>> guessing([[0], [0], [0], [1]], [4, 4, 2, 2])
    Guess(uniform=0.375, majority=0.75)
    """
    if not golds or len(golds) != len(choices):
        raise ReprlabError(
            f"golds and choices are one a document each, given {len(golds)} and {len(choices)}"
        )
    for at, (right, count) in enumerate(zip(golds, choices, strict=True)):
        if not right or not all(0 <= place < count for place in right):
            raise ReprlabError(f"document {at} has gold {list(right)}, outside its {count} choices from 0")
    shares = [len(set(right)) / count for right, count in zip(golds, choices, strict=True)]
    places = Counter(place for right in golds for place in set(right))
    return Guess(math.fsum(shares) / len(golds), max(places.values()) / len(golds))
