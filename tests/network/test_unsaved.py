"""A module that runs a schedule writes no checkpoint."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from examples import network

import reprlab as rl


def test_a_scheduled_module_refuses_to_be_saved_and_can_be_afterwards(tmp_path: Path) -> None:
    net = network("tiny-llama")
    with net.scheduled("0:2 3:6") as module:
        for save in (module.save_pretrained, module.model.save_pretrained, module.push_to_hub):
            with pytest.raises(rl.ReprlabError, match="inside `scheduled` would write"):
                save(str(tmp_path / "dead"))
        copy.deepcopy(module)
    assert not (tmp_path / "dead").exists()
    net.module.save_pretrained(tmp_path / "alive")
    assert (tmp_path / "alive" / "model.safetensors").is_file()
    assert "save_pretrained" not in net.module.__dict__


def test_a_block_that_ends_in_an_error_lets_go_too(tmp_path: Path) -> None:
    net = network("tiny-llama")
    with pytest.raises(ZeroDivisionError), net.scheduled("0:2"):
        _ = 1 / 0
    net.module.save_pretrained(tmp_path / "alive")
