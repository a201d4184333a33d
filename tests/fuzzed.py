"""The kinds of files that reprlab reads, a good one of each made by the tool itself, and what reads them."""

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import yaml
from examples import network, texts
from safetensors.numpy import save_file

import reprlab as rl
from reprlab.benchmarks.glue.rows import RowSample, from_folder
from reprlab.benchmarks.glue.table import TASKS
from reprlab.benchmarks.opened import open_task
from reprlab.captures.capture import open_capture
from reprlab.captures.layout import checksum
from reprlab.errors import ReprlabError
from reprlab.models.weights import Weights, check_safetensors
from reprlab.reports.analyses import analysis
from reprlab.reports.write import draw, told
from reprlab.sweeps.answers import damage, open_answers

REPORT = Path(__file__).parents[1] / "reports" / "smollm2-135m"
SLOW = 20.0  # seconds that a reader may take, at most, where the machine is busy

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Kind:
    """A kind of file: where a good one lies, how it is changed, and what reads it."""

    name: str
    file: Path
    change: Mutate
    read: Callable[[], object]
    share: int = 10  # of mutations, among all kinds


def _read_capture(folder: Path) -> None:
    found = open_capture(folder)
    if found.documents:
        _ = found.norms, found.states(), found.tokens, found.nonfinite_words, str(found.provenance)


def _read_scores(path: Path) -> None:
    found = rl.Scores.load(path)
    found.to_dataframe()
    found.normalised(next(iter(found.benchmarks.values())).default if found.benchmarks else "u")


def _read_answers(path: Path) -> None:
    damage(path)
    with open_answers(path) as file:
        file.counts()
        file.get(["0:6", "0:2 3:6"], [0, 1], "values")
        file.curves()


def _read_words(result: Any) -> None:
    _ = result.summary, result.caption, result.to_dict(), result.to_dataframe()


def _results(home: Path, capture: Any) -> Iterator[Kind]:
    net = network("tiny-llama")
    similar = rl.cosine(capture)
    similar.save(home / "similarity.json")
    cut = rl.group(similar)
    cut.save(home / "groups.json")
    rl.lens(net, texts(3), max_tokens=8).save(home / "lens.json")
    skip = rl.capture(net, texts(3), schedule="0:2 3:6", cache=home / "cache", max_tokens=8)
    rl.drift(capture, {"skip": skip}, start=1).save(home / "drift.json")
    rl.family([cut]).save(home / "family.json")
    for name in ("Similarity", "Groups", "Lens", "Drift", "Family"):
        path, kind = home / f"{name.lower()}.json", getattr(rl, name)
        yield Kind(path.name, path, mutations.in_json, lambda k=kind, p=path: _read_words(k.load(p)))


def _captured(home: Path) -> Iterator[Kind]:
    capture = rl.capture(network("tiny-llama"), texts(3), cache=home / "cache", max_tokens=8)
    yield from _results(home, capture)
    folder, shard = capture.folder, capture.folder / "shards" / capture.rows[0].shard
    ledger = (folder / "ledger.jsonl").read_text()

    def read_shard() -> None:
        """The shard under a ledger that has its checksum, so that what it holds is read."""
        row = json.loads(ledger)
        (folder / "ledger.jsonl").write_text(json.dumps({**row, "checksum": checksum(shard)}) + "\n")
        try:
            _read_capture(folder)
        finally:
            (folder / "ledger.jsonl").write_text(ledger)

    def change_shard(data: bytes, chance: random.Random) -> bytes:
        scratch = home / "scratch.h5"
        scratch.write_bytes(data)
        mutations.in_shard(scratch, chance)
        return scratch.read_bytes()

    read = lambda: _read_capture(folder)  # noqa: E731
    yield Kind("manifest", folder / "manifest.json", mutations.in_json, read)
    yield Kind("ledger", folder / "ledger.jsonl", mutations.in_jsonl, read)
    yield Kind("shard", shard, mutations.in_bytes, read, 3)
    yield Kind("shard's data", shard, change_shard, read_shard)


def _scored(home: Path) -> Iterator[Kind]:
    options: dict[str, Any] = {"limit": 4, "cache": home / "cache"}
    rl.sweep(network("tiny-llama"), ["0:2 3:6"], ["builtin_pronoun"], **options).save(home / "scores.npz")
    (answers,) = (home / "cache").glob("*/*/*.sqlite")
    yield Kind("scores", home / "scores.npz", mutations.in_npz, lambda: _read_scores(home / "scores.npz"), 20)
    yield Kind("answers", answers, mutations.in_bytes, lambda: _read_answers(answers))


