"""Verdicts: the paper's eight questions, decided for one model by rules that are fixed before the run.

`RULES` has each question's rule and `COMMON` what they share, in plain sentences; the modules named after
what is asked carry them out.
"""
