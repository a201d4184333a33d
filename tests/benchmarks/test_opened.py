"""From a name or a task file to a task with its rows: examples, digests, task files of one's own, errors."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest
from lm_eval.tasks import TaskManager
from made_benchmarks import (
    OFFICIAL,
    PRESETS,
    ROWS,
    Own,
    arc,
    gsm8k,
    hellaswag,
    instances,
    opened,
    ready,
    write,
)

from reprlab.benchmarks import opened as loading
from reprlab.benchmarks.by_name import TRAINED, open_benchmarks, open_splits
from reprlab.benchmarks.opened import TASKS, open_task
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.errors import ReprlabError

# --- examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "shots"), [("paper", (0, 0, 0, 0, 5)), ("leaderboard", (0, 25, 10, 5, 5))]
)
def test_presets_set_the_examples(preset: str, shots: tuple[int, ...], folder: Path) -> None:
    assert tuple(opened(name, folder, preset).shots for name in OFFICIAL) == shots


def test_without_examples_the_rows_asked_are_enough(tmp_path: Path) -> None:
    write(tmp_path / "hellaswag/validation.jsonl", [hellaswag(0)])
    write(tmp_path / "arc_challenge/test.jsonl", [arc(0)])
    assert [len(ready(opened(name, tmp_path)).documents) for name in ("hellaswag", "arc")] == [1, 1]


# --- the digest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFICIAL)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_digest_does_not_depend_on_the_folder(name: str, preset: str, folder: Path, tmp_path: Path) -> None:
    for file in BENCHMARKS[name].files.values():
        write(tmp_path / file, (folder / file).read_text().splitlines())
    assert opened(name, tmp_path, preset).digest == opened(name, folder, preset).digest


def test_a_digest_is_the_same_in_another_process(folder: Path) -> None:
    names = [*OFFICIAL, "builtin_cloze"]
    code = (
        "from reprlab.benchmarks.by_name import open_benchmarks\n"
        f"print(*(o.digest for o in open_benchmarks({names}, data_dir={str(folder)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [opened(name, folder).digest for name in names]


def test_rows_examples_and_shots_each_change_the_digest(folder: Path, tmp_path: Path) -> None:
    found = {opened("arc", folder).digest, opened("arc", folder, "leaderboard").digest}
    for split in ("test", "train"):
        for file in BENCHMARKS["arc"].files.values():
            lines = (folder / file).read_text().splitlines()
            changed = [lines[0].replace("basket", "bucket"), *lines[1:]] if split in file else lines
            write(tmp_path / split / file, changed)
        found.add(opened("arc", tmp_path / split, "leaderboard").digest)
    assert len(found) == 4


def test_examples_that_are_not_shown_do_not_change_the_digest(folder: Path, tmp_path: Path) -> None:
    file = BENCHMARKS["arc"].files["test"]
    write(tmp_path / file, (folder / file).read_text().splitlines())
    assert opened("arc", tmp_path).digest == opened("arc", folder).digest


def test_the_definition_changes_the_digest(own: Own) -> None:
    changes = [{}, {"doc_to_text": "Q: {{q}}"}, {"target_delimiter": ""}, {"description": "Answer."}]
    assert len({opened(own(**change)).digest for change in changes}) == len(changes)


def test_solutions_and_answers_to_the_same_rows_have_digests_of_their_own(folder: Path) -> None:
    assert opened("gsm8k", folder).digest != opened("gsm8k_nll", folder).digest


# --- task files of one's own ---------------------------------------------------------------------


def ran(path: str) -> bool:
    return (Path(path).parent / "ran").exists()


def refused(name: str, words: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_task_file_is_a_benchmark(own: Own) -> None:
    benchmark = ready(opened(own(metadata={"class": "semantic"})))
    assert [c.name for c in benchmark.columns] == ["acc", "u"]
    assert [document.id for document in benchmark.documents] == ["one", "two"]
    assert benchmark.opened.kind == "semantic"


def test_a_task_file_that_runs_python_is_refused_until_it_is_allowed(own: Own) -> None:
    path = own("doc_to_text: !function code.text\n", doc_to_text=None)
    refused(path, f"task file '{path}' runs Python (!function)")
    refused(path, "--allow-task-code")
    assert not ran(path)
    (found,) = open_benchmarks([path], allow_code=True)
    assert instances(ready(found))[0].args == ("Is it late?", "yes")
    assert ran(path)


def test_python_behind_includes_is_refused_too(own: Own) -> None:
    inner = own("doc_to_text: !function code.text\n", doc_to_text=None)
    middle = own(f"include: {Path(inner).name}\n")
    outer = own(f"include: [{Path(own()).name}, {middle}]\n")
    refused(outer, f"task file '{inner}' runs Python (!function)")
    assert not ran(outer)


def test_a_task_file_may_include_lm_evals_own_code(own: Own, folder: Path) -> None:
    files = {"validation": str(folder / "winogrande/validation.jsonl")}
    unset = dict.fromkeys(["doc_to_text", "doc_to_target", "output_type", "test_split", "metric_list"])
    path = own(
        f"include: {TASKS / 'winogrande/default.yaml'}\ndataset_name: null\ntraining_split: null\n",
        dataset_kwargs={"data_files": files},
        num_fewshot=0,
        **unset,
    )
    assert [d.requests for d in ready(opened(path)).documents] == [
        d.requests for d in ready(opened("winogrande", folder)).documents
    ]


@pytest.mark.parametrize(
    ("head", "tag"),
    [("", "!%66unction"), ("", "!<!%66unction>"), ("%TAG !e! !func\n---\n", "!e!tion")],
)
def test_python_under_another_spelling_of_its_tag_is_refused_too(own: Own, head: str, tag: str) -> None:
    path = own(f"doc_to_text: {tag} code.text\n", doc_to_text=None)
    Path(path).write_text(head + Path(path).read_text())
    with pytest.raises(ReprlabError, match="runs Python"):
        open_benchmarks([path])
    assert not ran(path)


@pytest.mark.parametrize("metric", [{"metric": "rouge"}, {"metric": "acc", "hf_evaluate": True}], ids=str)
def test_a_metric_that_would_be_fetched_as_code_is_refused(own: Own, metric: dict[str, Any]) -> None:
    given = {"aggregation": "mean", "higher_is_better": True, **metric}
    refused(own(metric_list=[given]), f"metric '{metric['metric']}' is not one of lm-eval's")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": None}, "has no `task: NAME`"),
        ({"task": ["a", "b"]}, "has no `task: NAME`"),
        ({"output_type": "loglikelihood_rolling", "metric_list": None}, "is of type loglikelihood_rolling"),
        ({"output_type": "guess"}, "lm-eval cannot make this task: Got invalid output_type"),
        ({"repeats": 3}, "asks for 3 repeats: reprlab runs one"),
        ({"unsafe_code": True}, "runs generated code or needs images"),
        ({"metadata": {"class": "semantics"}}, "'semantics': did you mean 'semantic'"),
        ({"include": "none.yaml"}, "none.yaml' cannot be read"),
        ({"dataset_kwargs": {"data_files": "none.jsonl"}}, "check its dataset_path and data_files"),
        ({"test_split": "tset"}, "lm-eval cannot make this task"),
        ({"dataset_rows": 3}, "lm-eval cannot make this task"),
        ({"doc_to_text": "{{question}}"}, "'question' is undefined"),
        ({"doc_to_text": "{{q"}, "own0.yaml"),
        ({"metric_list": ["acc"]}, "metric"),
        ({"use_prompt": "promptsource:own"}, "promptsource"),
    ],
    ids=str,
)
def test_a_task_file_that_cannot_be_is_refused_with_words(
    own: Own, changes: dict[str, Any], words: str
) -> None:
    refused(own(**changes), words)


def test_a_task_file_that_includes_itself_or_is_not_there(own: Own, tmp_path: Path) -> None:
    path = own("include: own0.yaml\n")
    refused(path, "Include cycle")
    refused(str(tmp_path / "no.yaml"), f"no task file at '{tmp_path / 'no.yaml'}'")
    (tmp_path / "list.yaml").write_text("- task: own\n")
    refused(str(tmp_path / "list.yaml"), "cannot be read: Expected YAML dict")


TRICKS = [
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__.os.system('true') }}",
    "{{ '{0.__class__.__init__}'.format(q) }}",
    "{{ self._TemplateReference__context.eval_ctx.environment.__init__.__globals__ }}",
    "{{ (q|attr('__class__')).__base__ }}",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_template_has_no_way_to_python(own: Own, trick: str) -> None:
    with pytest.raises(Exception, match=r"unsafe|undefined|has no attribute"):
        ready(opened(own(doc_to_text=trick)))


@pytest.mark.parametrize("trick", TRICKS[:2])
def test_a_template_that_tries_is_refused_in_one_line(own: Own, trick: str) -> None:
    refused(own(doc_to_text=trick), "unsafe")


def test_a_task_file_that_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("task: [own\n")
    refused(str(tmp_path / "own.yaml"), "own.yaml' cannot be read")


# --- errors --------------------------------------------------------------------------------------


def only(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    manager = TaskManager(include_defaults=False, include_path=str(TASKS / folder))
    loading._all_names.cache_clear()
    monkeypatch.setattr(loading, "TaskManager", lambda: manager)


@pytest.fixture
def few_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder of lm-eval's tasks in the place of all, which take seconds to list."""
    only(monkeypatch, "arc")


