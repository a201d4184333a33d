"""reprlab --version: the versions that a report of an error should have."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import typer

_PACKAGES = ("torch", "transformers", "nnsight")  # asked for without importing them


def print_versions(asked: bool) -> None:
    """Print a line for each version, and leave."""
    if not asked:
        return
    print(f"reprlab {version('reprlab')}")
    print(f"python {platform.python_version()}")
    for name in _PACKAGES:
        print(f"{name} {_installed(name)}")
    raise typer.Exit


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"
