"""Captures are found, verified, mended and removed, and one that is damaged hides no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import texts
from manifests import edit

import reprlab as rl
from reprlab.captures.capture import Capture, open_capture
from reprlab.captures.inventory import captures, damaged, drop, find, remove, unreadable
from reprlab.errors import ReprlabError
from reprlab.network.network import Network


def test_a_flipped_byte_is_found_named_and_mended(acts: Capture, tiny: Network) -> None:
    shard = acts.folder / "shards" / acts.rows[1].shard
    good = shard.read_bytes()
    shard.write_bytes(bytes([*good[:5000], good[5000] ^ 1, *good[5001:]]))
    broken = damaged(acts)
    assert [(row.shard, why) for row, why in broken] == [(shard.name, "checksum differs")]
    drop(acts, [row for row, _ in broken])
    assert open_capture(acts.folder).documents == acts.rows[0].stop
    rl.capture(tiny, texts(20), shard_bytes=40_000)
    assert shard.read_bytes() == good


def test_find_takes_only_what_was_asked_for(acts: Capture) -> None:
    root = acts.folder.parents[2]
    assert [c.folder for c in find(root, "tiny-llama", "pieces", dtype="float32")] == [acts.folder]
    assert find(root, "tiny-llama", "pieces", dtype="float16") == []
    assert find(root, "tiny-llama", "other") == []


def test_remove_deletes_the_capture_and_nothing_else(acts: Capture, tiny: Network) -> None:
    other = rl.capture(tiny, texts(3), states=False)
    root = acts.folder.parents[2]
    remove(root, acts.folder)
    assert [c.folder for c in captures(root)] == [other.folder]
    remove(root, other.folder)
    assert list(root.iterdir()) == []


def test_remove_never_leaves_the_cache(acts: Capture, tmp_path: Path) -> None:
    root = tmp_path / "another"
    root.mkdir()
    with pytest.raises(ReprlabError, match="leads out of the cache"):
        remove(root, acts.folder)
    (root / "a").symlink_to(acts.folder.parents[1])
    linked = root / "a" / "pieces" / acts.folder.name
    with pytest.raises(ReprlabError, match="leads out of the cache"):
        remove(root, linked)
    assert acts.folder.exists()


def test_one_unusable_capture_hides_no_other(acts: Capture, tiny: Network) -> None:
    other = rl.capture(tiny, texts(3), states=False)
    edit(acts, dtype="float16")
    root = acts.folder.parents[2]
    assert [c.folder for c in captures(root)] == [other.folder]
    assert [folder for folder, _ in unreadable(root)] == [acts.folder]
