"""The slope on Kendall's tau is that of least squares with a level for each start."""

from __future__ import annotations

import numpy as np
import pytest
from judged import tau, view, world

from reprlab.verdicts.q4_tau import slope


def test_the_slope_is_least_squares_with_a_level_for_each_start() -> None:
    scores = world(noise=1.0, orders=0.1)
    found = slope(view(scores))
    kept: dict[str, tuple[int, float, float]] = {}
    for entry in scores.entries:
        if entry.variant == "random" and entry.start > 4 and str(entry.schedule) != "0:20":
            place = scores.entries.index(entry)
            shares = [scores.retained(r, "u", [place]).value for r in scores.benchmarks.values()]
            kept.setdefault(str(entry.schedule), (entry.start, tau(entry), float(np.median(shares))))
    starts, x, y = map(np.array, zip(*kept.values(), strict=True))
    design = np.column_stack([x, *(starts == s for s in set(starts.tolist()))]).astype(float)
    assert found.value == pytest.approx(np.linalg.lstsq(design, y, rcond=None)[0][0])
    assert found.starts == (5, 6, 7, 8)
