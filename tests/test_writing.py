"""Writing: a file is there whole or as it was before, whatever the disk, a link or a kill does."""

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from reprlab.errors import ReprlabError
from reprlab.files import make_folder, whole_file, whole_folder, write_result, write_whole


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A good file in a folder of its own."""
    file = tmp_path / "made" / "good.csv"
    write_whole(file, "a\n1\n")
    return file


def test_a_file_is_made_with_its_folders_and_replaced_without_a_trace(good: Path) -> None:
    write_whole(good, b"a\n2\n")
    assert (good.read_text(), list(good.parent.iterdir())) == ("a\n2\n", [good])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o755])
def test_a_file_keeps_its_mode(good: Path, mode: int) -> None:
    good.chmod(mode)
    write_whole(good, "b")
    assert stat.S_IMODE(good.stat().st_mode) == mode


def test_a_new_file_has_what_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_link_stays_one_and_its_file_is_written(good: Path, tmp_path: Path) -> None:
    link, dangling = tmp_path / "link.csv", tmp_path / "dangling.csv"
    link.symlink_to("made/good.csv")
    dangling.symlink_to(tmp_path / "later" / "x.csv")
    for path in (link, dangling):
        write_whole(path, "b")
        assert path.is_symlink()
    assert (good.read_text(), (tmp_path / "later" / "x.csv").read_text()) == ("b", "b")


def test_what_the_disk_refuses_leaves_the_file_and_no_scratch(good: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(ReprlabError, match=r"cannot write '.*good.csv': File too large .*make room"):
            write_whole(good, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (good.read_text(), list(good.parent.iterdir())) == ("a\n1\n", [good])


def test_an_interrupt_leaves_the_file_and_no_scratch(good: Path) -> None:
    def half() -> None:
        with whole_file(good) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert (good.read_text(), list(good.parent.iterdir())) == ("a\n1\n", [good])


KILLED = """
import os, signal, sys
from pathlib import Path
from reprlab.files import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half"); file.flush(); os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_the_file_and_the_next_writer_clears_up(good: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(good)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (good.read_text(), len(list(good.parent.iterdir()))) == ("a\n1\n", 2)
    with whole_file(good.with_name("slow")) as slow:  # the scratch of a living writer stays
        slow.write(b"slow")
        write_whole(good, "b")
    assert {file.name: file.read_text() for file in good.parent.iterdir()} == {
        "good.csv": "b",
        "slow": "slow",
    }


def test_two_writers_of_one_file_never_mix(good: Path) -> None:
    def write(sign: str) -> None:
        for _ in range(20):
            write_whole(good, sign * 70_000)

    writers = [threading.Thread(target=write, args=(sign,)) for sign in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert good.read_text() in {"a" * 70_000, "b" * 70_000}
    assert list(good.parent.iterdir()) == [good]


REFUSED = {
    "a folder": ("made", "Is a directory"),
    "below a file": ("made/good.csv/x", "Not a directory|File exists"),
    "a long name": ("n" * 300, "File name too long"),
    "a loop of links": ("loop", "Too many levels|Symlink loop"),
    "a zero byte": ("a\0b", "null"),
    "a full device": ("/dev/full", "No space left on device"),
}


@pytest.mark.parametrize(("name", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_written_is_one_line(good: Path, tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ReprlabError, match=f"cannot write '.*({why})") as caught:
        write_whole(tmp_path / name, "x")
    assert "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.rglob("*.new")] == []


def test_a_pipe_gets_what_a_file_would(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe.csv").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe.csv", "a\n" * 50_000)
    reader.join(10)
    assert got == [b"a\n" * 50_000]
    assert stat.S_ISFIFO((tmp_path / "pipe.csv").stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_gone_on_with_where_it_is(tmp_path: Path, name: str) -> None:
    code = f"""
from pathlib import Path
from reprlab.files import write_result
print("before")
write_result(Path({name!r}), {{".csv": lambda: "a\\n", ".json": lambda: "{{}}"}}, "numbers")
print("after")
"""
    with (tmp_path / "all").open("w") as out:
        out.write("first\n")
        out.flush()
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "all").read_text() == "first\nbefore\na\nafter\n"


def test_an_ending_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    kinds = {".json": lambda: "{}", ".csv": lambda: "a\n"}
    for name in ("x.txt", "x", "x.json.gz"):
        with pytest.raises(ReprlabError, match=rf"^lenses are saved as \.json or \.csv, not as '{name}'$"):
            write_result(tmp_path / name, kinds, "lenses")
    write_result(tmp_path / "X.CSV", kinds, "lenses")
    assert [file.name for file in tmp_path.iterdir()] == ["X.CSV"]


def test_a_text_with_half_a_character_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", "a\ud800b")
    assert (tmp_path / "x").read_text() == "a\\ud800b"


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "made" / "copy"

    def half() -> None:
        with whole_folder(target) as scratch:
            (scratch / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert list(target.parent.iterdir()) == []
    for text in ("one", "two"):
        (target.parent / ".copy.part").mkdir()  # what a kill left
        (target.parent / ".copy.part" / "rubbish").write_text("")
        with whole_folder(target) as scratch:
            (scratch / "a").write_text(text)
    assert {path.name for path in target.parent.rglob("*")} == {"copy", "a"}
    assert (target / "a").read_text() == "two"


def test_new_folders_are_made_durable_with_those_above_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("reprlab.files.fsync", synced.append)
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 3
