"""Networks as functions take them: loaded, or by the name under which they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprlab.arguments import Kind, refused
from reprlab.network.network import Network


def network_of(**options: Any) -> Kind:
    """A network, or one that is loaded by its name or path with these options."""

    def kind(name: str, value: Any) -> Network:
        if isinstance(value, str | Path):
            from reprlab.network.loading import load

            return load(str(value), **options)
        if not isinstance(value, Network):
            raise refused(name, value, "a network of rl.load, or the name of a model")
        return value

    return kind
