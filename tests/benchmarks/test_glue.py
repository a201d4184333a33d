"""GLUE: rows come back as they were written, numbers are counted, and every wrong row is named."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets.arrow_writer import ArrowWriter
from datasets.exceptions import DatasetGenerationError
from hypothesis import given
from hypothesis import strategies as st

from reprlab.benchmarks.glue.opened import open_glue
from reprlab.benchmarks.glue.rows import Glue, Split
from reprlab.benchmarks.glue.table import TASKS, GlueTask
from reprlab.captures.corpora import corpus
from reprlab.captures.corpus_table import SOURCES
from reprlab.errors import ReprlabError

Row = Mapping[str, Any]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
by_name = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def row(task: GlueTask, texts: tuple[str, ...], label: object) -> dict[str, Any]:
    return dict(zip(task.fields, texts, strict=True)) | {"label": label}


def some(task: GlueTask, count: int = 4) -> list[dict[str, Any]]:
    """Rows that differ, with labels that take turns."""
    texts = [tuple(f"{field} {i}" for field in task.fields) for i in range(count)]
    return [row(task, text, i % 2) for i, text in enumerate(texts)]


def write(file: Path, rows: list[Any], *, ascii: bool = True) -> Path:
    """Rows as lines; a text is a line of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=ascii) for line in rows]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def put(folder: Path, task: GlueTask, train: list[Any] | None = None, validation: Any = None) -> Path:
    """A task's two files below a folder, its own rows where none are given; the train file."""
    write(folder / "glue" / task.name / "validation.jsonl", validation or some(task))
    return write(folder / "glue" / task.name / "train.jsonl", train or some(task))


def refused(*names: str, **options: Any) -> str:
    with pytest.raises(ReprlabError) as error:
        open_glue(names, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- the table -----------------------------------------------------------------------------------


def test_the_tasks_are_the_papers_seven_under_their_own_names() -> None:
    assert list(TASKS) == ["cola", "sst2", "mrpc", "stsb", "qnli", "rte", "wnli"]
    assert all(task.name == name == task.title.lower().replace("-", "") for name, task in TASKS.items())
    assert [task.name for task in TASKS.values() if task.regression] == ["stsb"]
    assert all(len(task.labels) == 2 for task in TASKS.values() if not task.regression)


@by_name
def test_columns_are_those_that_the_corpora_read(task: GlueTask) -> None:
    texts = tuple(f"text of {field}" for field in task.fields)
    assert SOURCES[f"glue-{task.name}"].text(row(task, texts, 0)) == "\n".join(texts)


@by_name
def test_metrics_and_label_order_are_lm_evals(task: GlueTask) -> None:
    if task.regression:
        assert task.metrics == ("pearson", "spearman")
        return
    from lm_eval import tasks
    from lm_eval.tasks._yaml_loader import load_yaml

    theirs = load_yaml(Path(tasks.__file__).parent / "glue" / task.name / "default.yaml")
    words = {"no": 0, "False": 0, "negative": 0, "yes": 1, "True": 1, "positive": 1}
    good = ("acceptable", "equivalent", "entailment", "positive")
    assert task.metrics == tuple(one["metric"] for one in theirs["metric_list"])
    assert [words[word] for word in theirs["doc_to_choice"]] == [int(label in good) for label in task.labels]


# --- what is read --------------------------------------------------------------------------------

text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)


@st.composite
def splits(draw: st.DrawFn, task: GlueTask) -> Split:
    """Any rows of a task, with two labels among them."""
    texts = st.tuples(*(text for _ in task.fields))
    label = st.floats(0, 5) if task.regression else st.integers(0, len(task.labels) - 1)
    rows = draw(st.lists(st.tuples(texts, label), min_size=1, max_size=5))
    rows += [(draw(texts), one) for one in ((0.5, 5.0) if task.regression else (0, 1))]
    found = draw(st.permutations(rows))
    return Split(tuple(texts for texts, _ in found), tuple(label for _, label in found))


