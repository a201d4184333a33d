"""Question 1: do layers use the same representation space?"""

from __future__ import annotations

import math

import numpy as np

from reprlab.arrays import Array
from reprlab.depths.cuts import words
from reprlab.similarity.matrix import Similarity
from reprlab.statistics.rank_correlation import rank_correlation
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
        asked("b", "stability", lambda: _grouped(view)),
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
    whole, null = _similarity(view, "cosine no-sinks"), _similarity(view, "residual null")
    middle = _middle(view)
    value, drawn = inside(whole.values, middle), _draws(whole)
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
        value - inside(_draws(null), middle),
        whole.documents,
        scope=depths,
    )
    members = (difference("h", apart, view.margin), level("h", above, above=0.0))
    return together("h", members)


def _grouped(view: View) -> Finding:
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
    elif view.layers // 2 in _middle(view):
        answer, reason = SUPPORTED, "clear"
    else:
        answer, reason = CONTRADICTED, "not in the middle"
    return Finding(
        "b", "stability", answer, reason, value=least, ground=Ground(documents=groups.provenance.documents)
    )


def _damage(view: View) -> Finding:
    """Spearman's rho of layers' similarity to the middle with 1 - R skipped alone, by AR(1) surrogates."""
    layers = view.layers
    if layers < FEWEST:
        raise Missing("too few layers", f"{FEWEST} layers; the model has {layers}")
    middle = _middle(view)
    near = _similarity(view, "cosine no-sinks").towards(middle[0], middle[-1])[1:]
    cost = costs(view, range(layers))
    ranks = rank_correlation(near, cost.retained[:, 0])
    answer, reason, p = UNDECIDED, "as by chance", ranks.p_low
    if ranks.p_low <= ALPHA:
        answer, reason = SUPPORTED, "clear"
    elif ranks.p_high <= ALPHA:
        answer, reason, p = CONTRADICTED, "opposite", ranks.p_high
    detail = f"p = {p:.3f} by {ranks.method}"
    return Finding(
        *("c", DAMAGE, answer, reason, detail, ranks.rho),
        p=p,
        ground=Ground((), cost.benchmarks, cost.fewest(cost.benchmarks)),
    )


def _middle(view: View) -> range:
    groups = view.basis.evidence.groups
    if groups is None:
        raise Missing("not measured", "groups of depths")
    middle = words(groups.groups)["middle"][0]
    if len(middle) < 2:
        raise Missing("too few layers", "a largest group of two depths or more")
    return middle


def _similarity(view: View, name: str) -> Similarity:
    similarity = view.basis.evidence.similarities.get(name)
    if similarity is None:
        raise Missing("not measured", f"the similarity '{name}'")
    if similarity.documents < UNITS:
        raise Missing("too few documents", f"{similarity.documents} were captured")
    return similarity


def _draws(found: Similarity) -> Array:
    drawn = found.draws(10**6)
    if drawn is None:
        raise Missing("no draws", found.title)
    return drawn
