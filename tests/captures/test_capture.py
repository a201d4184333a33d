"""A capture is read by depth and by its first documents, and what is damaged is named."""

from __future__ import annotations

import pytest
import torch
from manifests import edit

from reprlab.captures.capture import Capture, open_capture
from reprlab.errors import ReprlabError


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "llama2-7b"), ("corpus", "arc"), ("dtype", "float16"), ("weights", "x"), ("max_tokens", 3)],
)
def test_a_manifest_that_does_not_match_its_folder_names_the_field(
    acts: Capture, field: str, value: object
) -> None:
    edit(acts, **{field: value})
    with pytest.raises(ReprlabError) as caught:
        open_capture(acts.folder)
    shown = field if field in {"model", "corpus"} else "digest"
    assert f"does not match its folder: {shown} is '" in str(caught.value)
    assert "expected '" in str(caught.value)


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
        open_capture(acts.folder)
    assert says in str(caught.value)


def test_a_damaged_ledger_says_so(acts: Capture) -> None:
    ledger = acts.folder / "ledger.jsonl"
    ledger.write_text("{}\n" + ledger.read_text())
    with pytest.raises(ReprlabError, match=r"ledger.jsonl' is damaged"):
        open_capture(acts.folder)


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
        _ = open_capture(acts.folder).norms
    assert str(shard) in str(caught.value)
    assert "reprlab cache verify --drop-damaged" in str(caught.value)


def test_head_is_the_first_documents(acts: Capture) -> None:
    few = acts.first(7)
    tokens = few.tokens
    assert tokens < acts.tokens
    assert torch.equal(few.states(), acts.states()[:, :tokens])
    assert torch.equal(few.norms, acts.norms[:, :tokens])
    assert sum(len(block.ids) for block in few.blocks) == 7


def test_one_depth_is_read_alone(acts: Capture) -> None:
    assert torch.equal(acts.states(3), acts.states()[3])
