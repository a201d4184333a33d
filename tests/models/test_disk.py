"""Sizes are said in words, and a full disk is named before anything is written."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from made_weights import gguf_file, message

import reprlab.network.loading
from reprlab.models.disk import in_words


def test_a_full_disk_refuses_to_dequantise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = gguf_file(tmp_path / "x.gguf")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    assert message(reprlab.network.loading.fetch, str(file)) == (
        f"dequantising 'x.gguf' needs 0.0 GB in '{tmp_path / 'models' / '.dequantised'}', where 0.0 GB "
        "are free: make room, or set --models-dir"
    )


@pytest.mark.parametrize(("count", "words"), [(0, "0 MB"), (92_871_040, "93 MB"), (1_500_000_000, "1.5 GB")])
def test_a_size_is_said_in_words(count: int, words: str) -> None:
    assert in_words(count) == words
