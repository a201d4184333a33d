"""Question 1 by version 2: three measures against two nulls, and damage without the end layers too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reprlab.arrays import Array
from reprlab.scores.retained import DRAWS
from reprlab.similarity.matrix import Similarity
from reprlab.statistics.rank_correlation import rank_correlation
from reprlab.verdicts.q1_space import (
    ALPHA,
    DAMAGE,
    FEWEST,
    grouped,
    inside,
    middle_of,
    outside,
    similarity,
)
from reprlab.verdicts.q2_necessity import costs
from reprlab.verdicts.rules import Missing, Statistic, asked
from reprlab.verdicts.values import CONTRADICTED, SUPPORTED, UNDECIDED, Finding, Ground
from reprlab.verdicts.view import View

COSINE = (  # label, similarity, null; without a null the middle is held against the other depths
    ("inside - outside", "cosine no-sinks", None),
    ("inside - residual", "cosine no-sinks", "residual null"),
    ("inside - shuffled", "cosine no-sinks", "shuffled null"),
)
OTHERS = (
    ("centred inside - outside", "cosine-centred no-sinks", None),
    ("centred inside - residual", "cosine-centred no-sinks", "cosine-centred residual null"),
    ("cka inside - outside", "cka no-sinks", None),
    ("cka inside - residual", "cka no-sinks", "cka residual null"),
)
ENDS = 2  # layers on each side that the second correlation leaves out
INNER = f"{DAMAGE}, inner"
Comparison = tuple[str, str, str | None]


def controlled_space(view: View) -> tuple[Finding, ...]:
    """h: by cosine, against the ends and two nulls; b: stable groups; c: damage; d: by other measures."""
    return (
        _all(view, "h", COSINE),
        asked("b", "stability", lambda: grouped(view)),
        view.decisions.together("c", [_damage(view, DAMAGE, 0), _damage(view, INNER, ENDS)]),
        _all(view, "d", OTHERS),
    )


def _all(view: View, key: str, comparisons: tuple[Comparison, ...]) -> Finding:
    members = [asked(key, one[0], partial(_compared, view, key, *one)) for one in comparisons]
    return view.decisions.together(key, members)


def _compared(view: View, key: str, label: str, name: str, null: str | None) -> Finding:
    """The mean inside the middle minus that to the other depths, or that of a null, with the margin."""
    found, middle = similarity(view, name), middle_of(view)
    other = found if null is None else similarity(view, null)
    against = outside if null is None else inside
    value = inside(found.values, middle) - against(other.values, middle)
    drawn, less = _drawn(found, inside, middle), _drawn(other, against, middle)
    both = min(len(drawn), len(less))  # the draws are of the same documents, in the same order
    scope = f"depths {middle.start} to {middle.stop - 1}"
    one = Statistic(label, float(value), drawn[:both] - less[:both], found.documents, scope=scope)
    return view.decisions.difference(key, one, view.margin)


def _drawn(found: Similarity, mean: Callable[[Array, range], Array], middle: range) -> Array:
    """A mean of a matrix under draws of documents: (draw,)."""
    if found.resampled is not None and found.resampled.few:
        raise Missing("too few documents", found.resampled.few)
    drawn = found.scalar_draws(lambda matrices: mean(matrices, middle), DRAWS)
    if drawn is None:
        raise Missing("no draws", found.title)
    return drawn


def _damage(view: View, label: str, ends: int) -> Finding:
    return asked("c", label, lambda: _correlated(view, label, ends))


def _correlated(view: View, label: str, ends: int) -> Finding:
    """Spearman's rho of similarity to the middle with 1 - R skipped alone, negative by chance in 5 %."""
    if view.layers < FEWEST:
        raise Missing("too few layers", f"{FEWEST} layers; the model has {view.layers}")
    middle = middle_of(view)
    near = similarity(view, "cosine no-sinks").towards(middle.start, middle.stop)[1:]
    cost = costs(view, range(view.layers))
    ranks = rank_correlation(near, cost.retained[:, 0], ends=ends)
    answer, reason, p = UNDECIDED, "as by chance", ranks.p_low
    if ranks.p_low <= ALPHA:
        answer, reason = SUPPORTED, "clear"
    elif ranks.p_high <= ALPHA:
        answer, reason, p = CONTRADICTED, "opposite", ranks.p_high
    detail = f"p = {p:.4f} by {ranks.method}"
    ground = Ground((), cost.benchmarks, cost.fewest(cost.benchmarks))
    scope = f"the first {ends} layers and the last {ends}"
    made = Finding("c", label, answer, reason, detail, ranks.rho, p=min(1.0, 2 * p), ground=ground)
    return replace(made, scope=scope)
