"""Files that commands write: good ones stay, those of others are not touched, and a full disk is a line."""

import json
import os
import resource
from pathlib import Path

import pytest
from cli_runs import SWEEP, Run

LENS = "lens --model tiny-llama --documents 2 --max-tokens 20"
FIGURE = "figures fig11 --model tiny-llama"


def test_numbers_that_come_to_a_picture_replace_none_but_ours(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "data.json"
    mine.write_text('{"mine": 1}')
    done = run(*LENS.split(), "--out", "data.png")
    assert (done.code, mine.read_text(), list(tmp_path.glob("*.png"))) == (2, '{"mine": 1}', [])
    assert "would also write 'data.json', which holds nothing that reprlab wrote" in done.err
    mine.unlink()
    mine.mkdir()
    done = run(*LENS.split(), "--out", "data.png")
    assert done == (
        2,
        "",
        "reprlab: --out would also write 'data.json', which is a folder: give another name\n",
    )
    mine.rmdir()
    for _ in range(2):  # the second time its own numbers are there
        assert run(*LENS.split(), "--out", "data.png").code == 0
    assert "made_with" in json.loads(mine.read_text())
    mine.write_text("{")
    assert run(*LENS.split(), "--out", "data.png", "--out", "data.json").code == 0  # named in full


def test_a_full_disk_leaves_the_old_table_and_is_one_line(run: Run, tmp_path: Path) -> None:
    sweep = [*SWEEP.split(), "--schedule", "0:6"]
    assert run(*sweep, "--out", "s.csv", "--out", "s.npz").code == 0
    before = {name: (tmp_path / name).read_bytes() for name in ("s.csv", "s.npz")}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
    try:
        tables = [run(*sweep, "--out", name) for name in before]
        results = run(*sweep, "--out", "/dev/stdout", "--lm-eval-json", "lm")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    for done in (*tables, results):
        assert done.code != 0
        assert "cannot write '" in done.err
        assert done.err.count("File too large") == 1
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert [path for path in (tmp_path / "lm").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", ["/dev/full", "full.csv"])
def test_a_full_device_is_one_line(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "full.csv").symlink_to("/dev/full")
    done = run(*SWEEP.split(), "--schedule", "0:6", "--out", name)
    assert done.code != 0
    assert f"cannot write '{name}': No space left on device" in done.err


@pytest.mark.parametrize("command", ["figures list", FIGURE, "report tiny-llama", "report --from-numbers"])
def test_a_files_name_is_no_folder_of_reports(run: Run, tmp_path: Path, command: str) -> None:
    done = run(*command.split(), "--out", "x.png")
    assert (done.code, list(tmp_path.glob("x.png*"))) == ((0 if "list" in command else 2), [])
    assert "list" in command or "--out 'x.png': a file's name, and this is the folder of reports" in done.err


def test_trained_pairs_replace_no_file_of_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t-tuned.npz").write_text("mine")
    done = run("finetune", "tiny-llama", "--out", "t.npz")
    assert (done.code, (tmp_path / "t-tuned.npz").read_text()) == (2, "mine")
    assert "--out would also write 't-tuned.npz'" in done.err


def test_outputs_of_a_command_are_read_only_where_they_were(run: Run, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "s.csv").write_text("mine")
    (tmp_path / "s.csv").chmod(0o444)
    done = run(*SWEEP.split(), "--schedule", "0:6", "--out", "s.csv")
    assert (done.code, (tmp_path / "s.csv").read_text()) == (2, "mine")
