"""Sweeps: schedules answered on benchmarks, and the answers kept in SQLite."""
