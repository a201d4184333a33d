"""Options with several values: split at commas, stripped, never empty, the same by repetition."""

import pytest

from reprlab.cli.options.pieces import check_counts, limits, pieces, whole
from reprlab.errors import ReprlabError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (" a , b ", ["a", "b"]),
        ("0:2 [2:4] 4:6,0:6", ["0:2 [2:4] 4:6", "0:6"]),
    ],
)
def test_a_text_is_split_at_commas_and_stripped(text: str, values: list[str]) -> None:
    assert pieces("--x", text) == values


@pytest.mark.parametrize("text", ["", ",", "a,", ",a", "a,,b", " "])
def test_an_empty_piece_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        pieces("--x", text)
    assert (
        str(caught.value) == f"--x '{text}' has an empty piece: write values with commas between, as in a,b"
    )


def test_whole_numbers_and_half_open_ranges() -> None:
    assert whole("--starts", None) is None
    assert whole("--starts", ["3", "5:8", "1"]) == [3, 5, 6, 7, 1]


@pytest.mark.parametrize("text", ["x", "-1", "1:", ":3", "1:2:3", "1.5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ReprlabError, match=f"^--starts '{text}': give whole numbers"):
        whole("--starts", [text])


def test_an_empty_range_is_refused_among_others_too() -> None:
    with pytest.raises(ReprlabError, match=r"^--starts '3:3' is an empty range"):
        whole("--starts", ["1", "3:3"])


def test_counts_begin_at_one() -> None:
    check_counts(limit=1, train_limit=None)
    with pytest.raises(ReprlabError, match=r"^--train-limit 0: give 1 or more$"):
        check_counts(limit=1, train_limit=0)


def test_a_limit_is_a_number_for_all_and_numbers_for_some() -> None:
    assert limits("--limit", ["400"]) == (400, {})
    assert limits("--limit", ["400", "a=64", "b,2=8"]) == (400, {"a": 64, "b,2": 8})
    assert limits("--limit", ["a=64"]) == (None, {"a": 64})


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["0"], "--limit 0: give 1 or more"),
        (["many"], "--limit many: give 1 or more, as in 400, or gsm8k_nll=64 for one benchmark"),
        (["a="], "--limit a=: give 1 or more"),
        (["a=-3"], "--limit a=-3: give 1 or more"),
        (["4", "5"], "--limit 4,5: give one number for all, and NAME=NUMBER for others"),
        (["a=4", "a=5"], "--limit a=4,a=5: give each benchmark once"),
        (["=5"], "--limit =5: give a benchmark's name before ="),
    ],
)
def test_any_other_limit_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        limits("--limit", texts)
    assert str(caught.value).startswith(message)