@given(st.data(), st.sampled_from(list(TASKS.values())), st.booleans())
def test_rows_come_back_from_their_files(data: st.DataObject, task: GlueTask, ascii: bool) -> None:
    train, validation = data.draw(splits(task)), data.draw(splits(task))
    with tempfile.TemporaryDirectory() as folder:
        for name, split in (("train", train), ("validation", validation)):
            rows = [row(task, *one) for one in zip(split.texts, split.labels, strict=True)]
            write(Path(folder) / "glue" / task.name / f"{name}.jsonl", rows, ascii=ascii)
        (found,) = open_glue([task.name], data_dir=folder)
    assert found == Glue(task, train, validation, f"glue/{task.name} of --data-dir")
    assert found.digest == Glue(task, train, validation, "elsewhere").digest
    assert {type(label) for label in found.train.labels} == {float if task.regression else int}


@given(st.data(), st.sampled_from(list(TASKS.values())))
def test_the_digest_follows_every_text_and_label_of_both_splits(data: st.DataObject, task: GlueTask) -> None:
    glue = Glue(task, data.draw(splits(task)), data.draw(splits(task)), "given")
    side = data.draw(st.sampled_from(["train", "validation"]))
    split: Split = getattr(glue, side)
    at, column = data.draw(st.integers(0, len(split) - 1)), data.draw(st.integers(0, len(task.fields) - 1))
    texts, labels = list(split.texts), list(split.labels)
    texts[at] = tuple(f"{one}." if i == column else one for i, one in enumerate(texts[at]))
    labels[at] = 1.25 if labels[at] != 1.25 and task.regression else 1 - labels[at]
    other_texts, other_label = replace(split, texts=tuple(texts)), replace(split, labels=tuple(labels))
    shorter = Split(split.texts[:-1], split.labels[:-1])
    digests = {replace(glue, **{side: one}).digest for one in (split, other_texts, other_label, shorter)}
    assert len(digests) == 4
    assert all(len(digest) == 32 and int(digest, 16) >= 0 for digest in digests)


def test_the_digest_tells_tasks_texts_borders_and_splits_apart() -> None:
    a, b = Split((("x", "yz"),), (1,)), Split((("xy", "z"),), (1,))
    rte, wnli, mrpc = (TASKS[name] for name in ("rte", "wnli", "mrpc"))
    made = [(rte, a, b), (rte, b, a), (rte, a, a), (rte, b, b), (wnli, a, b), (mrpc, a, b)]
    made += [(replace(rte, name="twin"), a, b)]
    assert len({Glue(*one, "given").digest for one in made}) == len(made)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.data())
def test_rows_share_a_unit_when_their_first_text_is_the_same(firsts: list[str], data: st.DataObject) -> None:
    seconds = data.draw(st.lists(text, min_size=len(firsts), max_size=len(firsts)))
    rows = Split(tuple(zip(firsts, seconds, strict=True)), (0,) * len(firsts))
    units = Glue(TASKS["wnli"], rows, rows, "given").units
    assert all(
        (units[i] == units[j]) == (firsts[i] == firsts[j]) for i in range(len(firsts)) for j in range(i)
    )
    assert units == tuple(hashlib.sha256(first.encode()).hexdigest()[:16] for first in firsts)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=20), st.sampled_from([2, 3]))
def test_the_floor_is_a_naive_count(labels: list[int], classes: int) -> None:
    labels = [min(label, classes - 1) for label in labels]
    task = replace(TASKS["rte"], labels=("a", "b", "c")[:classes])
    train = Split((("x", "y"),) * 2, (0, 1))
    glue = Glue(task, train, Split((("x", "y"),) * len(labels), tuple(labels)), "given")
    largest = max(labels.count(label) for label in range(classes)) / len(labels)
    assert glue.floor == max(largest, 1 / classes)


def test_a_regression_has_no_floor() -> None:
    rows = Split((("x", "y"),) * 3, (1.0, 1.0, 2.0))
    assert Glue(TASKS["stsb"], rows, rows, "given").floor == 0.0


