"""Versions: what a result was made with."""

from __future__ import annotations

import platform
from importlib.metadata import version


def made_with(*libraries: str) -> dict[str, str]:
    """The version of each library, and Python's.

    >>> list(made_with("torch", "reprlab"))
    ['torch', 'reprlab', 'python']
    """
    return {name: version(name) for name in libraries} | {"python": platform.python_version()}


def minor(library: str) -> str:
    """The version of a library as far as it says that numbers may change: major.minor.

    >>> minor("numpy").count(".")
    1
    """
    return ".".join(version(library).split(".")[:2])
