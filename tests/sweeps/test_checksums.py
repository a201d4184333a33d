"""A flipped bit in a file of answers is an error or nothing: it never gives other answers."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_answers import IDENTITY, record

from reprlab.errors import ReprlabError
from reprlab.sweeps.answers import Part, answer_files, damage, hold_answers, open_answers
from reprlab.sweeps.checksums import FILE_FORMAT

PARTS: tuple[Part, ...] = ("values", "divergence")
ARCHIVED = Path(__file__).parents[1] / "archives" / "format-1" / "cache"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three batches, forty schedules, two parts and a learning curve, on a dozen pages."""
    with hold_answers(tmp_path_factory.mktemp("cache"), IDENTITY, {"model": "tiny"}) as answers:
        answers.add([[record(2), record(0)], [record(1)], [record(3), record(4)]])
        for batch, size in enumerate((2, 1, 2)):
            numbers = np.arange(2.0 * size).reshape(size, 2) + batch / 3
            answers.put(batch, ((f"{n}:60", part, numbers * n) for n in range(40) for part in PARTS))
        answers.put_run("0:60 0", np.ones((2, 2)), "[1, 2]")
        return answers.path


def content(path: Path) -> Any:
    """Everything that a file can be asked for."""
    with open_answers(path) as file:
        texts = [*sorted(file.done(0) | file.done(1) | file.done(2)), "never run"]
        found = {part: file.get(texts, range(6), part) for part in ("values", "divergence", "greedy")}
        rows = [part[text] for part in found.values() for text in texts]
        numbers = [[None if x is None else x.tolist() for x in row] for row in rows]
        done = [file.done(batch) for batch in range(4)]
        about = (file.identity, file.about, file.counts(), file.complete())
        return numbers, done, texts, file.records(), file.batches(), file.curves(), about


def test_a_flipped_bit_is_an_error_or_nothing(kept: Path, tmp_path: Path) -> None:
    chance, whole, before = random.Random(16), kept.read_bytes(), content(kept)
    file = tmp_path / kept.parent.parent.name / kept.parent.name / kept.name
    file.parent.mkdir(parents=True)
    errors: list[str] = []
    for bit in [*range(0, 112 * 8, 5), *chance.sample(range(len(whole) * 8), 400)]:
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        try:
            assert content(file) == before, bit
        except ReprlabError as error:
            errors.append(str(error))
    assert len(errors) > 100
    assert [error for error in errors if "\n" in error] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answers SET data = (SELECT data FROM answers WHERE batch = 1 LIMIT 1) WHERE batch = 0",
        "UPDATE answers SET part = 'greedy' WHERE part = 'divergence'",
        "UPDATE answers SET batch = 7 WHERE batch = 2",
        "UPDATE answers SET schedule = 999 WHERE schedule = 1",
        "UPDATE schedules SET text = '7:61' WHERE text = '7:60'",
        "UPDATE documents SET unit = 'another' WHERE place = 3",
        "UPDATE documents SET slot = 1 - slot",
        "UPDATE curves SET data = '[1, 3]'",
        "UPDATE answers SET checksum = NULL WHERE batch = 0",
        """UPDATE meta SET value = '{"model": "tinz"}' WHERE key = 'about'""",
        "UPDATE meta SET value = '3' WHERE key = 'format'",
    ],
)
def test_a_row_that_is_another_is_damage(kept: Path, tmp_path: Path, change: str) -> None:
    root = Path(shutil.copytree(kept.parents[2], tmp_path / "cache"))
    (file,) = answer_files(root)
    with sqlite3.connect(file) as base:
        base.execute(change)
    base.close()
    assert str(file) in damage(file)
    for use in (lambda: content(file), lambda: hold_answers(root, IDENTITY, {}).__enter__()):
        with pytest.raises(ReprlabError, match="is damaged"):
            use()


def test_a_file_of_format_1_gets_checksums_when_it_is_gone_on_with(tmp_path: Path) -> None:
    root = Path(shutil.copytree(ARCHIVED, tmp_path / "cache"))
    for file in answer_files(root):
        before, said = content(file), list[str]()
        with open_answers(file) as answers:
            identity, oldest = answers.identity, answers.format
        with hold_answers(root, identity, {"new": 1}, say=said.append) as answers:
            assert (oldest, answers.format) == (1, FILE_FORMAT)
        assert said == [f"note: '{file}' is of format 1: its rows get checksums now"]
        *rest, about = content(file)
        assert tuple(rest) == before[:-1]
        assert about[1] == before[-1][1] | {"checksums": "added later: damage before is not known"}
        assert damage(file) == ""


KILLED = """
import os, signal, sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("pragma cache_size=2")
base.execute("begin")
for n in range(2000):
    base.execute("insert into answers values (?, 0, 'values', ?, null)", (1000 + n, os.urandom(900)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_in_a_commit_is_taken_back_by_whoever_reads_next(kept: Path, tmp_path: Path) -> None:
    (file,) = answer_files(Path(shutil.copytree(kept.parents[2], tmp_path / "cache")))
    before = content(file)
    subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert file.with_name(f"{file.name}-journal").stat().st_size
    assert damage(file) == ""
    assert content(file) == before
