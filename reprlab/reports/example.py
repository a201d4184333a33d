"""The example of fig. 16: one question of arithmetic, answered by the full and by the parallel model."""

from __future__ import annotations

from pathlib import Path

from reprlab.benchmarks.by_name import open_benchmarks, prepare
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.schedules.schedule import Schedule
from reprlab.sweeps.batch import generate
from reprlab.verdicts.evidence import Example

TOKENS = 160  # of an answer, at most
_ENDS = ("\nQuestion", "\n\n")


def example(network: Network, data_dir: Path | None, kind: str = "", *, sample: int | None = None) -> Example:
    """The sample's first question of GSM8K, five others answered before it; without its rows, ours."""
    layers = network.n_layers
    start = min(round(14 * layers / 32), max((layers - 4) // 2, 0))
    schedule = Schedule.paper("parallel", layers=layers, start=start)
    name, asked, right, tokens = _question(network, data_dir, kind, sample)
    full, other = (
        generate(network, [tokens], s, until=_ENDS, max_new_tokens=TOKENS, options={})[0].strip()
        for s in (network.full(), schedule)
    )
    return Example(name, asked, right, full, str(schedule), other)


def _question(
    network: Network, data_dir: Path | None, kind: str, sample: int | None
) -> tuple[str, str, str, list[int]]:
    """A benchmark's name, the question, the right answer, and the prompt as tokens."""
    there = data_dir is not None and (data_dir / "gsm8k" / "test.jsonl").is_file()
    name = "gsm8k" if kind == "gsm8k" or (there and not kind) else ""
    (opened,) = open_benchmarks(
        [name or "builtin_arithmetic_1"], data_dir=data_dir if name else None, sample=sample
    )
    row = opened.docs[0]
    asked = str(opened.task.doc_to_text(row))
    if not name:
        choices = opened.task.doc_to_choice(row)
        right = str(choices[int(opened.task.doc_to_target(row))])
        return opened.name, asked, right, network.tokenizer.encode(asked, add_special_tokens=False)
    ready = prepare(
        opened,
        network.tokenizer,
        limit=1,
        max_length=network.positions,
        vocabulary=network.vocabulary,
        max_new_tokens=TOKENS,
    )
    prompt = ready.documents[0].prompt
    if prompt is None:
        raise ReprlabError(f"'{opened.name}' generates no answers")
    return opened.name, asked, str(opened.task.doc_to_target(row)), list(prompt.tokens)
