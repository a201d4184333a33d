"""`reprlab cache`: captures and answers are listed, verified and removed, and nothing outside is touched."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import SMALL, SWEEP, Done, Run, shards, the_capture


@pytest.fixture
def captured(run: Run, tmp_path: Path) -> Path:
    """The folder of a capture of tiny-neox on three documents."""
    assert run("capture", "tiny-neox", *SMALL).code == 0
    return the_capture(tmp_path)


def test_the_cache_is_listed(run: Run, captured: Path) -> None:
    assert run("cache", "list").out.splitlines()[1].split() == [
        *("tiny-neox", "builtin", "0:6", "3", "72", "24", "float32", "0", "MB", captured.name),
    ]
    (row,) = json.loads(run("cache", "list", "--json").out)
    assert (row["model"], row["folder"]) == ("tiny-neox", str(captured))


def test_an_empty_cache_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    assert run("cache", "list") == Done(0, f"no captures in {tmp_path}/cache\n", "")
    assert run("cache", "list", "--json").out == "[]\n"
    nothing = f"reprlab: there is no cache at '{tmp_path}/cache': nothing was checked\n"
    assert run("cache", "verify") == Done(2, "", nothing)
    (tmp_path / "cache").mkdir()
    assert run("cache", "verify") == Done(0, "0 shards, all good\n", "")


def flip(shard: Path) -> None:
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)


@pytest.mark.parametrize(("harm", "why"), [(flip, "checksum differs"), (Path.unlink, "missing")])
def test_a_damaged_shard_is_named_and_made_again_to_the_same_bytes(
    run: Run, captured: Path, tmp_path: Path, harm: Callable[[Path], None], why: str
) -> None:
    before = shards(tmp_path / "cache")
    assert run("cache", "verify") == Done(0, "1 shard, all good\n", "")
    shard = captured / "shards" / "00000000.h5"
    harm(shard)
    assert run("cache", "verify") == Done(
        1, f"{shard}: {why}\n1 shard, 1 damaged: mend with --drop-damaged\n", ""
    )
    assert run("cache", "verify", "--drop-damaged") == Done(
        0, f"{shard}: {why}\n1 shard, 1 damaged: dropped; capture again to make them\n", ""
    )
    assert run("capture", "tiny-neox", *SMALL).code == 0
    assert shards(tmp_path / "cache") == before
    assert run("cache", "verify").code == 0


def test_a_capture_that_cannot_be_read_is_not_all_good(run: Run, captured: Path) -> None:
    (captured / "manifest.json").write_text("{")
    done = run("cache", "verify")
    assert done.code == 2
    assert done.out == "0 shards, none damaged; 1 capture cannot be read\n"
    assert "is not JSON" in done.err


def test_nothing_is_removed_without_yes(run: Run, captured: Path) -> None:
    done = run("cache", "remove", "tiny-neox")
    assert done == Done(2, "", "reprlab: 1 captures (0 MB) were not removed: add --yes\n")
    assert captured.is_dir()


@pytest.mark.parametrize("by", ["model", "digest"])
def test_a_capture_is_removed_by_model_or_digest_and_no_other(
    run: Run, captured: Path, tmp_path: Path, by: str
) -> None:
    run("capture", "tiny-bert", *SMALL)
    done = run("cache", "remove", "tiny-neox" if by == "model" else captured.name, "--yes")
    assert done == Done(0, f"removed {captured}\n", "")
    assert [f.name for f in (tmp_path / "cache").iterdir()] == ["tiny-bert"]


def test_only_the_corpus_given_is_removed(run: Run, captured: Path) -> None:
    done = run("cache", "remove", "tiny-neox", "--corpus", "arc", "--yes")
    assert done.code == 2
    assert done.err.startswith("reprlab: nothing of 'tiny-neox' on 'arc'")
    assert done.err.endswith("there are: builtin\n")
    assert captured.is_dir()
    assert run("cache", "remove", "tiny-neox", "--corpus", "builtin", "-y").code == 0
    assert not captured.exists()


@pytest.mark.parametrize("level", [0, 1, 2], ids=["capture", "corpus", "model"])
def test_a_link_out_of_the_cache_is_never_followed(
    run: Run, captured: Path, tmp_path: Path, level: int
) -> None:
    linked = (captured, *captured.parents)[level]
    outside = tmp_path / "outside" / linked.name
    outside.parent.mkdir()
    shutil.move(linked, outside)
    linked.symlink_to(outside)
    done = run("cache", "remove", "tiny-neox", "--yes")
    assert (done.code, done.err) == (
        2,
        f"reprlab: '{captured}' leads out of the cache '{tmp_path}/cache': not removed\n",
    )
    assert len(shards(outside)) == 1


def test_a_link_inside_a_capture_is_cut_not_followed(run: Run, captured: Path, tmp_path: Path) -> None:
    shutil.move(captured / "shards", tmp_path / "outside")
    (captured / "shards").symlink_to(tmp_path / "outside")
    assert run("cache", "remove", "tiny-neox", "--yes").code == 0
    assert not captured.exists()
    assert len(shards(tmp_path / "outside")) == 1


@pytest.mark.parametrize(
    "command",
    [("cache", "list"), ("cache", "verify"), ("similarity", "--model", "tiny-neox", *SMALL)],
    ids=str,
)
def test_a_manifest_that_does_not_match_its_folder_is_named(
    run: Run, captured: Path, command: tuple[str, ...]
) -> None:
    moved = captured.rename(captured.with_name("0" * 16))
    done = run(*command)
    assert (done.code, done.err) == (
        2,
        f"reprlab: '{moved}/manifest.json' does not match its folder: digest is '{captured.name}', expected "
        f"'{'0' * 16}'; move it back or `reprlab cache remove {'0' * 16}`\n",
    )


def test_a_manifest_of_another_model_is_named(run: Run, captured: Path, tmp_path: Path) -> None:
    (tmp_path / "cache" / "tiny-neox").rename(tmp_path / "cache" / "gpt2")
    assert run("cache", "list").err == (
        f"reprlab: '{tmp_path}/cache/gpt2/builtin/{captured.name}/manifest.json' does not match its folder: "
        f"model is 'tiny-neox', expected 'gpt2'; move it back or `reprlab cache remove {captured.name}`\n"
    )


def test_the_cache_lists_checks_and_removes_answers(run: Run, tmp_path: Path) -> None:
    run(*SWEEP.split(), "--schedule", "0:2 3:6")
    listed = run("cache", "list")
    assert "answers" in listed.out
    assert "builtin_cloze" in listed.out
    rows = json.loads(run("cache", "list", "--json").out)
    assert [(row["benchmark"], row["documents"], row["schedules"]) for row in rows] == [
        ("builtin_cloze", 4, 2),
        ("builtin_pronoun", 4, 2),
    ]
    assert "2 files of answers, all good" in run("cache", "verify").out
    Path(rows[0]["file"]).write_bytes(b"no database at all, but long enough to be read as one")
    broken = run("cache", "verify")
    assert broken.code == 1
    assert "is damaged" in broken.out
    done = run("cache", "remove", "tiny-llama", "--corpus", "builtin_pronoun", "--yes")
    assert done.code == 0
    assert [path.parent.name for path in (tmp_path / "cache").rglob("*.sqlite")] == ["builtin_cloze"]


def test_captures_made_with_other_inputs_are_marked_and_neither_reused_nor_added_to(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("reprlab.captures.described.of_captures", lambda _: 1)
        assert run("capture", "tiny-gpt2", *SMALL).code == 0
    (old,) = (tmp_path / "cache" / "tiny-gpt2" / "builtin").iterdir()
    assert '"inputs"' not in (old / "manifest.json").read_text()
    kept = {file: file.read_bytes() for file in old.rglob("*") if file.is_file()}
    assert "1 marked (old inputs): made before" in run("cache", "list").out
    assert run("similarity", "--model", "tiny-gpt2", *SMALL).code == 0
    new = [folder for folder in old.parent.iterdir() if folder != old]
    assert [json.loads((folder / "manifest.json").read_text())["identity"]["inputs"] for folder in new] == [2]
    assert {file: file.read_bytes() for file in old.rglob("*") if file.is_file()} == kept
    listed = json.loads(run("cache", "list", "--json").out)
    marks = {Path(row["folder"]).name: row["old_inputs"] for row in listed}
    assert marks == {old.name: True, new[0].name: False}


@pytest.mark.parametrize("kind", ["tensors", "commit"])
def test_captures_and_answers_under_old_digests_are_marked_and_adopt_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with monkeypatch.context() as before:
        before.setattr("reprlab.models.weights.Weights.identified", lambda *_: f"{kind}:{'0' * 32}")
        assert run("capture", "tiny-llama", *SMALL).code == 0
        assert run(*SWEEP.split(), "--schedule", "0:6").code == 0
    assert run("capture", "tiny-llama", *SMALL).code == 0
    told = run("cache", "list").out
    assert sum(line.rstrip().endswith(" (old digest)") for line in told.splitlines()) == 3
    assert "3 marked (old digest): " in told
    assert "`reprlab cache adopt`" in told
    rows = json.loads(run("cache", "list", "--json").out)
    assert [row["old_digest"] for row in rows] == [row["weights"].startswith(kind) for row in rows]
    assert sum(row["old_digest"] for row in rows) == 3
