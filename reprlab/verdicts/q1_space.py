"""Question 1: do layers use the same representation space?"""

from __future__ import annotations

import math

import numpy as np

from reprlab.arrays import Array
from reprlab.depths.cuts import words
from reprlab.similarity.matrix import Similarity
from reprlab.statistics.rank_correlation import by_shifts
from reprlab.verdicts.basis import UNITS
from reprlab.verdicts.q2_necessity import costs
from reprlab.verdicts.rules import Missing, Statistic, asked, difference, level, together
from reprlab.verdicts.values import CONTRADICTED, SUPPORTED, UNDECIDED, Finding, Ground
from reprlab.verdicts.view import View

STABLE = 0.8  # of resamples
FEWEST = 20  # layers, so that one shift in all is p = .05
ALPHA = 0.05
DAMAGE = "similarity ~ damage"


def space(view: View) -> tuple[Finding, ...]:
    """h: the middle more alike than it is to the ends, and than a null; b: stable groups; c: damage."""
    return (
        asked("h", "inside - outside", lambda: _headline(view)),
        asked("b", "stability", lambda: grouped(view)),
        asked("c", DAMAGE, lambda: _damage(view)),
    )


def inside(matrices: Array, middle: range) -> Array:
    """Mean over pairs of different depths of the middle: (..., depth, depth) -> (...)."""
    rows, columns = np.nonzero(~np.eye(len(middle), dtype=np.bool_))
    return matrices[..., rows + middle.start, columns + middle.start].mean(-1)


def outside(matrices: Array, middle: range) -> Array:
    """Mean over pairs of a middle depth and one outside, depth 0 too: (..., depth, depth) -> (...)."""
    others = [depth for depth in range(matrices.shape[-1]) if depth not in middle]
    return matrices[..., middle.start : middle.stop, others].mean((-2, -1))


def _headline(view: View) -> Finding:
    """Inside minus outside, a difference; and inside above the null's draws, which gives a level."""
    whole, null = similarity(view, "cosine no-sinks"), similarity(view, "residual null")
    middle = middle_of(view)
    value, drawn = inside(whole.values, middle), draws_of(whole)
    depths = f"depths {middle.start} to {middle.stop - 1}"
    apart = Statistic(
        "inside - outside",
        float(value - outside(whole.values, middle)),
        inside(drawn, middle) - outside(drawn, middle),
        whole.documents,
        scope=depths,
    )
    above = Statistic(
        "inside - control",
        float(value - inside(null.values, middle)),
        value - inside(draws_of(null), middle),
        whole.documents,
        scope=depths,
    )
    members = (difference("h", apart, view.margin), level("h", above, above=0.0))
    return together("h", members)


def grouped(view: View) -> Finding:
    """Every boundary within one depth in 80 % of resamples, and the largest group holds the depth halfway."""
    groups = view.basis.evidence.groups
    if groups is None:
        raise Missing("not measured", "groups of depths")
    if len(groups.starts) == 1:
        raise Missing("no groups", groups.reason)
    least = min(groups.stable)
    if math.isnan(least):
        raise Missing("no draws", "the groups")
    if least < STABLE:
        answer, reason = UNDECIDED, "boundaries move"
    elif view.layers // 2 in middle_of(view):
        answer, reason = SUPPORTED, "clear"
    else:
        answer, reason = CONTRADICTED, "not in the middle"
    return Finding(
        "b", "stability", answer, reason, value=least, ground=Ground(documents=groups.provenance.documents)
    )


def _damage(view: View) -> Finding:
    """Spearman's rho of layers' similarity to the middle with 1 - R skipped alone, by circular shifts."""
    layers = view.layers
    if layers < FEWEST:
        raise Missing("too few layers", f"{FEWEST} layers; the model has {layers}")
    middle = middle_of(view)
    near = similarity(view, "cosine no-sinks").towards(middle.start, middle.stop)[1:]
    cost = costs(view, range(layers))
    rho, low, high, shifts = by_shifts(near, cost.retained[:, 0])
    answer, reason, p = UNDECIDED, "as by chance", low
    if low <= ALPHA:
        answer, reason = SUPPORTED, "clear"
    elif high <= ALPHA:
        answer, reason, p = CONTRADICTED, "opposite", high
    detail = f"p = {p:.3f} over {shifts} circular shifts"
    return Finding(
        *("c", DAMAGE, answer, reason, detail, rho),
        p=p,
        ground=Ground((), cost.benchmarks, cost.fewest(cost.benchmarks)),
    )


def middle_of(view: View) -> range:
    """The depths of the largest group."""
    groups = view.basis.evidence.groups
    if groups is None:
        raise Missing("not measured", "groups of depths")
    middle = words(groups.groups)["middle"][0]
    if len(middle) < 2:
        raise Missing("too few layers", "a largest group of two depths or more")
    return middle


def similarity(view: View, name: str) -> Similarity:
    """A matrix of the evidence, by its name in `SIMILARITIES`."""
    found = view.basis.evidence.similarities.get(name)
    if found is None:
        raise Missing("not measured", f"the similarity '{name}'")
    if found.documents < UNITS:
        raise Missing("too few documents", f"{found.documents} were captured")
    return found


def draws_of(found: Similarity, count: int = 10**6) -> Array:
    """The matrices under draws of documents."""
    drawn = found.draws(count)
    if drawn is None:
        raise Missing("no draws", found.title)
    return drawn
