"""Answers come back as they were put, whole or not at all, from a file of one writer at a time."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import texts
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from made_answers import IDENTITY, record

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.sweeps.answers import answer_files, damage, hold_all, hold_answers, open_answers
from reprlab.sweeps.identity import AnswersIdentity


@pytest.fixture
def acts(tiny: Network) -> Capture:
    return rl.capture(tiny, texts(20), shard_bytes=40_000)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file with two batches and the answers of one of them under one schedule."""
    with hold_answers(tmp_path, IDENTITY, {"model": "tiny"}) as answers:
        answers.add([[record(2), record(0)], [record(1)]])
        answers.put(0, [("0:6", "values", np.array([[1, 2.5], [3, 4]]))])
        return answers.path


ragged = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@given(ragged, st.integers(1, 3), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20)
def test_answers_come_back_as_they_were_put(counts: list[int], width: int, chance: Any) -> None:
    import tempfile

    places = list(range(len(counts)))
    chance.shuffle(places)
    likely = [np.array([chance.choice([0.5, -3.25, np.inf, -np.inf, np.nan])] * n) for n in counts]
    values = np.array([[place + 0.25] * width for place in places])
    with tempfile.TemporaryDirectory() as folder:
        with hold_answers(Path(folder), IDENTITY, {}) as answers:
            answers.add([[record(place, counts[place]) for place in places]])
            flat = np.concatenate([likely[place] for place in places])
            answers.put(0, [("0:6", "values", values), ("0:6", "likelihoods", flat)])
        with hold_answers(Path(folder), IDENTITY, {}) as answers:
            asked = list(range(len(counts)))
            found = answers.get(["0:6"], asked, "values")["0:6"]
            assert [list(row) for row in found if row is not None] == [[p + 0.25] * width for p in asked]
            for row, expected in zip(answers.get(["0:6"], asked, "likelihoods")["0:6"], likely, strict=True):
                np.testing.assert_array_equal(row, expected)


def test_what_is_not_there_is_none(kept: Path) -> None:
    with open_answers(kept) as answers:
        found = answers.get(["0:6", "0:5"], [0, 1, 2, 7], "values")
        assert [row if row is None else row.tolist() for row in found["0:6"]] == [
            [3, 4],
            None,
            [1, 2.5],
            None,
        ]
        assert found["0:5"] == [None] * 4
        assert answers.get(["0:6"], [0], "likelihoods") == {"0:6": [None]}
        assert (answers.done(0), answers.done(1), answers.done(0, "greedy")) == ({"0:6"}, set(), set())
        assert answers.counts() == (3, 1, 1)


def test_documents_keep_what_was_written_of_them(kept: Path) -> None:
    with open_answers(kept) as answers:
        assert answers.records() == {place: record(place) for place in range(3)}
        assert (answers.identity, answers.about) == (IDENTITY, {"model": "tiny"})


def test_batches_stay_as_they_were_first_written(kept: Path) -> None:
    root = kept.parents[2]
    with hold_answers(root, IDENTITY, {"model": "other"}) as answers:
        answers.add([[record(4), record(3)]])
        answers.add([])
        assert answers.batches() == {0: (2, 0), 1: (1,), 2: (4, 3)}
        with pytest.raises(ReprlabError):
            answers.add([[record(5), record(1)]])
    with open_answers(kept) as answers:
        assert answers.batches() == {0: (2, 0), 1: (1,), 2: (4, 3)}
        assert answers.about == {"model": "tiny"}


def test_an_answer_is_never_there_twice(kept: Path) -> None:
    with hold_answers(kept.parents[2], IDENTITY, {}) as answers:
        new = ("0:5", "values", np.zeros((2, 2)))
        with pytest.raises(ReprlabError, match="UNIQUE constraint failed"):
            answers.put(0, [new, ("0:6", "values", np.zeros((2, 2)))])
        assert answers.done(0) == {"0:6"}
        assert answers.counts() == (3, 1, 1)
        found = answers.get(["0:6"], [2], "values")["0:6"][0]
        assert found is not None
        assert found.tolist() == [1, 2.5]


