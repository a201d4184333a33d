"""Files: JSON and JSONL come back as they were written, and a line that is no row is named."""

import json
import math
import tempfile
from itertools import islice
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprlab.errors import ReprlabError
from reprlab.files import csv_of, json_of, jsonl_rows, plain, write_result


def test_what_no_json_holds_is_null() -> None:
    value = {"a": [1.5, math.nan, (math.inf, None)], "b": {"c": -math.inf, "d": "NaN", "e": True}}
    assert plain(value) == {"a": [1.5, None, [None, None]], "b": {"c": None, "d": "NaN", "e": True}}
    json.dumps(plain(value), allow_nan=False)


def test_a_files_ending_chooses_fields_or_table(tmp_path: Path) -> None:
    kinds = {
        ".json": lambda: json_of({"a": (1.5, math.nan)}),
        ".csv": lambda: csv_of(pd.DataFrame({"a": [1.5]})),
    }
    for name in ("x.json", "x.csv"):
        write_result(tmp_path / name, kinds, "numbers")
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [1.5, None]}
    assert (tmp_path / "x.csv").read_text() == "a\n1.5\n"


value = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
fields = st.dictionaries(st.text(max_size=5), value | st.lists(value, max_size=2), max_size=3)
written = st.lists(fields, min_size=1, max_size=5)


@given(
    written, st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n"]), st.booleans(), st.booleans()
)
def test_rows_come_back_as_written(
    given_rows: list[dict[str, object]], ascii: bool, end: str, mark: bool, last: bool
) -> None:
    lines = [json.dumps(row, ensure_ascii=ascii) for row in given_rows]
    text = end.join(lines) + end * last
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "r.jsonl"
        file.write_bytes(b"\xef\xbb\xbf" * mark + text.encode())
        found = list(jsonl_rows(file))
    step = end.count("\n")
    assert [row for _, row in found] == given_rows
    assert [where for where, _ in found] == [f"'{file}' line {1 + step * i}" for i in range(len(lines))]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b"], ids=ascii)
def test_a_line_sign_inside_a_string_splits_no_row(tmp_path: Path, sign: str) -> None:
    file = tmp_path / "r.jsonl"
    escaped = json.dumps(sign) if sign == "\x0b" else f'"{sign}"'
    file.write_text(f'{{"text": {escaped}}}\n' * 2, encoding="utf-8")
    assert [row["text"] for _, row in jsonl_rows(file)] == [sign, sign]


def test_only_the_rows_that_are_asked_for_are_parsed(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text('{"a": 1}\n{"a": 2}\nno row\n')
    assert [row["a"] for _, row in islice(jsonl_rows(file), 2)] == [1, 2]
    with pytest.raises(ReprlabError, match="line 3 is not JSON"):
        list(jsonl_rows(file))


BAD = {
    "empty": (b"", "'{file}' holds no rows"),
    "blank": (b"\n \n\xc2\x85\n", "'{file}' holds no rows"),
    "no UTF-8": (b'{"a": 1}\n{"a": "\xff"}', "'{file}' is not UTF-8 (byte 16): convert it"),
    "no JSON": (b'{"a": 1}\n\nhello', "'{file}' line 3 is not JSON: Expecting value"),
    "cut off": (b'{"a": 1', "'{file}' line 1 is not JSON: Expecting ',' delimiter"),
    "a list": (b"[1]", "'{file}' line 1 is a list, not an object with fields"),
    "a number": (b"{}\n1", "'{file}' line 2 is a int, not an object with fields"),
    "a long number": (b'{"a": ' + b"1" * 5000 + b"}", "'{file}' line 1 is not JSON: Exceeds the limit"),
    "deep": (b"[" * 200_000, "'{file}' line 1 is not JSON: maximum recursion depth"),
}


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD)
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "r.jsonl"
    file.write_bytes(data)
    with pytest.raises(ReprlabError) as caught:
        list(jsonl_rows(file))
    assert str(caught.value).startswith(says.format(file=file))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"cannot read '.*none\.jsonl': No such file"):
        list(jsonl_rows(tmp_path / "none.jsonl"))
