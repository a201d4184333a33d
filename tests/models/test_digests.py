"""Weights are their content: files of a folder, and blobs of the hub's snapshots."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from made_weights import COMMIT, weights_in
from safetensors.numpy import save_file

from reprlab.models.copies import copy_folder
from reprlab.models.digests import content_digest, is_old, old_digest
from reprlab.models.locations import locate

LARGE = {"a": np.arange(4000, dtype=np.float32), "b": np.ones(4, dtype=np.float16)}


def edited(folder: Path, place: int = 3000) -> Path:
    """The folder, with one number changed beyond the first 4 KiB of a tensor."""
    arrays = {**LARGE, "a": LARGE["a"].copy()}
    arrays["a"][place] += 1
    return weights_in(folder, arrays)


def test_a_number_far_inside_a_tensor_changes_the_digest_and_did_not(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "m", LARGE)
    new, old = content_digest(folder), old_digest(folder)
    edited(folder)
    assert content_digest(folder) != new
    assert old_digest(folder) == old
    assert (is_old(old), is_old(new)) == (True, False)


CHANGES = {
    "config.json": '{"rope_theta": 1}',
    "generation_config.json": '{"eos_token_id": 3}',
    "modeling_mine.py": "x = 1",
    "adapter_config.json": "{}",
    "more.safetensors": "any bytes",
    "model.safetensors.index.json": '{"weight_map": {}}',
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_file_that_changes_numbers_enters(tmp_path: Path, name: str) -> None:
    folder = weights_in(tmp_path / "m", LARGE)
    before = content_digest(folder)
    (folder / "README.md").write_text("this changes nothing")
    assert content_digest(folder) == before
    (folder / name).write_text(CHANGES[name])
    assert content_digest(folder) != before


def test_files_that_an_index_names_elsewhere_enter(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "m", LARGE)
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"one")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../outside.bin"}}')
    before = content_digest(folder)
    outside.write_bytes(b"two")
    assert content_digest(folder) != before


def snapshot(root: Path, *, links: bool = True) -> Path:
    """A snapshot as the hub keeps it: entries are links to blobs that are named by their content."""
    made, folder = weights_in(root / "made", LARGE), root / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (root / "blobs").mkdir()
    for file in made.iterdir():
        if not links:
            shutil.copyfile(file, folder / file.name)
            continue
        data = file.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        name = git if file.suffix == ".json" else hashlib.sha256(data).hexdigest()
        shutil.copyfile(file, root / "blobs" / name)
        (folder / file.name).symlink_to(root / "blobs" / name)
    return folder


def test_a_snapshot_is_its_commit_and_the_names_of_its_blobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = snapshot(tmp_path)
    digest = content_digest(folder, COMMIT)
    assert digest.startswith(f"hub:{COMMIT}:")
    assert not is_old(digest)
    assert old_digest(folder, COMMIT) == f"commit:{COMMIT}"
    with monkeypatch.context() as patched:
        patched.setattr("reprlab.models.digests.byte_digest", None)  # no byte is read
        assert content_digest(folder, COMMIT) == digest
    assert content_digest(folder, COMMIT.replace("0", "f")) != digest


def test_a_blob_copied_anew_keeps_the_digest_one_written_through_its_link_does_not(
    tmp_path: Path,
) -> None:
    folder = snapshot(tmp_path)
    digest, file = content_digest(folder, COMMIT), folder / "model.safetensors"
    later = file.lstat().st_mtime_ns + 10**9
    for blob in (tmp_path / "blobs").iterdir():
        os.utime(blob, ns=(later, later))
    assert content_digest(folder, COMMIT) == digest
    save_file({"a": LARGE["a"] + 1}, tmp_path / "other.safetensors")
    file.resolve().write_bytes((tmp_path / "other.safetensors").read_bytes())
    os.utime(file.resolve(), ns=(later, later))
    assert content_digest(folder, COMMIT) != digest


def test_entries_that_are_copies_are_read(tmp_path: Path) -> None:
    folder = snapshot(tmp_path, links=False)
    before = content_digest(folder, COMMIT)
    edited(folder)
    assert content_digest(folder, COMMIT) != before


def test_a_gguf_with_another_middle_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRLAB_MODELS", str(tmp_path / "models"))
    file, data = tmp_path / "Small.Q4_1.gguf", bytearray(b"GGUF" + bytes(3 << 20))
    file.write_bytes(data)
    folder = weights_in(copy_folder(file, tmp_path / "models"))
    data[len(data) // 2] = 1
    file.write_bytes(data)
    assert copy_folder(file, tmp_path / "models") != folder
    found = locate(str(file))
    assert found
    assert found.gguf == file  # the copy of the other file is not taken for its own


def test_a_damaged_index_is_left_to_loading(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "m")
    for text in ("[", "[]", '{"weight_map": [1]}', json.dumps({"weight_map": {"a": 1, "b": "none"}})):
        (folder / "model.safetensors.index.json").write_text(text)
        assert content_digest(folder).startswith("content:")
