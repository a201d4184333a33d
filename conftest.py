"""For every test, doctests too: a cache of its own, and `tmp`, a folder that examples may write to."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _examples_folder(doctest_namespace: dict[str, object], tmp_path: Path) -> None:
    doctest_namespace["tmp"] = tmp_path
