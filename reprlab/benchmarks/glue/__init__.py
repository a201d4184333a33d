"""GLUE's tasks as data, and their labelled rows: what a classifier is trained on and scored with.

A task is opened by name, before any model is there. Its rows come from a folder, in the hub's format, or
from the hub itself; each is checked. What trains is elsewhere.
"""