@pytest.mark.parametrize("texts", [(), (("x", "y"),)], ids=len)
def test_a_split_has_rows_and_one_label_a_row(texts: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(
        ReprlabError, match=r"a split has \d rows? of texts and 0 labels: give one label a row"
    ):
        Split(texts, ())


@pytest.mark.parametrize("limit", [2, 3, 4, 9])
def test_a_limit_takes_the_first_rows_of_each_split(tmp_path: Path, limit: int) -> None:
    task = TASKS["qnli"]
    put(tmp_path, task, validation=some(task, 3))
    whole, part = (open_glue(["qnli"], data_dir=tmp_path, limit=given)[0] for given in (None, limit))
    assert (len(whole.train), len(whole.validation)) == (4, 3)
    for all_rows, first in ((whole.train, part.train), (whole.validation, part.validation)):
        assert (first.texts, first.labels) == (all_rows.texts[:limit], all_rows.labels[:limit])


def test_a_sample_of_a_split_holds_the_smaller_sample_and_is_not_the_first_rows(tmp_path: Path) -> None:
    task = TASKS["qnli"]
    put(tmp_path, task, validation=some(task, 40))
    rows = [open_glue(["qnli"], data_dir=tmp_path, limit=limit, sample=0)[0].validation for limit in (8, 20)]
    assert (len(rows[0]), rows[1].texts[:8]) == (8, rows[0].texts)
    assert rows[0].texts != open_glue(["qnli"], data_dir=tmp_path, limit=8)[0].validation.texts


def test_tasks_are_opened_in_the_order_given_and_once(tmp_path: Path) -> None:
    for name in ("rte", "cola", "stsb"):
        put(tmp_path, TASKS[name])
    found = open_glue((name for name in ("stsb", "rte", "stsb", "cola", "rte")), data_dir=str(tmp_path))
    assert [glue.task.name for glue in found] == ["stsb", "rte", "cola"]


# --- what is refused -----------------------------------------------------------------------------

LEFT_OUT = "There are: cola, sst2, mrpc, stsb, qnli, rte, wnli. MNLI and QQP are left out, as in the paper"


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        ((), {}, "no GLUE task was given: there are cola, sst2, mrpc, stsb, qnli, rte, wnli"),
        (("rte", "cloa"), {}, f"unknown GLUE task 'cloa': did you mean 'cola'? {LEFT_OUT}"),
        (("mnli",), {}, "unknown GLUE task 'mnli': did you mean 'wnli'?"),
        (("zzzz",), {}, f"unknown GLUE task 'zzzz': t{LEFT_OUT[1:]}"),
        (("rte",), {"limit": 0}, "--limit 0: give 1 or more"),
        (("rte",), {"limit": -2}, "--limit -2: give 1 or more"),
        (("rte",), {"data_dir": "/no/where"}, "--data-dir '/no/where' is no folder"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_row_is_read(
    names: tuple[str, ...], options: dict[str, Any], says: str
) -> None:
    assert refused(*names, **options).startswith(says)


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ((), "needs glue/rte/train.jsonl and glue/rte/validation.jsonl in --data-dir '{}': put them there"),
        (("train",), "needs glue/rte/validation.jsonl in --data-dir '{}': put it there"),
        (("validation",), "needs glue/rte/train.jsonl in --data-dir '{}': put it there"),
    ],
)
def test_a_missing_file_is_named_with_the_tasks_that_are_there(
    tmp_path: Path, kept: tuple[str, ...], says: str
) -> None:
    for split in kept:
        write(tmp_path / "glue" / "rte" / f"{split}.jsonl", some(TASKS["rte"]))
    says = f"GLUE task 'rte' {says.format(tmp_path)}. Whole tasks there: "
    assert refused("rte", data_dir=tmp_path) == f"{says}none"
    put(tmp_path, TASKS["wnli"])
    put(tmp_path, TASKS["sst2"])
    assert refused("wnli", "rte", data_dir=tmp_path) == f"{says}sst2, wnli"


def wrong(name: str, **changed: Any) -> tuple[str, dict[str, Any]]:
    fields = some(TASKS[name], 1)[0] | changed
    return name, {field: value for field, value in fields.items() if value != "LEFT OUT"}