@pytest.mark.usefixtures("few_tasks")
def test_an_unknown_benchmark_names_its_neighbour() -> None:
    refused("lambda", "unknown benchmark 'lambda': did you mean 'lambada'?")
    refused("lambda", "by name or YAML path too")


@pytest.mark.usefixtures("few_tasks")
def test_a_task_of_lm_eval_works_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    some = datasets.Dataset.from_list([arc(0), arc(1)])
    rows = datasets.DatasetDict(dict.fromkeys(["train", "validation", "test"], some))
    monkeypatch.setattr(datasets, "load_dataset", lambda **given: rows)
    (found,) = open_benchmarks(["arc_easy"])
    assert (found.name, found.output, found.shots) == ("arc_easy", "multiple_choice", 0)


def test_a_group_of_lm_eval_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "blimp")
    refused("blimp", "'blimp' is a group of lm-eval's tasks: name the tasks themselves")


@pytest.mark.usefixtures("few_tasks")
def test_a_tag_of_lm_eval_is_refused_without_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(**_: Any) -> Any:
        raise ConnectionError("no network")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    refused("ai2_arc", "'ai2_arc' is a group of lm-eval's tasks: name the tasks themselves")


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_missing_file_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name], data_dir=tmp_path)
    file = next(iter(BENCHMARKS[name].files.values()))
    words = f"benchmark '{name}' needs {file} in --data-dir '{tmp_path}' for its rows: put it there"
    assert str(caught.value) == words


