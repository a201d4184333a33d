"""Similarity: how alike the depths of captures are, by every measure, with intervals and controls."""
