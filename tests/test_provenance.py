"""Versions of libraries as results name them."""

from importlib.metadata import version

import numpy as np

from reprlab.provenance import made_with, minor


def test_a_library_is_named_with_the_version_that_runs() -> None:
    assert made_with("numpy")["numpy"] == np.__version__
    assert set(made_with()) == {"python"}


def test_a_minor_version_is_the_beginning_of_the_whole() -> None:
    assert version("torch").startswith(minor("torch") + ".")
