"""Long work where standard error is no terminal: lines of progress, said by a thread of their own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Event, Thread

from reprlab.progress import Progress, ProgressLines, Say

POLL = 5.0  # seconds after which a line that is due is said, also while one step takes long


@contextmanager
def progress_lines(label: str, say: Say, poll: float | None = None) -> Generator[Progress]:
    """A progress that says a line now and then until the block ends."""
    lines, stop = ProgressLines(label, say), Event()
    thread = Thread(target=_said, args=(lines, stop, poll or POLL), daemon=True)
    thread.start()
    try:
        yield lines.show
    finally:
        stop.set()
        thread.join()


def _said(lines: ProgressLines, stop: Event, poll: float) -> None:
    while not stop.wait(poll):
        lines.tick()
