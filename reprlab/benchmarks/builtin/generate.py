"""Writes the JSONL files of the built-in tasks from the tables beside it; the same bytes every time.

`python -m reprlab.benchmarks.builtin.generate` writes them beside this file.
"""

import json
from collections.abc import Callable
from pathlib import Path

from reprlab.benchmarks.builtin import arithmetic, cloze, commonsense, pronoun, science
from reprlab.benchmarks.builtin.rows import BuiltinRow
from reprlab.files import write_whole

TASKS: dict[str, Callable[[], list[BuiltinRow]]] = {
    "builtin_cloze": cloze.rows,
    "builtin_science": science.rows,
    "builtin_commonsense": commonsense.rows,
    "builtin_pronoun": pronoun.rows,
    "builtin_arithmetic_1": arithmetic.one_step,
    "builtin_arithmetic_2": arithmetic.two_steps,
}


def jsonl(task: str) -> str:
    """The rows of a task as they are committed: one JSON object a line, ASCII only."""
    return "".join(json.dumps(row) + "\n" for row in TASKS[task]())


def write(folder: Path = Path(__file__).parent) -> None:
    """Every task's rows as `<task>.jsonl` in `folder`."""
    for task in TASKS:
        write_whole(folder / f"{task}.jsonl", jsonl(task))


if __name__ == "__main__":
    write()
