"""What tests share: an isolated cache, tiny networks, and the real weights where they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import network

from reprlab.network import Network

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _doctest_folder(doctest_namespace: dict[str, object], tmp_path: Path) -> None:
    doctest_namespace["tmp"] = tmp_path / "doctest-cache"


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED


@pytest.fixture
def tiny() -> Network:
    return network("tiny-llama")


@pytest.fixture(scope="session")
def smollm2() -> Network:
    return network("smollm2-135m")
