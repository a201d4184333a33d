"""Schedules: in which order layers run. The notation, the paper's grids, the prefix tree, the drawing."""
