"""Logits drop by the mean over documents."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DRAWS, LAYERS, evidence, world

import reprlab as rl
from reprlab.verdicts.basis import Basis


def test_logits_drop_by_the_mean_over_documents() -> None:
    scores = world(noise=1.0)
    basis = Basis(evidence(scores), DRAWS)
    r = basis.logits
    assert r is not None
    row = r.rows("reverse", start=6)[0]
    place = scores.row_of(rl.Schedule.paper("reverse", layers=LAYERS, start=6))
    for at, results in enumerate(scores.benchmarks.values()):
        u = np.clip(results.items("u")[[0, place], :, 0], 1e-3, 1 - 1e-3)
        logits = np.log(u / (1 - u))
        assert 1 - r.values[row, at] == pytest.approx((logits[0] - logits[1]).mean())
    (pooled,) = r.rows("random", start=6)
    assert r.labels[pooled]["seeds"] == 5