def test_missing_examples_are_named_where_they_are_shown(tmp_path: Path) -> None:
    write(tmp_path / "arc_challenge/test.jsonl", [arc(0)])
    with pytest.raises(ReprlabError, match=r"needs arc_challenge/train.jsonl in .* for its 25 examples"):
        open_benchmarks(["arc"], data_dir=tmp_path, preset="leaderboard")


@pytest.mark.parametrize("name", ["arc", "gsm8k_nll"])
def test_fewer_examples_than_are_shown_are_counted(name: str, tmp_path: Path) -> None:
    row = ROWS.get(name, gsm8k)
    write(tmp_path / BENCHMARKS[name].files["test"], [row(0)])
    write(tmp_path / BENCHMARKS[name].files["train"], [row(n) for n in range(1, 4)])
    with pytest.raises(ReprlabError, match=r"train\.jsonl"):
        ready(open_benchmarks([name], data_dir=tmp_path, preset="leaderboard")[0])


def test_a_field_that_only_later_rows_have_is_kept(tmp_path: Path) -> None:
    rows = [{"text": "one two"}, {"text": "one three", "id": "named", "unit": "pair"}]
    write(tmp_path / "lambada_openai/test.jsonl", rows)
    documents = ready(opened("lambada", tmp_path)).documents
    assert [document.id for document in documents] == ["0", "named"]
    assert documents[1].unit not in {"0", "1"}


def test_a_field_of_two_types_is_no_crash(tmp_path: Path) -> None:
    write(tmp_path / "lambada_openai/test.jsonl", [{"text": "one two", "n": 1}, {"text": "a b", "n": "x"}])
    with pytest.raises(ReprlabError, match=r"lambada_openai/test\.jsonl"):
        open_benchmarks(["lambada"], data_dir=tmp_path)


@pytest.mark.parametrize("name", TRAINED)
def test_a_missing_training_file_is_named(name: str, folder: Path, tmp_path: Path) -> None:
    scored, *_ = BENCHMARKS[name].files.values()
    write(tmp_path / scored, (folder / scored).read_text().splitlines())
    file = BENCHMARKS[name].files["train"]
    with pytest.raises(
        ReprlabError, match=f"'{name}' needs {file} in --data-dir .* to train on: put it there"
    ):
        open_splits(name, data_dir=tmp_path)


def test_a_wrong_training_row_is_named_by_line_and_field(folder: Path, tmp_path: Path) -> None:
    for split, file in BENCHMARKS["arc"].files.items():
        write(tmp_path / file, [arc(0), {**arc(1), "answerKey": "Z"}] if split == "train" else [arc(0)])
    with pytest.raises(ReprlabError, match=r"train.jsonl' line 2: answerKey 'Z' is none of"):
        open_splits("arc", data_dir=tmp_path)


def test_the_hubs_rows_to_train_on_are_its_train_split(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = {"train": [arc(5)], "validation": [arc(6)], "test": [arc(7), arc(8)]}
    made = datasets.DatasetDict({k: datasets.Dataset.from_list(v) for k, v in splits.items()})
    monkeypatch.setattr(datasets, "load_dataset", lambda **_: made)
    found = open_splits("arc")
    assert [row["id"] for row in found.training.docs] == ["Own_5"]
    assert [row["id"] for row in found.scored.docs] == ["Own_7", "Own_8"]


def test_a_sample_keeps_pairs_together_and_rows_their_numbers(tmp_path: Path) -> None:
    sentences = [f"Item {n} beat {n + 1} since _ was fast." for n in range(30)]
    rows = [
        {"sentence": text, "option1": f"a{n}", "option2": f"b{n}", "answer": answer}
        for n, text in enumerate(sentences)
        for answer in "12"
    ]
    write(tmp_path / "winogrande" / "validation.jsonl", rows)
    plain, drawn = (open_task("winogrande", data_dir=tmp_path, sample=seed) for seed in (None, 0))
    assert plain.docs == list(plain.task.eval_docs)
    assert drawn.docs == list(drawn.task.eval_docs)
    assert [plain.docs[drawn.number(place)] for place in range(60)] == drawn.docs
    assert drawn.docs[:20] != plain.docs[:20]
    options = [doc["option1"] for doc in drawn.docs]
    assert options[::2] == options[1::2]
    assert drawn.digest != plain.digest
    assert open_task("winogrande", data_dir=tmp_path, sample=1).digest != drawn.digest
