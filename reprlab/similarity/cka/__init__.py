"""Alignment: CKA of every pair of depths, exact over all tokens, in memory that a few tiles need.

Gram matrices are never whole. Their tiles are products of centred states, read a panel of tokens at a time;
what is kept of a tile are sums, in float64: between every two depths, and along its rows. Every estimator,
and the estimate without any one group of documents, follows from these sums.
"""
