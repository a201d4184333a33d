"""What a view compares is what a second, naive implementation compares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged import DRAWS, KINDS, evidence, part, ruled, view, world

from reprlab.schedules.grids import compared_starts
from reprlab.scores.retained import retained


@pytest.mark.parametrize("layers", range(2, 90))
def test_the_window_is_every_start_with_3_to_half_the_layers_in_the_middle(layers: int) -> None:
    wanted = [s for s in range(layers) if 3 <= layers - 2 * s - 1 <= layers / 2]
    assert list(compared_starts(layers)) == wanted
    if layers >= 8:
        assert list(compared_starts(layers, 1)) == [wanted[0] - 1, *wanted]
        assert list(compared_starts(layers, -1)) == wanted[1:]


def test_a_contrast_is_the_median_over_benchmarks_of_mean_r_over_the_window() -> None:
    scores = world(noise=1.0)
    frame = scores.normalised()
    inside_w = frame[frame.start.isin([5, 6, 7, 8])]
    means = {v: inside_w[inside_w.variant == v][list(KINDS)].mean().median() for v in ("skip", "random")}
    found = view(scores).contrast("skip", "random")
    assert found.value == pytest.approx(means["skip"] - means["random"])
    r = retained(scores, count=DRAWS)
    curves = {
        v: np.median(np.mean([r.drawn[r.rows(v, start=s)[0]] for s in (5, 6, 7, 8)], 0), 0) for v in means
    }
    assert np.allclose(found.drawn, curves["skip"] - curves["random"], atol=1e-6)
    assert found.p() == min(1, 2 * (1 + (found.drawn <= 0).sum()) / (1 + DRAWS))


def test_benchmarks_that_a_schedule_was_not_swept_on_are_left_out_of_what_takes_it() -> None:
    scores = world()
    without = [entry.variant == "skip" and entry.start == 6 for entry in scores.entries]
    arc = scores.benchmarks["arc"]
    values = np.where(np.array(without)[:, None, None], np.nan, arc.values)
    some = replace(scores, benchmarks={**scores.benchmarks, "arc": replace(arc, values=values)})
    found = ruled(evidence(some))
    assert part(found, 3).ground.benchmarks == ("gsm8k_nll", "hellaswag", "winogrande")
    assert part(found, 4, "b").ground.benchmarks == tuple(KINDS)
    apart = {name: r for name, r in scores.benchmarks.items() if name != "arc"}
    assert part(found, 3) == part(ruled(evidence(replace(scores, benchmarks=apart))), 3)
    assert part(found, 6, "b").detail == (
        "reasoning has gsm8k_nll and semantics has hellaswag and winogrande"
    )
    assert part(found, 6).answer == "supported"
    none = {
        name: replace(r, values=np.where(np.array(without)[:, None, None], np.nan, r.values))
        for name, r in apart.items()
    }
    assert (
        part(ruled(evidence(replace(scores, benchmarks=none))), 3).detail
        == "a benchmark with all that is compared"
    )
