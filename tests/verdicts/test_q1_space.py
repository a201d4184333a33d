"""Similarities inside and outside the middle are means over pairs of depths."""

from __future__ import annotations

import numpy as np
import pytest

from reprlab.verdicts.q1_space import inside, outside


def test_inside_and_outside_are_means_over_pairs_of_depths() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(7, 7))
    one = one + one.T
    within = [one[i, j] for i in range(2, 5) for j in range(2, 5) if i != j]
    across = [one[i, j] for i in range(2, 5) for j in (0, 1, 5, 6)]
    assert inside(one, range(2, 5)) == pytest.approx(np.mean(within))
    assert outside(one[None], range(2, 5)) == pytest.approx([np.mean(across)])
