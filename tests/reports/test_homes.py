"""Results of other weights under one name lie in a folder of their own, and are called otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprlab.reports.homes import MARK, Owner, claimed, home_of


def owner(digits: str, name: str = "checkpoint-500", *, local: bool = True) -> Owner:
    return Owner(model=name, weights=f"content:{digits * 8}", local=local)


def test_the_first_keeps_the_name_and_others_get_digits_of_their_digest(tmp_path: Path) -> None:
    said: list[str] = []
    labels = [claimed(tmp_path, owner(d), said.append) for d in ("aaaa", "bbbb", "aaaa", "bbbb")]
    assert labels == ["checkpoint-500", "checkpoint-500@bbbb"] * 2
    assert (
        said
        == [f"note: '{tmp_path}/checkpoint-500' holds results of other weights: these are called {labels[1]}"]
        * 2
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(set(labels))
    assert [home_of(tmp_path, owner(d)).name for d in ("aaaa", "bbbb", "cccc")] == [*labels[:2], labels[0]]


def test_digests_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    alike = [Owner(model="m", weights=f"content:aaaa{end}{'0' * 24}", local=True) for end in ("bbbb", "cccc")]
    first = owner("ffff", "m")
    assert [claimed(tmp_path, one) for one in (first, *alike)] == ["m", "m@aaaa", "m@aaaacccc"]


@pytest.mark.parametrize(("first", "second", "label"), [(False, False, "m"), (True, False, "m@bbbb")])
def test_a_name_that_is_no_path_is_one_model(tmp_path: Path, first: bool, second: bool, label: str) -> None:
    claimed(tmp_path, owner("aaaa", "m", local=first))
    assert claimed(tmp_path, owner("bbbb", "m", local=second)) == label


def test_a_report_without_a_mark_is_not_written_over_by_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    run = {"model": "m", "identity": {"digest of the weights": "tensors:0123"}}
    (folder / "run.json").write_text(json.dumps(run))
    assert claimed(tmp_path, owner("aaaa", "m")) == "m@aaaa"
    assert claimed(tmp_path, owner("aaaa", "m", local=False)) == "m"


def test_a_damaged_mark_is_nobodys(tmp_path: Path) -> None:
    claimed(tmp_path, owner("aaaa"))
    (tmp_path / "checkpoint-500" / MARK).write_text("[")
    assert claimed(tmp_path, owner("aaaa")) == "checkpoint-500@aaaa"
