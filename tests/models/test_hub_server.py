"""The real code that loads from the hub, against a server on this machine that speaks its protocol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from models.hub_server import COMMIT, Hub, asked_of, served

import reprlab as rl

REPO = "some-org/some-model"
FETCHES = """
import json, sys
import reprlab as rl, reprlab.progress
reprlab.progress.EVERY = 0.0
said = []
try:
    weights = rl.fetch("some-org/some-model", say=said.append)
    net = rl.load("some-org/some-model")
    found = [weights.commit, net.digest, net.generate(["ab"], max_new_tokens=3)]
except rl.ReprlabError as error:
    found = str(error)
print(json.dumps([found, said]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder, net = tmp_path_factory.mktemp("made"), rl.load("tiny-llama")
    net.module.save_pretrained(folder)
    net.tokenizer.save_pretrained(folder)
    return {f.name: f.read_bytes() for f in folder.iterdir()} | {"pytorch_model.bin": b"\0" * 64}


def test_a_model_is_downloaded_and_loaded_from_a_hub_and_then_found_here(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    hub = Hub(REPO, files)
    with served(hub) as address:
        done = asked_of(address, tmp_path, FETCHES)
    assert done.returncode == 0, done.stderr
    found, said = json.loads(done.stdout)
    assert found[0] == COMMIT, found
    assert said[0].startswith(f"{REPO}: downloading")
    assert said[-1].startswith(f"{REPO}: download: 100 % done")
    assert "it/s" not in done.stderr
    assert not [path for path in hub.asked if "pytorch_model.bin" in path]
    again = asked_of("http://127.0.0.1:9", tmp_path, FETCHES)  # nobody is there any more
    assert json.loads(again.stdout) == [found, []]


def test_a_download_that_breaks_off_is_a_line_and_goes_on_later(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    hub = Hub(REPO, files)
    hub.broken = "model.safetensors"
    with served(hub) as address:
        found, _ = json.loads(asked_of(address, tmp_path, FETCHES).stdout)
        assert found.startswith(f"the hub cannot be reached for '{REPO}'")
        hub.broken = None
        assert json.loads(asked_of(address, tmp_path, FETCHES).stdout)[0][0] == COMMIT


def test_what_the_hub_does_not_have_is_a_line(files: dict[str, bytes], tmp_path: Path) -> None:
    with served(Hub("another/model", files)) as address:
        found, _ = json.loads(asked_of(address, tmp_path, FETCHES).stdout)
    assert found.startswith(f"the hub has no model '{REPO}'")
    code = FETCHES.replace("some-model", "some-model@step5")
    with served(Hub(REPO, files)) as address:
        found, _ = json.loads(asked_of(address, tmp_path, code).stdout)
    assert found == f"'{REPO}' has no revision 'step5'"
