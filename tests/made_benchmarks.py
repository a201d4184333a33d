"""Benchmarks made up for tests: rows in the official fields, lm-eval's tasks on them, and made-up answers."""

import copy
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from examples import network
from lm_eval.tasks import TaskManager
from tokenizers.processors import TemplateProcessing

from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.by_name import open_benchmarks, prepare
from reprlab.benchmarks.opened import TASKS, Opened
from reprlab.benchmarks.table import BENCHMARKS

Row = dict[str, Any]
Own = Callable[..., str]
OFFICIAL = ["lambada", "arc", "hellaswag", "winogrande", "gsm8k"]
PRESETS = ["paper", "leaderboard"]
EXAMPLES = 30  # training rows: more than ARC's 25
FRUITS = ("plums", "figs", "pears", "limes")

LAMBADA = [
    "Mira had lost the key to the shed. Before noon her brother came back and held up the key",
    "It rained. " * 60 + "When it stopped, the whole street smelled of rain",  # over the tiny model's 512
    "<bos>The baker opened early, and by nine nobody could smell anything but bread",
    " alone",
]
WINDOWS = [
    ("The lamp fell off the shelf because _ was too narrow.", "lamp", "shelf", "2"),
    ("The lamp fell off the shelf because _ was too wide.", "lamp", "shelf", "1"),
    ("Uma paid Olga since _ had repaired the roof.", "Olga", "Uma", "1"),
    ("Uma paid Olga after _ had seen the repaired roof.", "Uma", "Olga", "1"),
]


def arc(n: int) -> Row:
    texts = [f"{n + k} {FRUITS[k]}" for k in range(3 + n % 2)]
    labels = "1234" if n % 3 else "ABCD"
    return {
        "id": f"Own_{n}",
        "question": f"A basket holds {n} plums and a cook adds {FRUITS[n % 3]}. What is in it most of all?",
        "choices": {"text": texts, "label": list(labels[: len(texts)])},
        "answerKey": labels[n % 3],
    }


def hellaswag(n: int) -> Row:
    extra = (
        "[header] How to dry figs [title] Wash them. [step] Use  cold water." if n % 2 else "A cook waits."
    )
    return {
        "ind": n,
        "activity_label": f"Drying fruit {n}",
        "ctx_a": extra,
        "ctx_b": "the cook",
        "endings": [
            f"puts {n} figs on a rack.",
            "[substeps] sings to the oven.",
            "eats.",
            "paints the  rack.",
        ],
        "label": str(n % 4),
    }


def winogrande(n: int) -> Row:
    sentence, one, other, answer = WINDOWS[n % 4]
    named = sentence.replace("the", f"the {n}th", 1) if n > 3 else sentence
    return {"sentence": named, "option1": one, "option2": other, "answer": answer}


def gsm8k(n: int) -> Row:
    return {
        "question": f"Lea picks {n} figs and {n + 2} plums. She eats 2. How many are left?",
        "answer": f"She picks {n} + {n + 2} = <<{n}+{n + 2}={2 * n + 2}>>{2 * n + 2} pieces of fruit.\n"
        f"Then {2 * n + 2} - 2 = <<{2 * n + 2}-2={2 * n}>>{2 * n} are left.\n#### {2 * n}",
    }


ROWS: dict[str, Callable[[int], Row]] = {
    "lambada": lambda n: {"text": LAMBADA[n]},
    "arc": arc,
    "hellaswag": hellaswag,
    "winogrande": winogrande,
    "gsm8k": gsm8k,
}


def write(path: Path, rows: Sequence[Row | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def made_rows(folder: Path) -> Path:
    """Our own rows in the official fields, laid out as --data-dir wants them."""
    for name, row in ROWS.items():
        for split, file in BENCHMARKS[name].files.items():
            some = range(4, 4 + EXAMPLES) if split == "train" else range(4)
            write(folder / file, [row(n) for n in some])
    return folder


def lm_evals_tasks(folder: Path, place: Path) -> Callable[[str, int], Any]:
    """lm-eval's own task on the same rows, by way of its own task manager."""

    def load(name: str, shots: int) -> Any:
        named = BENCHMARKS[name]
        files = {split: str(folder / file) for split, file in named.files.items()}
        text = {
            "include": str(TASKS / named.file),
            "task": named.task,
            "dataset_path": "json",
            "dataset_name": None,
            "dataset_kwargs": {"data_files": files, "cache_dir": str(place / "cache")},
            "num_fewshot": shots,
        }
        path = place / f"{name}_{shots}.yaml"
        path.write_text(yaml.safe_dump(text))
        task = TaskManager(include_defaults=False).load([str(path)])["tasks"][named.task]
        task.set_fewshot_seed(1234)
        task.build_all_requests()
        return task

    return load


def opened(name: str, folder: Path | None = None, preset: str = "paper") -> Opened:
    return open_benchmarks([name], data_dir=folder, preset=preset)[0]


def ready(one: Opened, limit: int = 99, tokenizer: Any = None) -> Benchmark:
    net = network("tiny-llama")
    sizes = {"max_length": net.positions, "vocabulary": net.vocabulary, "max_new_tokens": 256}
    return prepare(one, tokenizer or net.tokenizer, limit=limit, **sizes)


def instances(benchmark: Benchmark) -> list[Any]:
    return [instance for group in benchmark.groups for instance in group]


def plain() -> Any:
    return network("tiny-llama").tokenizer


def adding_bos() -> Any:
    """The same tokenizer, putting its first token before every text."""
    made = copy.deepcopy(plain())
    made.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", made.bos_token_id)]
    )
    assert made.encode("a")[0] == made.bos_token_id
    return made


def answer(arguments: tuple[Any, ...]) -> Any:
    """A made-up answer that follows from the request alone."""
    chance = random.Random(repr(arguments))
    if isinstance(arguments[1], str):
        return -chance.expovariate(0.05), chance.random() < 0.4
    said = str(chance.randrange(20))
    return chance.choice([f"She has {said} left.\n#### {said}", f"It is ${said}.", "####", f"#### {said},0"])


def answered(benchmark: Benchmark) -> list[list[Any]]:
    if benchmark.opened.output == "solution":
        return [[(-float(len(request.scored)), False) for request in d.requests] for d in benchmark.documents]
    return [[answer(instance.args) for instance in group] for group in benchmark.groups]


def items(benchmark: Benchmark, values: Any, name: str) -> Any:
    """One column's numbers: (document, size)."""
    first = 0
    for column in benchmark.columns:
        if column.name == name:
            return values[:, first : first + column.size]
        first += column.size
    raise KeyError(name)
