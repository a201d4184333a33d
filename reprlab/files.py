"""Values as JSON holds them, and results as files."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON holds it: tuples as lists, NaN and infinite numbers as null.

    >>> plain({"a": (1, float("nan"))})
    {'a': [1, None]}
    """
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(path: Path | str, data: Any, frame: Callable[[], Any]) -> None:
    """Write a result's fields as JSON, or its table as CSV, by the file's ending."""
    path = Path(path)
    if path.suffix == ".csv":
        path.write_text(frame().to_csv(index=False), encoding="utf-8")
        return
    path.write_text(json.dumps(plain(data), indent=1) + "\n", encoding="utf-8")
