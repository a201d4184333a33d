"""Corpora: documents in a fixed order, and an exact sentence for every file that cannot be one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reprlab.captures.corpora import Corpus, corpus, members, names
from reprlab.captures.corpus_table import SOURCES
from reprlab.errors import ReprlabError

DATA = Path(__file__).parents[3] / "shared" / "data"
real_rows = pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared/data beside this checkout")
LONG = "one two three four five six seven eight nine ten eleven twelve"


def write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows(path: Path, *texts: str, field: str = "text") -> Path:
    return write(path, "".join(json.dumps({field: text}) + "\n" for text in texts))


def message(name: object, **options: Any) -> str:
    with pytest.raises(ReprlabError) as error:
        corpus(str(name), **options)
    return str(error.value)


# --- what a corpus is ----------------------------------------------------------------------------


def test_builtin_is_more_than_a_hundred_different_prose_texts_without_network() -> None:
    made = corpus("builtin")
    assert len(made) > 100
    assert len(set(made.ids)) == len(set(made.texts)) == len(made.ids) == len(made)
    assert all(len(text.split()) >= 60 for text in made.texts)
    assert not any(sign in text for text in made.texts for sign in ("::=", ">>>"))


def test_builtin_is_the_same_each_time_and_its_first_hundred_span_many_topics() -> None:
    made, again = corpus("builtin", sample=None), corpus("builtin", sample=None)
    assert (made, made.fingerprint) == (again, again.fingerprint)
    assert len({key.partition(":")[0] for key in made.ids[:100]}) > 50


def test_a_jsonl_files_documents_are_its_rows(tmp_path: Path) -> None:
    file = rows(tmp_path / "mine.jsonl", "a b", "c")
    assert corpus(str(file), sample=None) == Corpus("mine", ("a b", "c"), ("0", "1"), "mine.jsonl")


def test_a_field_can_be_chosen(tmp_path: Path) -> None:
    assert corpus(str(rows(tmp_path / "m.jsonl", "hello", field="body")), field="body").texts == ("hello",)


def test_empty_rows_are_left_out_and_ids_stay_the_lines_own(tmp_path: Path) -> None:
    file = write(tmp_path / "m.jsonl", '{"text": "a"}\r\n\n{"text": " "}\n{"text": "b"}')
    assert (corpus(str(file)).texts, corpus(str(file)).ids) == (("a", "b"), ("0", "3"))


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_a_line_sign_inside_a_string_splits_no_row(tmp_path: Path, sign: str) -> None:
    row = json.dumps({"text": f"a{sign}b"}, ensure_ascii=False)
    assert corpus(str(write(tmp_path / "m.jsonl", f"{row}\n{row}\n"))).texts == (f"a{sign}b",) * 2


def test_a_txt_files_documents_are_its_long_paragraphs(tmp_path: Path) -> None:
    file = write(tmp_path / "book.txt", f"A heading\n\n{LONG}\nand more\n \n{LONG}\n\n{LONG[:-7]}\n")
    made = corpus(str(file), sample=None)
    assert made.texts == (f"{LONG} and more", LONG)
    assert (made.name, made.ids, made.source) == ("book", ("1", "2"), "book.txt")


@pytest.mark.parametrize(
    "other", [("a", "c"), ("a",), ("b", "a"), ("ab",), ("a", "b", "c"), ("", "ab")], ids=str
)
def test_the_fingerprint_changes_with_any_text_order_or_border(other: tuple[str, ...]) -> None:
    def mark(texts: tuple[str, ...]) -> str:
        return Corpus("x", texts, tuple(map(str, range(len(texts)))), "x").fingerprint

    assert mark(("a", "b")) != mark(other)
    assert mark(("a", "b")) == mark(("a", "b"))


def test_the_fingerprint_is_of_the_texts_alone(tmp_path: Path) -> None:
    a, b = rows(tmp_path / "a.jsonl", "x", "y"), rows(tmp_path / "b.jsonl", "x", "y", field="body")
    assert corpus(str(a)).fingerprint == corpus(str(b), field="body").fingerprint


@pytest.mark.parametrize(("asked", "count"), [(None, 100), (1, 1), (120, 120)])
def test_a_hundred_documents_are_taken_unless_asked(asked: int | None, count: int) -> None:
    texts = tuple("x" * 120)
    assert Corpus("x", texts, texts, "x").count(asked) == count
    assert Corpus("x", texts[:7], texts[:7], "x").count(None) == 7


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (0, "--documents 0: give 1 or more"),
        (-3, "--documents -3: give 1 or more"),
        (3, "corpus 'x' has 2 documents, 3 were asked for: give --documents 2 or fewer"),
    ],
)
def test_a_count_that_cannot_be_is_refused(asked: int, text: str) -> None:
    with pytest.raises(ReprlabError) as error:
        Corpus("x", ("a", "b"), ("0", "1"), "x").count(asked)
    assert str(error.value) == text


def test_benchmarks_are_the_papers_five_and_every_other_name_is_itself() -> None:
    assert members("benchmarks") == ("lambada", "arc", "hellaswag", "winogrande", "gsm8k")
    assert set(members("benchmarks")) <= set(SOURCES)
    assert members("arc") == ("arc",)
    assert names() == ["builtin", *SOURCES, "benchmarks"]


# --- bad input -----------------------------------------------------------------------------------

BAD = {
    "missing": ("m.jsonl", None, "no corpus file at '{file}'"),
    "empty jsonl": ("m.jsonl", "", "corpus 'm' (m.jsonl) is empty: no document with text in it"),
    "blank rows": (
        "m.jsonl",
        '{"text": ""}\n\n',
        "corpus 'm' (m.jsonl) is empty: no document with text in it",
    ),
    "empty txt": ("m.txt", "\n\n", "corpus 'm' (m.txt) is empty: no paragraph of 12 words or more in it"),
    "short txt": (
        "m.txt",
        "too short",
        "corpus 'm' (m.txt) is empty: no paragraph of 12 words or more in it",
    ),
    "latin-1 jsonl": (
        "m.jsonl",
        '{"text": "café"}'.encode("latin-1"),
        "corpus file '{file}' is not UTF-8 (byte 13): convert it, for instance with iconv -t UTF-8",
    ),
    "latin-1 txt": (
        "m.txt",
        b"\xff",
        "corpus file '{file}' is not UTF-8 (byte 0): convert it, for instance with iconv -t UTF-8",
    ),
    "no field": (
        "m.jsonl",
        '{"text": "a"}\n{"id": 1, "body": "b"}',
        "'{file}' line 2 has no field 'text'; it has: id, body. Name one with --field",
    ),
    "no fields": (
        "m.jsonl",
        "{}",
        "'{file}' line 1 has no field 'text'; it has: none. Name one with --field",
    ),
    "not JSON": ("m.jsonl", "hello", "'{file}' line 1 is not JSON: Expecting value"),
    "a list": ("m.jsonl", "[1]", "'{file}' line 1 is a list, not an object with fields"),
    "a string": ("m.jsonl", '"x"', "'{file}' line 1 is a str, not an object with fields"),
    "a number": ("m.jsonl", '{"text": 3}', "'{file}' line 1: the field holds a int, not text"),
    "null": ("m.jsonl", '{"text": null}', "'{file}' line 1: the field holds a NoneType, not text"),
    "half a pair": (
        "m.jsonl",
        r'{"text": "ab\ud800"}',
        "'{file}' line 1: the text is not Unicode: half a surrogate pair at character 2",
    ),
    "other ending": ("m.csv", "text", "corpus file '{file}': give a .txt file or a .jsonl file"),
}


@pytest.mark.parametrize(("name", "data", "text"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_corpus_is_named_with_what_is_wrong(
    tmp_path: Path, name: str, data: str | bytes | None, text: str
) -> None:
    file = tmp_path / name
    if data is not None:
        write(file, data)
    assert message(file) == text.format(file=file)


def test_a_folder_is_no_corpus(tmp_path: Path) -> None:
    assert message(tmp_path) == f"no corpus file at '{tmp_path}'"


@pytest.mark.parametrize(("name", "guess"), [("lambda", "did you mean 'lambada'? There"), ("zzz", "there")])
def test_an_unknown_corpus_is_answered_with_those_there_are(name: str, guess: str) -> None:
    assert message(name) == (
        f"unknown corpus '{name}': {guess} are: builtin, lambada, wikitext, arc, hellaswag, winogrande, "
        "gsm8k, glue-cola, glue-mrpc, glue-qnli, glue-rte, glue-sst2, glue-stsb, glue-wnli, benchmarks. "
        "The path of a .txt or .jsonl file works too"
    )


def test_a_data_folder_without_the_file_says_which_file(tmp_path: Path) -> None:
    assert message("lambada", data_dir=tmp_path) == (
        f"corpus 'lambada' needs lambada_openai/test.jsonl in --data-dir '{tmp_path}': put it there"
    )


@pytest.mark.parametrize(
    ("name", "row", "text"),
    [
        (
            "arc",
            {"question": "q", "choices": {"text": ["a"], "label": ["A"]}, "answerKey": "E"},
            "'{file}' line 1 has not the expected form: 'E' is not in list",
        ),
        (
            "hellaswag",
            {"ctx_a": "a"},
            "'{file}' line 1 has no field 'ctx_b'; it has: ctx_a. Name one with --field",
        ),
        (
            "arc",
            {"question": "q", "choices": "abc", "answerKey": "A"},
            "'{file}' line 1 has not the expected form: string indices must be integers, not 'str'",
        ),
    ],
)
def test_a_benchmark_row_of_another_form_is_named(
    tmp_path: Path, name: str, row: Mapping[str, Any], text: str
) -> None:
    file = write(tmp_path / SOURCES[name].rows.first, json.dumps(row))
    assert message(name, data_dir=tmp_path) == text.format(file=file)


# --- registered corpora --------------------------------------------------------------------------

MADE_UP = {
    "lambada": ({"text": "abc"}, "abc"),
    "arc": (
        {"question": "Why?", "choices": {"text": ["no", "so"], "label": ["A", "B"]}, "answerKey": "B"},
        "Question: Why?\nAnswer: so",
    ),
    "hellaswag": (
        {
            "activity_label": "Cooking",
            "ctx_a": "He [step] cuts.",
            "ctx_b": "the cook",
            "endings": ["falls", "eats"],
            "label": "1",
        },
        "Cooking: He cuts. The cook eats",
    ),
    "winogrande": (
        {"sentence": "A saw B as _ left.", "option1": "A", "option2": "B", "answer": "2"},
        "A saw B as B left.",
    ),
    "gsm8k": ({"question": "1+1?", "answer": "#### 2"}, "Question: 1+1?\nAnswer: #### 2"),
    "glue-rte": ({"sentence1": "a", "sentence2": "b", "label": 0}, "a\nb"),
    "glue-sst2": ({"sentence": "fine", "label": 1}, "fine"),
    "glue-qnli": ({"question": "q", "sentence": "s", "label": 0}, "q\ns"),
}


def hub(monkeypatch: pytest.MonkeyPatch, answer: Iterable[Mapping[str, Any]] | Exception) -> None:
    def load_dataset(repo: str, config: str | None, *, split: str) -> Iterable[Mapping[str, Any]]:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))


@pytest.mark.parametrize(("name", "row", "text"), [(k, *v) for k, v in MADE_UP.items()], ids=MADE_UP)
def test_a_rows_text_is_the_question_with_its_right_answer_from_disk_and_hub_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, row: Mapping[str, Any], text: str
) -> None:
    write(tmp_path / SOURCES[name].rows.first, json.dumps(row))
    hub(monkeypatch, [row])
    here, there = corpus(name, data_dir=tmp_path), corpus(name)
    assert here.texts == there.texts == (text,)
    assert (here.name, here.ids, here.fingerprint) == (there.name, there.ids, there.fingerprint)


def test_wikitext_has_the_same_documents_from_disk_and_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["", " = A = \n", "", f" {LONG} \n", f" {LONG} \n", "", f" {LONG} \n"]
    write(tmp_path / SOURCES["wikitext"].rows.first, "".join(line or " \n" for line in lines))
    hub(monkeypatch, [{"text": line} for line in lines])
    here, there = corpus("wikitext", data_dir=tmp_path, sample=None), corpus("wikitext", sample=None)
    assert here.texts == there.texts == (f"{LONG} {LONG}", LONG)


@pytest.mark.parametrize("error", [ConnectionError("x"), ValueError("x"), RuntimeError("x")], ids=repr)
def test_an_unreachable_hub_says_what_to_set(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    hub(monkeypatch, error)
    assert message("arc") == (
        "corpus 'arc' cannot be had from the hub (allenai/ai2_arc): check the network and HF_HOME, or give "
        "--data-dir DIR with DIR/arc_challenge/test.jsonl"
    )


def test_the_hub_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert message("arc") == (
        "corpus 'arc' comes from the hub through the package datasets: pip install 'reprlab[eval]', "
        "or give --data-dir"
    )


@real_rows
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("lambada", 2000),
        ("arc", 600),
        ("hellaswag", 500),
        ("winogrande", 600),
        ("gsm8k", 600),
        ("glue-rte", 277),
        ("glue-sst2", 872),
        ("glue-wnli", 71),
        ("wikitext", 663),
    ],
)
def test_real_rows_are_all_read_without_marks_left(name: str, count: int) -> None:
    made = corpus(name, data_dir=DATA)
    assert len(made) == len(set(made.ids)) == count
    assert not any(mark in text for text in made.texts for mark in ("[title]", "[step]", "[header]"))
    assert name != "winogrande" or not any("_" in text for text in made.texts)


def test_a_corpus_is_a_sample_unless_its_first_texts_are_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": f"Text {n}."}) + "\n" for n in range(50)))
    drawn, first = corpus(file), corpus(file, sample=None)
    assert (drawn.sample, first.sample) == (0, None)
    assert drawn.ids != first.ids
    assert set(drawn.ids) == set(first.ids)
    assert dict(zip(drawn.ids, drawn.texts, strict=True)) == dict(zip(first.ids, first.texts, strict=True))
    assert corpus(["a", "b", "c"]).texts == ("a", "b", "c")
