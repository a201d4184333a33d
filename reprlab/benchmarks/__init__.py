"""Benchmarks as lm-evaluation-harness defines them; the only package that touches lm-eval.

A benchmark is opened by name (its task and rows, before any model is there) and prepared for a network (its
documents as tokens). lm-eval owns prompts, few-shot draws, filters and metrics; what runs the tokens is
elsewhere. `table` and `expand` need no lm-eval.
"""
