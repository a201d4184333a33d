"""Lines of progress from a thread of their own, also while the work itself says nothing."""

import time

import pytest

from reprlab import progress
from reprlab.cli import terminal
from reprlab.cli.piped import progress_lines


def test_a_step_that_takes_long_is_told_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.02)
    told: list[str] = []
    with progress_lines("capture", told.append, poll=0.01) as show:
        show(1, 4)
        time.sleep(0.2)  # a batch that takes its time
    count = len(told)
    time.sleep(0.05)
    assert count >= 2
    assert len(told) == count
    assert all(line.startswith("capture: 25 % done") for line in told)


@pytest.mark.parametrize("shown", [terminal.bar, terminal.working])
def test_the_command_lines_bars_become_lines_in_a_pipe(
    shown: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    monkeypatch.setattr("reprlab.cli.piped.POLL", 0.01)
    told: list[str] = []
    monkeypatch.setattr(terminal, "say", told.append)
    with shown("work"):  # pyright: ignore[reportCallIssue]
        time.sleep(0.1)
    assert "work: 0 s so far" in told
