"""Fig. 16. One question of arithmetic, answered by the full model and by the parallel model.

Caption: One question, what the full model writes and what the parallel model writes, from the start
nearest 14/32 of the layers. An answer counts as right where its number is the right one: in GSM8K that
behind the first ####, else its last; elsewhere its first.

Claim: The parallel model sets the calculation up rightly and makes arithmetic mistakes.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import reprlab as rl
from reprlab import figures

NEEDS = ("example",)
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
        given = _number(text, worked) if wanted else None
        alike = given is not None and wanted is not None and float(given) == float(wanted)
        right = text.strip().lower().startswith(example.right.strip().lower()) if wanted is None else alike
        rows.append({"by": by, "schedule": schedule, "answer": text, "number": given, "right": right})
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        **asdict(example),
        "number": wanted,
        "rows": rows,
    }


def _number(text: str, worked: bool) -> str | None:
    """A text's answer: the number behind ####, else the last of a worked solution, else the first."""
    _, mark, behind = text.partition("####")
    found = _NUMBER.findall(behind if mark else text)
    return found[-1 if worked and not mark else 0].replace(",", "") if found else None


def _verdict(row: dict[str, Any]) -> str:
    said = f"'{row['answer'].strip()[:20]}'" if row["number"] is None else row["number"]
    return f"{said} ({'right' if row['right'] else 'wrong'})"


def reading(numbers: dict[str, Any]) -> str:
    full, parallel = numbers["rows"]
    right = numbers["right"] if numbers["number"] is None else numbers["number"]
    return (
        f"One question of {numbers['benchmark']}, whose answer is {right}: {numbers['model']} answers "
        f"{_verdict(full)}, under {numbers['schedule']} {_verdict(parallel)}; one example shows no rate."
    )


def draw(numbers: dict[str, Any]) -> Any:
    headings = {"full model": "full model", "parallel": f"parallel: {numbers['schedule']}"}
    return figures.answers(
        figures.Told(
            f"{numbers['benchmark']}, right answer: {numbers['number'] or numbers['right']}",
            numbers["prompt"],
        ),
        [figures.Told(headings[row["by"]], row["answer"], row["right"]) for row in numbers["rows"]],
        title=f"{numbers['model']}: one question of arithmetic",
    )
