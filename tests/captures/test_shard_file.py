"""A shard whose checksum is right and whose data lie elsewhere, or are more than the file has, is refused."""

import json
from collections.abc import Callable
from typing import Any

import h5py
import pytest
from examples import texts
from filelock import FileLock

import reprlab as rl
from reprlab.captures.capture import open_capture
from reprlab.captures.inventory import remove
from reprlab.captures.layout import checksum
from reprlab.errors import ReprlabError
from reprlab.network.network import Network

MAKERS: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "external link": lambda file, _: file.__setitem__("norms", h5py.ExternalLink("/etc/passwd", "/x")),
    "soft link": lambda file, _: file.__setitem__("norms", h5py.SoftLink("/states")),
    "external data": lambda file, s: file.create_dataset(
        "norms", s, "f4", external=[("/etc/passwd", 0, 999)]
    ),
    "virtual": lambda file, s: file.create_virtual_dataset("norms", h5py.VirtualLayout(s, "f4")),
    "bomb": lambda file, _: file.create_dataset("norms", (7, 10**12), "f4"),
    "packed": lambda file, s: file.create_dataset("norms", s, "f4", compression="gzip"),
    "kind": lambda file, s: file.create_dataset("norms", s, "i4"),
    "group": lambda file, _: file.create_group("norms"),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_data_that_are_not_in_the_file_are_refused(tiny: Network, make: Callable[..., Any]) -> None:
    acts = rl.capture(tiny, texts(2), max_tokens=8)
    shard = acts.folder / "shards" / acts.rows[0].shard
    with h5py.File(shard, "r+") as file:
        shape = file["norms"].shape
        del file["norms"]
        make(file, shape)
    row = acts.rows[0].model_dump(mode="json") | {"checksum": checksum(shard)}
    (acts.folder / "ledger.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(ReprlabError, match="is damaged or missing"):
        _ = open_capture(acts.folder).norms


@pytest.mark.parametrize("name", ["../../x.h5", "/etc/passwd", "a/0.h5", "0.h5\n", ""])
def test_a_ledger_that_leads_elsewhere_is_refused(tiny: Network, name: str) -> None:
    acts = rl.capture(tiny, texts(2), max_tokens=8)
    row = acts.rows[0].model_dump(mode="json") | {"shard": name}
    (acts.folder / "ledger.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(ReprlabError, match="is damaged"):
        open_capture(acts.folder)


def test_what_another_process_writes_is_not_removed(tiny: Network) -> None:
    acts = rl.capture(tiny, texts(2), max_tokens=8)
    root = acts.folder.parents[2]
    with FileLock(acts.folder / "lock"), pytest.raises(ReprlabError, match="is writing"):
        remove(root, acts.folder)
    assert open_capture(acts.folder).documents == 2
    remove(root, acts.folder)
    assert not acts.folder.exists()
