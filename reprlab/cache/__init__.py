"""Captures on disk: HDF5 shards, a ledger and a manifest. The format is in cache/README.md.

A shard is immutable once its ledger row is written, so a killed run loses the current shard at most.
"""

from reprlab.cache.layout import FORMAT, LARGEST, Identity, Manifest, Row, Statistics
from reprlab.cache.reading import (
    Block,
    Capture,
    captures,
    damaged,
    find,
    folders,
    open_capture,
    read_manifest,
    unreadable,
)
from reprlab.cache.writing import ShardWriter, Writer, drop, hold, remove

__all__ = [
    "FORMAT",
    "LARGEST",
    "Block",
    "Capture",
    "Identity",
    "Manifest",
    "Row",
    "ShardWriter",
    "Statistics",
    "Writer",
    "captures",
    "damaged",
    "drop",
    "find",
    "folders",
    "hold",
    "open_capture",
    "read_manifest",
    "remove",
    "unreadable",
]
