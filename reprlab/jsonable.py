"""Values as JSON holds them."""

from __future__ import annotations

import math
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