def test_answers_of_a_batch_are_there_whole_or_not_at_all(kept: Path) -> None:
    def broken() -> Any:
        yield "0:5", "values", np.zeros((2, 2))
        raise KeyboardInterrupt

    with hold_answers(kept.parents[2], IDENTITY, {}) as answers:
        with pytest.raises(KeyboardInterrupt):
            answers.put(0, broken())
        assert answers.done(0) == {"0:6"}


@pytest.mark.parametrize("field", AnswersIdentity.model_fields)
def test_everything_that_changes_answers_has_a_file_of_its_own(field: str, tmp_path: Path) -> None:
    changed = 99 if field in {"format", "max_new_tokens", "inputs", "scoring"} else "other"
    other = IDENTITY.model_copy(update={field: changed})
    assert other.path(tmp_path) != IDENTITY.path(tmp_path)


def test_answer_files_are_found_beside_captures(kept: Path, acts: Capture) -> None:
    assert answer_files(kept.parents[2]) == [kept]
    assert answer_files(acts.folder.parents[2]) == []
    assert damage(kept) == ""


def one_line(error: BaseException, path: Path) -> bool:
    return str(path) in str(error) and "\n" not in str(error)


def spoil(path: Path, harm: str) -> None:
    data = path.read_bytes()
    if harm == "not SQLite":
        path.write_bytes(b"x" * 5000)
    elif harm == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "another program's":
        path.unlink()
        with sqlite3.connect(path) as base:
            base.execute("CREATE TABLE documents (name TEXT)")
        base.close()
    elif harm == "another identity":
        with sqlite3.connect(path) as base:
            other = IDENTITY.model_copy(update={"weights": "other"}).model_dump_json()
            base.execute("UPDATE meta SET value = ? WHERE key = 'identity'", (other,))
        base.close()
    elif harm == "no identity":
        with sqlite3.connect(path) as base:
            base.execute("DELETE FROM meta")
        base.close()
    elif harm == "a page":
        path.write_bytes(data[:8192] + b"\xff" * 4096 + data[12288:])
    elif harm == "a blob":
        with sqlite3.connect(path) as base:
            base.execute("UPDATE answers SET data = ?", (b"nonsense",))
        base.close()


def use(root: Path) -> None:
    """What a sweep reads of a file that it goes on with."""
    with hold_answers(root, IDENTITY, {}) as answers:
        answers.records()
        answers.batches()
        answers.done(0)
        answers.get(["0:6"], [0, 1, 2], "values")


HARMS = ["not SQLite", "cut short", "another program's", "another identity", "no identity"]
HARMS += ["a page", "a blob"]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_of_answers_is_one_clear_error(kept: Path, harm: str) -> None:
    spoil(kept, harm)
    before = kept.read_bytes()
    with pytest.raises(ReprlabError) as caught:
        use(kept.parents[2])
    assert one_line(caught.value, kept)
    assert kept.read_bytes() == before
    with FileLock(kept.with_suffix(".lock"), timeout=0):  # and nothing holds it afterwards
        pass


@pytest.mark.parametrize("harm", [harm for harm in HARMS if harm != "another identity"])
def test_damage_says_what_is_wrong(kept: Path, harm: str) -> None:
    spoil(kept, harm)
    assert damage(kept) != ""


