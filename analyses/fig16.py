"""Fig. 16. One question of arithmetic, answered by the full model and by the parallel model.

Caption: The first question of a benchmark, and the answers of the full model and of the parallel model from
the start nearest 14/32 of the layers. An answer counts as right where its number is the right one. In GSM8K
that is the number after the first ####, else the last; elsewhere it is the first.

Claim: The parallel model sets the calculation up rightly and makes arithmetic mistakes.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import reprlab as rl
from reprlab import figures

NEEDS = ("example",)
NOTES = (
    "The question is the benchmark's first. Answers are judged by their number, else by their first words. "
    "One example shows no rate."
)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    example = evidence.example
    assert example is not None  # NEEDS has it
    worked = "####" in example.right  # a solution whose steps have numbers, too
    written = (("full model", str(rl.Schedule.full(evidence.layers)), example.full),)
    written += (("parallel", example.schedule, example.answer),)
    wanted = _number(example.right, worked)
    rows: list[dict[str, Any]] = []
    for by, schedule, text in written:
        number = _number(text, worked) if wanted else None
        alike = number is not None and wanted is not None and float(number) == float(wanted)
        right = text.strip().lower().startswith(example.right.strip().lower()) if wanted is None else alike
        rows.append({"by": by, "schedule": schedule, "answer": text, "number": number, "right": right})
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        **asdict(example),
        "number": wanted,
        "rows": rows,
    }


def _number(text: str, worked: bool) -> str | None:
    """A text's answer: the number after ####, else the last of a worked solution, else the first."""
    _, mark, after = text.partition("####")
    numbers = _NUMBER.findall(after if mark else text)
    return numbers[-1 if worked and not mark else 0].replace(",", "") if numbers else None


def _verdict(row: dict[str, Any]) -> str:
    """An answer, and whether it is right."""
    answer = f"'{row['answer'].strip()[:20]}'" if row["number"] is None else row["number"]
    return f"{answer} ({'right' if row['right'] else 'wrong'})"


def reading(numbers: dict[str, Any]) -> str:
    """Both answers, and whether they are right."""
    full, parallel = numbers["rows"]
    right = numbers["right"] if numbers["number"] is None else numbers["number"]
    return (
        f"To one question of {numbers['benchmark']} (right answer: {right}), {numbers['model']} answers "
        f"{_verdict(full)}, and {_verdict(parallel)} with parallel layers ({numbers['schedule']}). "
        "One example shows no rate."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """The question and both answers, as texts in boxes."""
    headings = {"full model": "full model", "parallel": f"parallel: {numbers['schedule']}"}
    return figures.answers(
        figures.Passage(
            f"{numbers['benchmark']}, right answer: {numbers['number'] or numbers['right']}",
            numbers["prompt"],
        ),
        [figures.Passage(headings[row["by"]], row["answer"], row["right"]) for row in numbers["rows"]],
        title=f"{numbers['model']}: one question of arithmetic",
        foot=NOTES,
    )