RTE, STSB = "RTE has 0 (entailment), 1 (not_entailment)", "a regression takes numbers from 0 to 5, given"
PLACED = "'{file}' line 3"
BAD: Mapping[str, tuple[tuple[str, Any], str]] = {
    "no field": (
        wrong("rte", sentence2="LEFT OUT"),
        f"{PLACED} has no field 'sentence2': a row of RTE needs sentence1, sentence2, label",
    ),
    "no sentence": (
        wrong("qnli", question="LEFT OUT"),
        f"{PLACED} has no field 'question': a row of QNLI needs question, sentence, label",
    ),
    "no label": (
        wrong("cola", label="LEFT OUT"),
        f"{PLACED} has no field 'label': a row of CoLA needs sentence, label",
    ),
    "empty": (
        wrong("rte", sentence1=""),
        f"{PLACED}: field sentence1 is empty: put text there, or leave the row out",
    ),
    "blank": (
        wrong("sst2", sentence=" \n"),
        f"{PLACED}: field sentence is empty: put text there, or leave the row out",
    ),
    "number": (wrong("rte", sentence2=7), f"{PLACED}: field sentence2 holds a int, not text"),
    "null": (wrong("mrpc", sentence1=None), f"{PLACED}: field sentence1 holds a NoneType, not text"),
    "texts": (wrong("cola", sentence=["a"]), f"{PLACED}: field sentence holds a list, not text"),
    "half a pair": (
        wrong("cola", sentence="ab\ud800"),
        f"{PLACED}: field sentence is not Unicode: half a surrogate pair at character 2",
    ),
    "label 5": (wrong("rte", label=5), f"{PLACED}: label 5: {RTE}"),
    "label -2": (wrong("rte", label=-2), f"{PLACED}: label -2: {RTE}"),
    "label 1.0": (wrong("rte", label=1.0), f"{PLACED}: label 1.0: {RTE}"),
    "label NaN": (wrong("rte", label=float("nan")), f"{PLACED}: label nan: {RTE}"),
    "label true": (wrong("rte", label=True), f"{PLACED}: label True: {RTE}"),
    "label null": (wrong("rte", label=None), f"{PLACED}: label None: {RTE}"),
    "label text": (wrong("rte", label="entailment"), f"{PLACED}: label 'entailment': {RTE}"),
    "label long": (wrong("rte", label="x" * 99), f"{PLACED}: label '{'x' * 36}...: {RTE}"),
    "label 2": (wrong("wnli", label=2), f"{PLACED}: label 2: WNLI has 0 (not_entailment), 1 (entailment)"),
    "score high": (wrong("stsb", label="high"), f"{PLACED}: label of STS-B: {STSB} 'high'"),
    "score 5.01": (wrong("stsb", label=5.01), f"{PLACED}: label of STS-B: {STSB} 5.01"),
    "score -0.5": (wrong("stsb", label=-0.5), f"{PLACED}: label of STS-B: {STSB} -0.5"),
    "score NaN": (wrong("stsb", label=float("nan")), f"{PLACED}: label of STS-B: {STSB} nan"),
    "score inf": (wrong("stsb", label=float("inf")), f"{PLACED}: label of STS-B: {STSB} inf"),
    "score true": (wrong("stsb", label=True), f"{PLACED}: label of STS-B: {STSB} True"),
    "score null": (wrong("stsb", label=None), f"{PLACED}: label of STS-B: {STSB} None"),
    "score list": (wrong("stsb", label=[1]), f"{PLACED}: label of STS-B: {STSB} [1]"),
    "not JSON": (("rte", '{"sentence1": "a"'), f"{PLACED} is not JSON: Expecting ',' delimiter"),
    "a list": (("rte", "[1, 2]"), f"{PLACED} is a list, not an object with fields"),
}


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize(("given_row", "says"), BAD.values(), ids=BAD)
def test_a_wrong_row_is_named_by_file_line_and_field(
    tmp_path: Path, given_row: tuple[str, Any], says: str, split: str
) -> None:
    name, bad = given_row
    rows = [some(TASKS[name])[1], "", bad, *some(TASKS[name])]
    file = put(tmp_path, TASKS[name], **{split: rows}).with_stem(split)
    assert refused(name, data_dir=tmp_path) == says.format(file=file)


