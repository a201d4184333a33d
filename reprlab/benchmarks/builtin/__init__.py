"""Benchmarks that need no network: ordinary lm-eval YAML and JSONL, written for this project.

`generate.py` writes every JSONL file from the tables in its folder; README.md says what each task asks.
"""
