"""The fixture that calls the command line."""

import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import Done, Run

from reprlab import cli


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the command line in an empty folder, with a cache and a models folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("REPRLAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", unreachable)
    monkeypatch.setattr(cli.out, "width", 300)

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["reprlab", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, said.out, said.err)

    return call


def unreachable(*_: Any, **__: Any) -> None:
    raise ConnectionError("no network in tests")
