"""Verdicts: the paper's eight questions, decided for one model by written rules, in two versions.

`RULES` has each question's rule and `COMMON` what they share, in plain sentences; the modules named after
what is asked carry them out.
"""
