"""Progress as lines: how often, with which share and time, under a clock of the test's own."""

from itertools import pairwise

from reprlab.progress import EVERY, ProgressLines, in_words


def run(seconds: int, share: float = 1.0, total: float = 1000.0) -> list[tuple[int, str]]:
    """The lines of work that takes so long and tells its progress each second, with when they came."""
    now, told = [0.0], list[tuple[int, str]]()
    lines = ProgressLines("work", lambda text: told.append((int(now[0]), text)), clock=lambda: now[0])
    for second in range(seconds + 1):
        now[0] = second
        lines.show(share * total * second / seconds, total)
    return told


def test_a_line_comes_at_least_every_thirty_seconds() -> None:
    times = [0, *(at for at, _ in run(600)), 600]
    assert max(b - a for a, b in pairwise(times)) <= 30
    assert len(times) - 2 == 600 // EVERY


def test_short_work_says_nothing() -> None:
    assert run(int(EVERY) - 1) == []


def test_a_line_has_the_share_and_the_time_left() -> None:
    assert run(600)[0] == (20, "work: 3 % done, about 10 min left")
    assert run(600)[14] == (300, "work: 50 % done, about 5 min left")


def test_a_line_comes_while_one_step_takes_long_and_before_any_total_is_known() -> None:
    now, told = [0.0], list[str]()
    lines = ProgressLines("loading", told.append, clock=lambda: now[0])
    for second in range(101):
        now[0] = second
        lines.tick()
    assert told == [f"loading: {in_words(at)} so far" for at in (20, 40, 60, 80, 100)]


def test_work_that_was_there_already_does_not_shorten_the_rest() -> None:
    now, told = [0.0], list[str]()
    lines = ProgressLines("sweep", told.append, clock=lambda: now[0])
    lines.show(900, 1000)
    now[0] = 60.0
    lines.show(950, 1000)
    assert told == ["sweep: 95 % done, about 60 s left"]


def test_no_step_yet_says_how_long_it_runs() -> None:
    now, told = [0.0], list[str]()
    lines = ProgressLines("sweep", told.append, clock=lambda: now[0])
    lines.show(0, 0)
    now[0] = 25.0
    lines.show(0, 10)
    assert told == ["sweep: 0 % done, 25 s so far"]
