"""Rows on disk, a call that was never interrupted, and the modules that were trained."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
from tuned import Whole, tune, written

from reprlab.training import runs
from reprlab.training.trainer import Fitted, fit


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder, shown, said = tmp_path_factory.mktemp("whole"), [], []
    options: dict[str, Any] = {"checkpoints": folder / "weights", "say": said.append}
    made = tune(data, folder / "cache", progress=lambda *now: shown.append(now), **options)
    return Whole(made, folder / "weights", folder / "cache", shown, said)


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The modules that were trained, as weak references."""
    seen: list[Any] = []

    def counted(module: Any, *rest: Any, **options: Any) -> Fitted:
        assert [one for one in seen if one() is not None] == [], "the copy before is still there"
        seen.append(weakref.ref(module))
        return fit(module, *rest, **options)

    monkeypatch.setattr(runs, "fit", counted)
    return seen
