"""A capture's manifest, changed as a test wants it."""

from __future__ import annotations

import json

from reprlab.captures.capture import Capture


def edit(acts: Capture, **changes: object) -> None:
    path = acts.folder / "manifest.json"
    data = json.loads(path.read_text())
    data["identity"].update(changes)
    path.write_text(json.dumps(data))
