"""Scores: numbers a document under a schedule, and what a schedule retains of the full model's."""
