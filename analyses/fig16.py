"""Fig. 16. One question of arithmetic, answered by the full model and by the parallel model.

Caption: Where GSM8K's solutions were scored, the continuous score u that parallel loses, against M, the
number of layers in parallel. One line is for the results after each "=", one for the words of the set-up.
Bands are 95 % intervals, paired over solutions. Else the first question of a benchmark, and the answers of
the full model and of the parallel model from the start nearest 14/32 of the layers. An answer counts as right
where its number is the right one. In GSM8K that is the number after the first ####, else the last; elsewhere
it is the first. A question without a set-up does not test the claim.

Claim: The parallel model sets the calculation up rightly and makes arithmetic mistakes.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("example",)
USES = ("scores",)
NOTES = (
    "The question is the benchmark's first. Answers are judged by their number, else by their first words. "
    "One example shows no rate."
)
_WORDS = curves.STATED["fig16"].words
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
    lost = curves.tokens_lost(evidence.scores, "parallel") if evidence.scores else []
    about = {"model": evidence.model, "layers": evidence.layers, **asdict(example), "number": wanted}
    return {**about, "set_up": worked, "answers": rows, "rows": lost or rows, "scored": bool(lost)}


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
    if numbers.get("scored"):
        return _likelihood(numbers)
    full, parallel = numbers.get("answers", numbers["rows"])
    right = numbers["right"] if numbers["number"] is None else numbers["number"]
    return (
        f"To one question of {numbers['benchmark']} (right answer: {right}), {numbers['model']} answers "
        f"{_verdict(full)}, and {_verdict(parallel)} with parallel layers ({numbers['schedule']}). "
        f"One example shows no rate. {curves.beside_paper('fig16', _tested(numbers))}"
    )


def _tested(numbers: dict[str, Any]) -> str:
    """Whether the question has a set-up, without which the claim is not tested."""
    if not numbers.get("set_up"):
        return "the question has no set-up, so this tests nothing"
    return "see the answers of one question"


def _likelihood(numbers: dict[str, Any]) -> str:
    """The loss on results and on the set-up at the M nearest T/6, and their difference."""
    near = min(numbers["rows"], key=lambda row: abs(row["middle"] - numbers["layers"] / 6))["middle"]
    rows = {row["part"]: row for row in numbers["rows"] if row["middle"] == near}
    results, setup = (curves.number(rows[part], "value", digits=3) for part in ("results", "set-up"))
    apart = rows["results minus set-up"]
    more = curves.change(apart, digits=3)
    return (
        f"With {near} layers in parallel, {numbers['model']} loses {results} of u on the results of "
        f"{apart['benchmark']} and {setup} on set-up words. "
        f"{curves.beside_paper('fig16', f'{more} is lost on results')}"
    )


def draw(numbers: dict[str, Any]) -> Any:
    """The loss on results and set-up words by M; without scores the question and both answers, in boxes."""
    if numbers.get("scored"):
        return _by_part(numbers)
    headings = {"full model": "full model", "parallel": f"parallel: {numbers['schedule']}"}
    return figures.answers(
        figures.Passage(
            f"{numbers['benchmark']}, right answer: {numbers['number'] or numbers['right']}",
            numbers["prompt"],
        ),
        [
            figures.Passage(headings[row["by"]], row["answer"], row["right"])
            for row in numbers.get("answers", numbers["rows"])
        ],
        title=f"{numbers['model']}: one question of arithmetic",
        foot=NOTES if numbers.get("set_up") else f"{NOTES} The question has no set-up: this tests nothing.",
    )


LOOKS = {
    "results": figures.Look("#d55e00", "o", (0, (5, 1.5))),
    "set-up": figures.Look("#0072b2", "s"),
}


def _by_part(numbers: dict[str, Any]) -> Any:
    """Both losses by M, few to the left, and their difference."""
    title = f"{numbers['model']}: parallel, results against set-up words"
    with figures.sheet(1, 2, height=2.5, title=title, widths=(1.2, 1)) as (both, apart):
        lines = figures.lines_by(numbers["rows"], "part")
        figures.curves(both, {part: lines[part] for part in LOOKS}, x="middle", value="value", looks=LOOKS)
        name = "results minus set-up"
        black = {name: figures.Look("0.15", "D")}
        figures.curves(apart, {name: lines[name]}, x="middle", value="value", looks=black)
        both.set(ylabel="u lost", title=numbers["rows"][0]["benchmark"])
        apart.set(ylabel="difference of losses", title="results minus set-up")
        for ax in (both, apart):
            ax.axhline(0, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
            ax.set_xlabel("layers in parallel, $M$")
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend([both])
        figures.foot(
            both.figure,
            "u lost: the full model's u minus that with parallel layers, on tokens after '=' (results) and "
            f"on other words (set-up). Bands: 95 % intervals, paired over solutions. Paper: {_WORDS}.",
        )
    return both.figure
