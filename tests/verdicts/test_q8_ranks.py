"""Ranks are what sure differences leave."""

from __future__ import annotations

import numpy as np
from judged import RETAINED, paper_world, part, ruled

from reprlab.verdicts.q8_ranks import SIX, ranks


def test_ranks_leave_what_sure_differences_leave() -> None:
    levels = np.array([0.0, 0.0, 1.0, 2.0, 2.0, 3.0])
    signs = np.sign(levels[:, None] - levels[None]).astype(np.int64)
    assert ranks(signs) == [(5, 6), (5, 6), (4, 4), (2, 3), (2, 3), (1, 1)]
    assert ranks(np.zeros((6, 6), np.int64)) == [(1, 6)] * 6
    ranked = part(ruled(paper_world()), 8).detail.partition(" are ")[2].split(", ")
    assert [name.rstrip(" 0123456to") for name in ranked[2:]] == [
        "reverse",
        "parallel",
        "skip",
        "middle repea",
    ]
    assert ranked[-1] == "middle repeat 6"
    assert set(SIX) == set(RETAINED)
