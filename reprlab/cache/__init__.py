"""Captures and answers on disk. The formats are in cache/README.md.

Captures are HDF5 shards, a ledger and a manifest; answers are one SQLite file for a network on a benchmark.
A shard is immutable once its ledger row is written, so a killed run loses the current shard at most.
"""

from reprlab.cache.answers import (
    AnswersFile,
    AnswersIdentity,
    Part,
    Record,
    answer_files,
    damage,
    hold_all,
    hold_answers,
    open_answers,
)
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
    "AnswersFile",
    "AnswersIdentity",
    "Block",
    "Capture",
    "Identity",
    "Manifest",
    "Part",
    "Record",
    "Row",
    "ShardWriter",
    "Statistics",
    "Writer",
    "answer_files",
    "captures",
    "damage",
    "damaged",
    "drop",
    "find",
    "folders",
    "hold",
    "hold_all",
    "hold_answers",
    "open_answers",
    "open_capture",
    "read_manifest",
    "remove",
    "unreadable",
]
