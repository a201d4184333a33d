"""The page on the format names every dataset and field."""

from __future__ import annotations

import re
from pathlib import Path

from reprlab.captures.capture import Capture
from reprlab.captures.layout import Identity, LedgerRow, Manifest


def test_the_format_page_names_every_dataset_and_field(acts: Capture) -> None:
    import h5py

    page = (Path(__file__).parents[2] / "cache" / "README.md").read_text()
    found: list[str] = []
    with h5py.File(acts.blocks[0].file) as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    fields = [*Identity.model_fields, *Manifest.model_fields, *LedgerRow.model_fields]
    words = set(re.findall(r"[\w/]+", page))
    assert {name for name in [*found, *fields] if name not in words} == set()
