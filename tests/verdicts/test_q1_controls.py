"""Question 1 by version 2: ranks without the end layers, and null draws that are paired with the middle's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged import LAYERS, MIDDLE, alike_2, evidence, groups, part, ruled_2, world

from reprlab.statistics.rank_correlation import rank_correlation
from reprlab.verdicts.q1_controls import COSINE, OTHERS
from reprlab.verdicts.q1_space import inside


def test_a_correlation_that_the_end_layers_make_is_gone_without_them() -> None:
    chance = np.random.default_rng(0)
    near, damage = chance.normal(0, 0.01, LAYERS), chance.normal(0, 0.01, LAYERS)
    near[[0, 1, -2, -1]], damage[[0, 1, -2, -1]] = [-1, -0.9, -0.8, -0.7], [1, 0.9, 0.8, 0.7]
    whole, inner = rank_correlation(near, damage), rank_correlation(near, damage, ends=2)
    assert (whole.ends, inner.ends) == (0, 2)
    assert replace(inner, ends=0) == rank_correlation(near[2:-2], damage[2:-2])
    assert whole.rho < -0.5 < inner.rho
    assert inner.count == LAYERS - 4


def test_nulls_are_taken_from_the_middle_draw_by_draw() -> None:
    same = alike_2(spread=0.3)
    one = part(ruled_2(evidence(world(), similarities=same, groups=groups())), 1, "d")
    assert [member.label for member in one.members] == [label for label, *_ in OTHERS]
    member = one.members[1]
    found, null = (same[name] for name in OTHERS[1][1:])
    drawn = [each.scalar_draws(lambda matrices: inside(matrices, MIDDLE), 10_000) for each in (found, null)]
    assert member.value == pytest.approx(inside(found.values, MIDDLE) - inside(null.values, MIDDLE))
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert (member.low, member.high) == pytest.approx(tuple(np.quantile(drawn[0] - drawn[1], [0.025, 0.975])))
    assert member.p is not None
    assert member.p == pytest.approx(2 / 10_001)  # fine enough for Holm over 20 findings of four differences


def test_few_documents_of_unequal_lengths_decide_nothing_as_fig_3_shows_no_interval_of_them() -> None:
    whole = alike_2(spread=0.02)
    one = whole["cosine no-sinks"]
    assert one.resampled is not None
    (documents,) = one.resampled.documents
    uneven = replace(documents, counts=np.linspace(1, 400, len(documents.counts)))
    few = replace(one, resampled=replace(one.resampled, documents=(uneven,)))
    found = ruled_2(evidence(world(), similarities={**whole, "cosine no-sinks": few}, groups=groups()))
    headline = part(found, 1)
    assert (headline.answer, headline.reason) == ("not decidable", "too few documents")


def test_every_similarity_that_is_asked_is_one_that_a_report_makes() -> None:
    from reprlab.verdicts.evidence import SIMILARITIES

    asked = {name for _, *names in (*COSINE, *OTHERS) for name in names if name}
    assert asked <= set(SIMILARITIES)
