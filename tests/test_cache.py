import json
import re
from pathlib import Path

import pytest
import torch
from examples import texts

import reprlab as rl
from reprlab import cache
from reprlab.cache import Capture
from reprlab.errors import ReprlabError
from reprlab.network import Network


@pytest.fixture
def acts(tiny: Network) -> Capture:
    return rl.capture(tiny, texts(20), shard_bytes=40_000)


def edit(acts: Capture, **changes: object) -> None:
    path = acts.folder / "manifest.json"
    data = json.loads(path.read_text())
    data["identity"].update(changes)
    path.write_text(json.dumps(data))


def test_the_format_page_names_every_dataset_and_field(acts: Capture) -> None:
    import h5py

    page = (Path(__file__).parents[1] / "cache" / "README.md").read_text()
    found: list[str] = []
    with h5py.File(acts.blocks[0].file) as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    fields = [*cache.Identity.model_fields, *cache.Manifest.model_fields, *cache.Row.model_fields]
    words = set(re.findall(r"[\w/]+", page))
    assert {name for name in [*found, *fields] if name not in words} == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "llama2-7b"), ("corpus", "arc"), ("dtype", "float16"), ("weights", "x"), ("max_tokens", 3)],
)
def test_a_manifest_that_does_not_match_its_folder_names_the_field(
    acts: Capture, field: str, value: object
) -> None:
    edit(acts, **{field: value})
    with pytest.raises(ReprlabError) as caught:
        cache.open_capture(acts.folder)
    shown = field if field in {"model", "corpus"} else "digest"
    assert f"does not match its folder: {shown} is '" in str(caught.value)
    assert "expected '" in str(caught.value)


def test_going_on_with_a_changed_manifest_names_field_and_both_values(acts: Capture, tiny: Network) -> None:
    edit(acts, dtype="float16")
    with pytest.raises(ReprlabError, match="dtype is 'float16', expected 'float32'"):
        rl.capture(tiny, texts(20))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is damaged"),
        ('{"format": 1}', "is damaged: identity: Field required; `reprlab cache remove "),
        ('{"format": 2}', "has format 2; this reprlab reads format 1: use the version that made it"),
    ],
)
def test_a_damaged_manifest_says_what_is_wrong(acts: Capture, text: str, says: str) -> None:
    (acts.folder / "manifest.json").write_text(text)
    with pytest.raises(ReprlabError) as caught:
        cache.open_capture(acts.folder)
    assert says in str(caught.value)


def test_a_damaged_ledger_says_so(acts: Capture) -> None:
    ledger = acts.folder / "ledger.jsonl"
    ledger.write_text("{}\n" + ledger.read_text())
    with pytest.raises(ReprlabError, match=r"ledger.jsonl' is damaged"):
        cache.open_capture(acts.folder)


def test_a_flipped_byte_is_found_named_and_mended(acts: Capture, tiny: Network) -> None:
    shard = acts.folder / "shards" / acts.rows[1].shard
    good = shard.read_bytes()
    shard.write_bytes(bytes([*good[:5000], good[5000] ^ 1, *good[5001:]]))
    broken = cache.damaged(acts)
    assert [(row.shard, why) for row, why in broken] == [(shard.name, "checksum differs")]
    cache.drop(acts, [row for row, _ in broken])
    assert cache.open_capture(acts.folder).documents == acts.rows[0].stop
    rl.capture(tiny, texts(20), shard_bytes=40_000)
    assert shard.read_bytes() == good


@pytest.mark.parametrize("harm", ["missing", "short", "not HDF5", "a byte"])
def test_reading_a_damaged_shard_names_it_and_what_to_do(acts: Capture, harm: str) -> None:
    shard = acts.folder / "shards" / acts.rows[0].shard
    size = shard.stat().st_size
    good = shard.read_bytes()
    shard.unlink()
    changed = {"short": good[:100], "not HDF5": b"x" * size, "a byte": good[:9000] + b"?" + good[9001:]}
    if harm != "missing":
        shard.write_bytes(changed[harm])
    with pytest.raises(ReprlabError) as caught:
        _ = cache.open_capture(acts.folder).norms
    assert str(shard) in str(caught.value)
    assert "reprlab cache verify --drop-damaged" in str(caught.value)


def test_head_is_the_first_documents(acts: Capture) -> None:
    few = acts.head(7)
    tokens = few.tokens
    assert tokens < acts.tokens
    assert torch.equal(few.states(), acts.states()[:, :tokens])
    assert torch.equal(few.norms, acts.norms[:, :tokens])
    assert sum(len(block.ids) for block in few.blocks) == 7


def test_one_depth_is_read_alone(acts: Capture) -> None:
    assert torch.equal(acts.states(3), acts.states()[3])


def test_find_takes_only_what_was_asked_for(acts: Capture) -> None:
    root = acts.folder.parents[2]
    assert [c.folder for c in cache.find(root, "tiny-llama", "pieces", dtype="float32")] == [acts.folder]
    assert cache.find(root, "tiny-llama", "pieces", dtype="float16") == []
    assert cache.find(root, "tiny-llama", "other") == []


def test_remove_deletes_the_capture_and_nothing_else(acts: Capture, tiny: Network) -> None:
    other = rl.capture(tiny, texts(3), states=False)
    root = acts.folder.parents[2]
    cache.remove(root, acts.folder)
    assert [c.folder for c in cache.captures(root)] == [other.folder]
    cache.remove(root, other.folder)
    assert list(root.iterdir()) == []


def test_remove_never_leaves_the_cache(acts: Capture, tmp_path: Path) -> None:
    root = tmp_path / "another"
    root.mkdir()
    with pytest.raises(ReprlabError, match="leads out of the cache"):
        cache.remove(root, acts.folder)
    (root / "a").symlink_to(acts.folder.parents[1])
    linked = root / "a" / "pieces" / acts.folder.name
    with pytest.raises(ReprlabError, match="leads out of the cache"):
        cache.remove(root, linked)
    assert acts.folder.exists()


def test_one_unusable_capture_hides_no_other(acts: Capture, tiny: Network) -> None:
    other = rl.capture(tiny, texts(3), states=False)
    edit(acts, dtype="float16")
    root = acts.folder.parents[2]
    assert [c.folder for c in cache.captures(root)] == [other.folder]
    assert [folder for folder, _ in cache.unreadable(root)] == [acts.folder]
