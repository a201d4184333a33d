"""What a layer costs is what is lost without it."""

from __future__ import annotations

import numpy as np
import pytest
from judged import LAYERS, evidence, part, ruled, view, world

from reprlab.verdicts.q2_necessity import costs


def test_costs_are_what_is_lost_without_a_layer() -> None:
    scores = world(noise=1.0)
    frame = scores.normalised().set_index("variant").loc["skip_one"].sort_values("layer")
    found = costs(view(scores), range(LAYERS)).retained
    assert np.allclose(found[:, 0], 1 - frame["median"])
    cheap = part(ruled(evidence(scores)), 2, "b").value
    assert cheap == pytest.approx(np.sort(found[6:15, 0])[4])
