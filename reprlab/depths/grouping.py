"""Group: the depths of a capture in groups, and the groups of a family of models, as labelled values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from reprlab.arguments import integer, of, optional, taking
from reprlab.depths.cuts import cut, stability
from reprlab.depths.groups import DRAWS, Compared, Groups
from reprlab.errors import ReprlabError
from reprlab.similarity.matrix import Similarity


@taking(similarity=of(Similarity, "a similarity, as rl.cosine gives one"), count=optional(integer))
def group(similarity: Similarity, *, count: int | None = None) -> Groups:
    """The groups that a similarity's depths fall into, with the stability of their boundaries.

    Their number comes from the data unless `count` says it; see `reprlab.depths.cuts.cut`. Every resample of
    the documents is cut by the same rule. Raises `ReprlabError` for a matrix between two captures.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-neox"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> len(group(rl.cosine(acts), count=2).groups)
    2
    """
    if similarity.other:
        raise ReprlabError("groups are of the depths of one capture: compare it with itself")
    whole = cut(similarity.values, count, distance=similarity.distance)
    drawn = similarity.draws(DRAWS)
    cuts = [] if drawn is None else [cut(matrix, count, distance=similarity.distance) for matrix in drawn]
    sizes = np.array([c.sizes for c in cuts] or [whole.sizes], dtype=np.float64)
    ends = np.quantile(sizes, [0.025, 0.975], axis=0) if cuts else np.full((2, 3), math.nan)
    same = [len(c.starts) == len(whole.starts) for c in cuts]
    return Groups(
        matrix=similarity.values,
        compared=_compared(similarity),
        provenance=replace(similarity.provenance, stored=""),  # groups are saved without it
        count=count,
        cut=whole,
        draws=len(cuts),
        stable=tuple(stability(cuts, whole).values()),
        agreeing=float(np.mean(same)) if same else math.nan,
        spread=tuple((float(low), float(high)) for low, high in ends.T),
    )


def _compared(similarity: Similarity) -> Compared:
    """How the depths of a similarity were compared."""
    return Compared(
        measure=similarity.measure,
        words=similarity.label,
        distance=similarity.distance,
        samples=similarity.samples,
        positions=similarity.positions,
        control=similarity.control,
        title=similarity.title,
        about=similarity.caption,
    )
