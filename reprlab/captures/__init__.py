"""Captures: hidden states of texts, kept in HDF5 shards with a ledger and a manifest."""
