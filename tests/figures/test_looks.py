"""Looks: every name's own colour and mark, ramps, and the style of a sheet."""

import numpy as np
import pytest

from reprlab import figures


def test_every_benchmark_that_reprlab_knows_has_a_look_of_its_own() -> None:
    from reprlab.benchmarks.table import BENCHMARKS

    assert {*BENCHMARKS, "median"} == set(figures.BENCHMARKS)
    assert len({(look.colour, look.marker) for look in figures.BENCHMARKS.values()}) == len(
        figures.BENCHMARKS
    )
    assert figures.BENCHMARKS["median"].width > 2


def test_unknown_names_have_looks_that_differ() -> None:
    names = [f"task {i}" for i in range(12)]
    looks = figures.looks_of([*names, "skip"])
    assert len(set(looks.values())) == 13
    assert looks["skip"].colour == figures.VARIANTS["skip"][0]


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_a_ramp_is_from_dark_to_light(count: int) -> None:
    looks = list(figures.ramp(map(str, range(count))).values())
    grey = [np.dot([int(look.colour[i : i + 2], 16) for i in (1, 3, 5)], [0.3, 0.59, 0.11]) for look in looks]
    assert (np.diff(grey) > 0).all()


def test_a_sheet_draws_in_the_style_and_leaves_none_behind() -> None:
    import matplotlib as mpl

    before = mpl.rcParams["font.size"]
    with figures.sheet(2, 2, title="costs $5") as panels:
        assert mpl.rcParams["font.size"] == 8
        assert panels.shape == (2, 2)
    assert mpl.rcParams["font.size"] == before
    assert panels[0, 0].figure.get_suptitle() == r"costs \$5"
