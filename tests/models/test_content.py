"""Every byte of a file enters its digest; it is read once for each state of the file, and by one process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xxhash
from made_weights import message

from reprlab.models import content
from reprlab.models.content import REMEMBERED, byte_digest, unchanged

LONG_AGO = time.time_ns() - 10**12


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is large enough to be remembered."""
    made = tmp_path / "weights [1].safetensors"
    made.write_bytes(os.urandom(REMEMBERED + 5))
    return made


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, in order; all are old enough to be remembered."""
    seen: list[Path] = []
    read = content._read
    monkeypatch.setattr(content, "_read", lambda path, *rest: (seen.append(path), read(path, *rest))[1])
    monkeypatch.setattr(content, "_SETTLED", -(10**12))
    return seen


def test_a_digest_is_of_every_byte(file: Path) -> None:
    assert byte_digest(file) == xxhash.xxh3_128(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("place", [0, REMEMBERED // 2, REMEMBERED + 4])
def test_any_byte_changes_it(file: Path, place: int) -> None:
    before, data = byte_digest(file), bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    assert byte_digest(file) != before


def test_a_file_is_read_once_and_again_after_a_change_of_the_same_size_and_time(
    file: Path, tmp_path: Path, reads: list[Path]
) -> None:
    memory, was = tmp_path / "memory", file.stat()
    first = byte_digest(file, [memory])
    assert byte_digest(file, [memory]) == first
    link = tmp_path / "link"
    link.symlink_to(file)
    assert byte_digest(link, [memory]) == first
    assert len(reads) == 1
    with file.open("r+b") as stream:
        stream.seek(REMEMBERED // 2)
        stream.write(b"another middle")
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert byte_digest(file, [memory]) != first
    assert len(reads) == 2


def test_a_file_that_was_written_just_now_is_not_remembered(file: Path, tmp_path: Path) -> None:
    byte_digest(file, [tmp_path / "memory"])
    assert not list((tmp_path / "memory").glob("*.json"))


def test_a_memory_that_cannot_be_written_or_is_damaged_costs_a_reading(
    file: Path, tmp_path: Path, reads: list[Path]
) -> None:
    blocked, second = file / "no folder", tmp_path / "second"
    first = byte_digest(file, [blocked])
    assert byte_digest(file, [blocked, second]) == byte_digest(file, [blocked, second]) == first
    assert len(reads) == 2
    for note in second.glob("*.json"):
        note.write_bytes(b"\xff\x00")
    assert byte_digest(file, [second]) == first


@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_a_change_while_it_is_read_is_noticed(file: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(self: object, count: int) -> None:
        if how == "in place":
            file.write_bytes(b"x" * (REMEMBERED + 5))
        else:
            other = file.with_name("other")
            other.write_bytes(b"x" * (REMEMBERED + 5))
            other.replace(file)

    monkeypatch.setattr("reprlab.models.content._Said.add", add)
    assert "changed while it was read" in message(byte_digest, file)


def test_files_that_change_while_a_network_is_made_are_named(file: Path) -> None:
    def load() -> None:
        with unchanged([file]):
            os.utime(file, ns=(LONG_AGO, LONG_AGO))

    assert message(load) == f"'{file}' changed while it was read: wait until it is written, and run again"


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no ordinary file" in message(byte_digest, tmp_path / "pipe")
    assert "No such file" in message(byte_digest, tmp_path / "nothing")


def test_large_files_are_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(content, "LARGE", 1)
    monkeypatch.setattr(content, "_EVERY", 0.0)
    byte_digest(file, say=said.append)
    assert said[0] == f"reading {file.name} (0.0 GB), once: its bytes are its identity"
    assert said[-1] == f"reading {file.name}: 100%, some 0 s left"


def test_one_process_reads_and_another_waits_for_it(file: Path, tmp_path: Path) -> None:
    os.utime(file, ns=(LONG_AGO, LONG_AGO))
    memory = tmp_path / "memory"
    code = (
        "import sys, time; from pathlib import Path; from reprlab.models import content as c; "
        "c._SETTLED = -10**12; read = c._read; "
        "c._read = lambda *a: (print('read', flush=True), time.sleep(1), read(*a))[2]; "
        "c.byte_digest(Path(sys.argv[1]), [Path(sys.argv[2])], say=print)"
    )
    command = [sys.executable, "-c", code, str(file), str(memory)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=60)[0] for process in both)
    assert said.count("read\n") == 1