def test_reading_answers_that_are_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match="unable to open"), open_answers(tmp_path / "none.sqlite"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_reading_writes_nothing(kept: Path) -> None:
    with open_answers(kept) as answers, pytest.raises(ReprlabError, match="readonly"):
        answers.put(0, [("0:5", "values", np.zeros((2, 2)))])


def test_files_are_held_in_one_order_whatever_was_asked_for_first(tmp_path: Path) -> None:
    """Each taking its own first file, two writers would wait for each other's second one for ever."""
    other = IDENTITY.model_copy(update={"benchmark": "hellaswag"})
    both, order = threading.Barrier(2, timeout=10), [IDENTITY, other]
    done: list[str] = []

    def write(identities: list[AnswersIdentity]) -> None:
        both.wait()
        for _ in range(40):
            with hold_all(tmp_path, identities, {}) as files:
                done.append("".join(file.identity.benchmark for file in files))

    writers = [threading.Thread(target=write, args=(given,), daemon=True) for given in (order, order[::-1])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert (done.count("archellaswag"), done.count("hellaswagarc")) == (40, 40)
    with hold_all(tmp_path, [other, IDENTITY, other], {}) as files:
        assert files[0] is files[2] is not files[1]


def test_a_second_writer_waits_and_says_so(kept: Path) -> None:
    said: list[str] = []
    root, order = kept.parents[2], []

    def second() -> None:
        with hold_answers(root, IDENTITY, {}, say=said.append) as answers:
            order.append("second")
            answers.put(1, [("0:6", "values", np.zeros((1, 2)))])

    waiting = threading.Thread(target=second)
    with hold_answers(root, IDENTITY, {}) as answers:
        waiting.start()
        until = time.monotonic() + 10
        while not said and time.monotonic() < until:
            time.sleep(0.01)
        answers.put(0, [("0:5", "values", np.zeros((2, 2)))])
        order.append("first")
    waiting.join(10)
    assert said == [f"waiting: another process is writing these answers ({kept})"]
    assert order == ["first", "second"]
    with open_answers(kept) as answers:
        assert answers.counts() == (3, 2, 3)


SCRIPT = """
import resource, signal, sys
from pathlib import Path
import numpy as np
import reprlab as rl
from reprlab.sweeps.answers import hold_answers
from reprlab.sweeps.identity import AnswersIdentity
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
identity = AnswersIdentity.model_validate_json(sys.argv[2])
size = identity.path(Path(sys.argv[1])).stat().st_size + 20_000
try:
    with hold_answers(Path(sys.argv[1]), identity, {}) as answers:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for number in range(99):
            numbers = np.random.default_rng(number).random((2, 500))
            answers.put(0, [(str(number), "values", numbers), (str(number), "divergence", numbers)])
            print(number)
except rl.ReprlabError as error:
    print(error)
"""


def test_a_full_disk_says_so_and_leaves_what_was_complete(kept: Path) -> None:
    root = kept.parents[2]
    script = root / "full.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(root), IDENTITY.model_dump_json()],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    *written, said = done.stdout.splitlines()
    assert done.stderr == ""
    assert said.startswith(f"cannot use '{kept}' (")
    assert said.endswith("complete answers stay good; make room, or set --cache")
    assert 0 < len(written) < 99
    assert damage(kept) == ""
    with hold_answers(root, IDENTITY, {}) as answers:
        assert answers.done(0) == {"0:6", *written}
        assert answers.done(0, "divergence") == set(written)
        answers.put(0, [("0:5", "values", np.zeros((2, 2)))])


def test_a_schedule_is_complete_once_every_document_has_answers(kept: Path) -> None:
    with hold_answers(kept.parents[2], IDENTITY, {}) as answers:
        before = answers.complete()
        answers.put(0, [("5:0 5", "values", np.zeros((2, 2)))])
        assert answers.complete() == before
        answers.put(1, [("5:0 5", "values", np.zeros((1, 2)))])
        assert answers.complete() == before + 1


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES], ids=["read only", "of another user"])
def test_complete_answers_are_read_where_no_lock_can_be_made(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("reprlab.sweeps.answers.FileLock.acquire", refuse)
    with hold_answers(tmp_path, IDENTITY, {}) as answers:
        answers.add([])
        assert answers.done(0) == {"0:6"}
        with pytest.raises(ReprlabError, match="readonly"):
            answers.put(1, [("0:6", "values", np.ones((1, 2)))])
    other = IDENTITY.model_copy(update={"benchmark": "another"})
    with pytest.raises(ReprlabError, match=os.strerror(error)), hold_answers(tmp_path, other, {}):
        pass
    assert sorted(path.name for path in kept.parent.iterdir() if path.suffix != ".lock") == [kept.name]


def test_a_lock_that_was_removed_while_it_was_waited_for_is_made_anew(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, left = FileLock.acquire, [kept.with_suffix(".lock")]

    def late(self: FileLock, **options: Any) -> Any:
        taken = take(self, **options)
        while left:  # `cache remove` came first
            left.pop().unlink()
        return taken

    monkeypatch.setattr("reprlab.sweeps.answers.FileLock.acquire", late)
    with hold_answers(tmp_path, IDENTITY, {}):
        assert kept.with_suffix(".lock").exists()
