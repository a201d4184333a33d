import pytest

from reprlab.errors import ReprlabError
from reprlab.schedules.grids import GRIDS, Entry, paper_grid
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule


def plan(figure: str, layers: int = 32) -> Plan:
    return Plan(entry.schedule for entry in paper_grid(figure, layers))


@pytest.mark.parametrize(
    ("figure", "schedules", "distinct", "alone", "shared"),
    [
        ("fig02", 63, 63, 1_984, 1_023),
        ("fig04", 16, 16, 256, 136),
        ("fig07", 160, 145, 5_120, 3_480),
        ("fig10", 448, 448, 111_104, 10_544),
        ("fig11", 241, 221, 7_968, 5_273),
        ("fig17", 65, 63, 3_616, 2_224),
        ("paper", 752, 697, 121_056, 15_727),
        ("windows", 528 + 528 + 527, 1_520, 44_704, 24_336),
    ],
)
def test_counts_for_32_layers(figure: str, schedules: int, distinct: int, alone: int, shared: int) -> None:
    found = plan(figure)
    assert (len(found), len(found.distinct)) == (schedules, distinct)
    assert (found.layer_calls_alone, found.layer_calls) == (alone, shared)
    assert found.peak_alive <= 3


def test_paper_is_figures_2_10_and_11() -> None:
    parts = [entry for figure in ("fig02", "fig10", "fig11") for entry in paper_grid(figure, 32)]
    assert paper_grid("paper", 32) == parts


@pytest.mark.parametrize("figure", GRIDS)
@pytest.mark.parametrize("layers", [2, 6, 12])
def test_every_schedule_fits_and_every_label_is_its_own(figure: str, layers: int) -> None:
    entries = paper_grid(figure, layers)
    for entry in entries:
        entry.schedule.check(layers)
    labels = [(e.variant, e.start, e.layer, e.window, e.seed, e.times) for e in entries]
    looped_in_both = layers // 2 if figure == "paper" else 0  # 3 times: figures 10 and 11
    assert entries
    assert len(set(labels)) == len(labels) - looped_in_both


def test_labels() -> None:
    assert paper_grid("fig07", 32, starts=[13], seeds=[4]) == [
        Entry("random", Schedule.random(32, 14, 19, seed=4), start=13, seed=4)
    ]
    assert paper_grid("fig02", 2) == [
        Entry("skip_one", Schedule([1]), layer=0),
        Entry("skip_one", Schedule([0]), layer=1),
        Entry("switch", Schedule([1, 0]), layer=0),
    ]
    assert [(entry.variant, entry.window, str(entry.schedule)) for entry in paper_grid("windows", 2)] == [
        ("skip", (0, 1), "1"),
        ("skip", (1, 2), "0"),
        ("middle_repeat", (0, 1), "0 1"),
        ("middle_repeat", (0, 2), "0*2"),
        ("middle_repeat", (1, 2), "0 1"),
        ("parallel", (0, 1), "0 1"),
        ("parallel", (0, 2), "[0 1]"),
        ("parallel", (1, 2), "0 1"),
    ]


def test_ruins_leave_the_ends_out_or_shuffle_all() -> None:
    entries = paper_grid("ruins", 6)
    assert {entry.label: str(entry.schedule) for entry in entries[:3]} == {
        "no first": "1:6",
        "no last": "0:5",
        "no ends": "1:5",
    }
    shuffled = entries[3].schedule
    assert (entries[3].label, sorted(shuffled.steps)) == ("shuffled", list(range(6)))
    assert shuffled == paper_grid("ruins", 6)[3].schedule != Schedule.full(6)
    assert [entry.variant for entry in paper_grid("ruins", 2)] == ["no_first", "no_last", "shuffled"]


def test_loops_replace_the_figures_own() -> None:
    assert [entry.times for entry in paper_grid("fig09", 32, starts=[13], loops=[2, 5])] == [2, 5]
    assert [entry.times for entry in paper_grid("fig17", 32, starts=[13])] == [None, 2, 3, 2, 3]
    assert len(paper_grid("fig10", 32, starts=[13])) == 28


def test_default_starts_leave_a_middle() -> None:
    assert [entry.start for entry in paper_grid("fig04", 7)] == [0, 1, 2]
    assert [entry.start for entry in paper_grid("fig04", 8)] == [0, 1, 2, 3]
    assert paper_grid("fig04", 8, starts=[]) == []


def test_coinciding_random_orders_are_named() -> None:
    entries = paper_grid("fig11", 32, starts=[14, 15])
    duplicates = Plan(entry.schedule for entry in entries).duplicates
    at_one = [entries[position].variant for position in duplicates["0:32"]]
    assert at_one[0] == "full"
    assert {"middle_repeat", "reverse", "random", "parallel"} < set(at_one)
    assert at_one.count("random") >= 10


def test_unknown_grids_and_bad_starts() -> None:
    with pytest.raises(ReprlabError) as caught:
        paper_grid("window", 32)
    near = "unknown grid 'window': did you mean 'windows'? There are: "
    assert str(caught.value) == near + ", ".join(GRIDS)
    with pytest.raises(ReprlabError, match=r"^start 16 leaves no middle in 32 layers"):
        paper_grid("fig04", 32, starts=[16])
