"""Arrays: the types that numbers have on their way through the package."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AnyArray = NDArray[Any]


def npz_of(arrays: dict[str, AnyArray]) -> bytes:
    """Named arrays as the bytes of a compressed .npz file."""
    file = BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()