def _made_elsewhere(home: Path) -> Iterator[Kind]:
    states = {f"layer{i}": np.ones((6, 3), np.float32) for i in range(3)}
    np.savez(home / "own.npz", offsets=np.array([0, 2, 6]), **states)
    save_file(states, home / "own.safetensors")
    for name, change in (("npz", mutations.in_npz), ("safetensors", mutations.in_safetensors)):
        path = home / f"own.{name}"
        yield Kind(path.name, path, change, lambda p=path: rl.activations(p).norms)
    weights = home / "weights"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    save_file(states, weights / "model.safetensors")
    heads = Weights("w", "", weights)
    yield Kind(
        "weights' heads", weights / "model.safetensors", mutations.in_safetensors, lambda: heads.digest
    )
    index = home / "indexed" / "model.safetensors.index.json"
    index.parent.mkdir()
    shutil.copy(weights / "model.safetensors", index.parent)
    index.write_text(json.dumps({"weight_map": dict.fromkeys(states, "model.safetensors")}))
    yield Kind("index", index, mutations.in_json, lambda: check_safetensors(index.parent), 5)


def _texts(home: Path) -> Iterator[Kind]:
    rows = "".join(json.dumps({"text": f"text {i}", "more": [i, {}]}) + "\n" for i in range(4))
    (home / "rows.jsonl").write_text(rows)
    (home / "text.txt").write_text(f"{'word ' * 14}\n\n{'more ' * 14}\n")
    for name, change in (("rows.jsonl", mutations.in_jsonl), ("text.txt", mutations.in_bytes)):
        yield Kind(name, home / name, change, lambda p=home / name: rl.corpus(p), 5)
    glue = home / "glue" / "rte" / "train.jsonl"
    glue.parent.mkdir(parents=True)
    pairs = [{"sentence1": f"a {i}", "sentence2": "b", "label": i % 2} for i in range(6)]
    glue.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    shutil.copy(glue, glue.with_name("validation.jsonl"))
    yield Kind("glue", glue, mutations.in_jsonl, lambda: from_folder(TASKS["rte"], home, RowSample()), 5)


TASK = {
    "task": "mine",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "choices.jsonl"}},
    "test_split": "test",
    "output_type": "multiple_choice",
    "doc_to_text": "{{q}} {% for c in c %}{{c}} {% endfor %}",
    "doc_to_target": "{{a}}",
    "doc_to_choice": "{{c}}",
    "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    "filter_list": [{"name": "none", "filter": [{"function": "take_first"}]}],
    "metadata": {"version": 1.0, "class": "semantic"},
}


def _tasks(home: Path) -> Iterator[Kind]:
    path = home / "task.yaml"
    rows = [{"q": f"q {i}", "a": i % 2, "c": ["yes", "no"]} for i in range(3)]
    (home / "choices.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path.write_text(yaml.safe_dump(TASK))

    def change(data: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.3:
            return mutations.in_bytes(data, chance)
        with suppress(yaml.YAMLError, ValueError):
            return yaml.safe_dump(mutations.in_value(TASK, chance)).encode()
        return data

    yield Kind("task", path, change, lambda: open_task(str(path)).digest, 1)


def _reported(home: Path) -> Iterator[Kind]:
    report = home / "report"
    shutil.copytree(REPORT, report)
    for name in ("run", "verdicts"):
        yield Kind(f"{name}.json", report / f"{name}.json", mutations.in_json, lambda: told(report), 5)
    figure = report / "block_influence.json"
    yield Kind("figure", figure, mutations.in_json, lambda: draw(report, analysis("block_influence")), 1)


def kinds(home: Path) -> list[Kind]:
    """Every kind of file, a good one of each below `home`; each can be read."""
    makers = (_captured, _scored, _made_elsewhere, _texts, _tasks, _reported)
    made = [kind for maker in makers for kind in maker(home)]
    for kind in made:
        kind.read()
    return made


def attack(home: Path, count: int, seed: int) -> list[str]:
    """Read `count` mutated files, each kind its share; what fell: other errors, and what takes too long."""
    fallen: dict[str, str] = {}
    every = kinds(home)
    whole = sum(kind.share for kind in every)
    for kind in every:
        good = kind.file.read_bytes()
        for number in range(max(1, count * kind.share // whole)):
            label = f"{seed}:{kind.name}:{number}"
            kind.file.write_bytes(kind.change(good, random.Random(label)))
            if fault := _fault(kind.read):
                fallen.setdefault(f"{kind.name}: {fault}", label)
        kind.file.write_bytes(good)
    return [f"{fault} (mutation {label})" for fault, label in fallen.items()]


def _fault(read: Callable[[], object]) -> str:
    began = time.process_time()
    try:
        read()
    except ReprlabError as error:
        error.__traceback__ = None
    except Exception as error:  # what must not be
        last = error.__traceback__
        while last and last.tb_next:
            last = last.tb_next
        where = f"{Path(last.tb_frame.f_code.co_filename).name}:{last.tb_lineno}" if last else ""
        return f"{type(error).__name__} at {where}: {' '.join(str(error).split())[:120]}"
    seconds = time.process_time() - began
    return f"took {seconds:.0f} s" if seconds > SLOW else ""