@by_name
@pytest.mark.parametrize("label", [-1, -1.0])
def test_a_test_splits_row_says_that_it_has_no_label(tmp_path: Path, task: GlueTask, label: float) -> None:
    file = put(tmp_path, task, [{**one, "label": label} for one in some(task)])
    assert refused(task.name, data_dir=tmp_path) == (
        f"'{file}' line 1: label -1 is what GLUE's test splits carry: these rows have no labels, take those "
        "of train or validation"
    )


@pytest.mark.parametrize("name", ["rte", "stsb"])
def test_training_rows_of_one_label_are_refused(tmp_path: Path, name: str) -> None:
    rows = [{**one, "label": 1} for one in some(TASKS[name], 3)]
    file = put(tmp_path, TASKS[name], [*rows, {**rows[0], "label": 0}])
    one = 1 if name == "rte" else 1.0
    why = "nothing can be learned from one label"
    assert len(open_glue([name], data_dir=tmp_path, limit=4)) == 1
    assert refused(name, data_dir=tmp_path, limit=2) == (
        f"'{file}' has label {one} for all of its 2 rows: {why}, take more rows than the limit does"
    )
    write(file, rows)
    for limit in (None, 4):
        assert refused(name, data_dir=tmp_path, limit=limit) == (
            f"'{file}' has label {one} for all of its 3 rows: {why}, add rows of another"
        )


def test_validation_rows_of_one_label_are_read(tmp_path: Path) -> None:
    put(tmp_path, TASKS["rte"], validation=some(TASKS["rte"], 1))
    assert open_glue(["rte"], data_dir=tmp_path)[0].floor == 1.0


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b"\n\xff", "is not UTF-8 (byte 1): convert it, for instance with iconv -t UTF-8"),
    ],
)
def test_a_file_without_rows_or_in_another_encoding(
    tmp_path: Path, data: bytes, says: str, split: str
) -> None:
    file = put(tmp_path, TASKS["rte"]).with_stem(split)
    file.write_bytes(data)
    assert refused("rte", data_dir=tmp_path, limit=3) == f"'{file}' {says}"


# --- the hub -------------------------------------------------------------------------------------


class Kept(list[Row]):
    """Rows as the package datasets gives them: with the file that it keeps them in."""

    cache_files = ({"filename": f"/home/me/datasets/nyu-mll___glue/rte/0.0.0/{COMMIT}/glue-train.arrow"},)


def hub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, ...]]:
    """A stand-in for the hub; what it was asked for."""
    asked: list[tuple[str, ...]] = []

    def load_dataset(*given: str) -> Any:
        asked.append(given)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    return asked


@by_name
def test_hub_and_folder_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: GlueTask
) -> None:
    put(tmp_path, task)
    unlabelled = [{**one, "label": -1} for one in some(task)]
    rows = {"train": Kept(some(task)), "validation": Kept(some(task)), "test": Kept(unlabelled)}
    asked = hub(monkeypatch, rows)
    for limit in (None, 3):
        (here,) = open_glue([task.name], data_dir=tmp_path, limit=limit)
        (there,) = open_glue([task.name], limit=limit)
        assert (here.train, here.validation, here.digest) == (there.train, there.validation, there.digest)
    assert there.source == f"nyu-mll/glue, revision {COMMIT}"
    assert asked == [("nyu-mll/glue", task.name)] * 2


def test_a_wrong_row_of_the_hub_is_named_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = some(TASKS["rte"])
    hub(monkeypatch, {"train": Kept(rows), "validation": Kept([rows[0], {**rows[1], "label": 2}])})
    assert refused("rte") == f"nyu-mll/glue rte validation row 2: label 2: {RTE}"
    hub(monkeypatch, {"train": Kept(rows[:1]), "validation": Kept(rows)})
    assert refused("rte").startswith("nyu-mll/glue rte train has label 0 for all of its 1 row")
    hub(monkeypatch, {"train": Kept(rows)})
    assert refused("rte").startswith("GLUE task 'rte' of the hub (nyu-mll/glue) has no split validation")


