"""Captures and answers on disk. The formats are in cache/README.md.

Captures are HDF5 shards, a ledger and a manifest; answers are one SQLite file for a network on a benchmark.
A shard is immutable once its ledger row is written, so a killed run loses the current shard at most.
"""
