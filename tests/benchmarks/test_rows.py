"""Rows of benchmark data on disk: what is read, and how a wrong row is named."""

from pathlib import Path

import pytest
from made_benchmarks import ROWS, Row, arc, gsm8k, hellaswag, winogrande, write

from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.benchmarks.rows import read_rows
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.errors import ReprlabError


@pytest.mark.parametrize(
    ("name", "wrong", "says"),
    [
        ("lambada", '{"text": "a b"', "is not JSON: "),
        ("lambada", "[1, 2]", "is a list, not an object with fields"),
        ("lambada", {"txt": "a b"}, "field text: Field required; a row needs text"),
        ("lambada", {"text": 3}, "field text: Input should be a valid string"),
        ("lambada", {"text": "word"}, "field text: String should match pattern"),
        ("lambada", {"text": "ends in space "}, "field text: String should match pattern"),
        ("arc", {**arc(1), "answerKey": "D"}, "answerKey 'D' is none of choices.label ['1', '2', '3', '4']"),
        ("arc", {**arc(1), "choices": {"text": ["a"], "label": ["A"]}}, "field choices.text: List should"),
        ("arc", {**arc(1), "choices": {"text": ["a", "b"], "label": ["2"]}}, "text and choices.label differ"),
        ("arc", {**arc(1), "question": ""}, "field question: String should have at least 1 character"),
        ("hellaswag", {**hellaswag(1), "label": "4"}, "label '4' is none of the 4 endings"),
        ("hellaswag", {**hellaswag(1), "label": ""}, "label '' is none of the 4 endings"),
        ("hellaswag", {**hellaswag(1), "endings": "one"}, "field endings: Input should be a valid list"),
        ("winogrande", {**winogrande(1), "answer": "3"}, "field answer: Input should be '1' or '2'"),
        ("winogrande", {**winogrande(1), "sentence": "No gap."}, "field sentence: String should match"),
        ("gsm8k", {**gsm8k(1), "answer": "It is 4"}, "field answer: String should match pattern '#### '"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_field(
    name: str, wrong: Row | str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / next(iter(BENCHMARKS[name].files.values()))
    write(path, [ROWS[name](0), "", wrong])
    with pytest.raises(ReprlabError) as caught:
        open_benchmarks([name], data_dir=tmp_path)
    assert str(caught.value).startswith(f"'{path}' line 3")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds no rows"),
        (b"\n \n", "holds no rows"),
        (b'{"text": "a b"}\n{"text": "a \xff"}', r"is not UTF-8 \(byte 28\)"),
    ],
)
def test_a_file_without_rows_or_in_another_encoding(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    with pytest.raises(ReprlabError, match=says):
        read_rows(path)


def test_rows_may_have_a_byte_order_mark_line_separators_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + '{"text": "a\u2028b"}\r\n{"text": "c"}\r\n'.encode())
    assert read_rows(path) == [{"text": "a\u2028b"}, {"text": "c"}]