def test_a_revision_that_is_not_told_is_called_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Kept(some(TASKS["rte"]))
    rows.cache_files = ()
    hub(monkeypatch, {"train": rows, "validation": rows})
    assert open_glue(["rte"])[0].source == "nyu-mll/glue, revision unknown"


ADVICE = (
    "check the network and HF_HOME, or give --data-dir DIR with DIR/glue/rte/train.jsonl and "
    "DIR/glue/rte/validation.jsonl"
)


@pytest.mark.parametrize(
    "kind",
    [ConnectionError, ValueError, RuntimeError, DatasetGenerationError],
    ids=lambda kind: kind.__name__,
)
def test_an_unreachable_hub_says_what_to_do(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    hub(monkeypatch, kind("no\n way"))
    assert refused("rte") == f"GLUE task 'rte' cannot be had from the hub (no way): {ADVICE}"


def test_the_hub_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    put(tmp_path, TASKS["rte"])
    assert len(open_glue(["rte"], data_dir=tmp_path)) == 1
    assert refused("rte") == (
        "GLUE task 'rte' comes from the hub through the package datasets: pip install 'reprlab[eval]', "
        "or give --data-dir"
    )


def keep(folder: Path, task: GlueTask) -> None:
    """A task's rows where the package datasets keeps those that it had from the hub."""
    folder.mkdir(parents=True)
    kinds: dict[str, Any] = {field: datasets.Value("string") for field in task.fields}
    features = datasets.Features({**kinds, "label": datasets.ClassLabel(names=list(task.labels))})
    kept = datasets.SplitDict(dataset_name="glue")
    for split in ("train", "validation"):
        writer = ArrowWriter(path=str(folder / f"glue-{split}.arrow"), features=features)
        for one in some(task):
            writer.write(one)
        count, size = writer.finalize()
        kept.add(datasets.SplitInfo(split, num_bytes=size, num_examples=count))
        writer.close()
    info = datasets.DatasetInfo(
        features=features, splits=kept, dataset_name="glue", config_name=task.name, version="0.0.0"
    )
    info.write_to_directory(str(folder))


def test_the_package_itself_reads_what_it_kept_and_says_when_it_cannot(tmp_path: Path) -> None:
    """No stand-in: rows that were fetched before, offline, and a task that never was."""
    keep(tmp_path / "datasets" / "nyu-mll___glue" / "rte" / "0.0.0" / COMMIT, TASKS["rte"])
    put(tmp_path, TASKS["rte"])
    code = (
        "from reprlab.benchmarks.glue.opened import open_glue\nfrom reprlab.errors import ReprlabError\n"
        "(glue,) = open_glue(['rte'])\nprint(glue.source)\nprint(glue.digest)\n"
        "try: open_glue(['wnli'])\nexcept ReprlabError as error: print(error)"
    )
    offline = {
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_CACHE": str(tmp_path / "datasets"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        check=True,
    )
    source, digest, error = done.stdout.splitlines()
    assert source == f"nyu-mll/glue, revision {COMMIT}"
    assert digest == open_glue(["rte"], data_dir=tmp_path)[0].digest
    assert error.startswith("GLUE task 'wnli' cannot be had from the hub (")
    assert error.endswith(f"): {ADVICE.replace('rte', 'wnli')}")


# --- real rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "train", "validation"),
    [("rte", 2490, 277), ("wnli", 635, 71), ("sst2", 4000, 872)],
)
def test_real_rows_are_all_read(shared_data: Path, name: str, train: int, validation: int) -> None:
    (found,) = open_glue([name], data_dir=shared_data)
    assert (len(found.train), len(found.validation)) == (train, validation)
    assert (
        "\n".join(found.validation.texts[0])
        == corpus(f"glue-{name}", data_dir=shared_data, sample=None).texts[0]
    )
    assert len(set(found.units)) == len({first for first, *_ in found.validation.texts})
    assert 0.5 <= found.floor == max(Counter(found.validation.labels).values()) / validation < 0.6


def test_no_heavy_library_is_loaded_until_the_hub_is_asked() -> None:
    code = (
        "import sys, reprlab.benchmarks.glue\n"
        "heavy = {'datasets', 'torch', 'numpy', 'lm_eval'} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
