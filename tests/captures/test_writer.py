"""Going on with a capture takes the same manifest."""

from __future__ import annotations

import pytest
from examples import texts
from manifests import edit

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network


def test_going_on_with_a_changed_manifest_names_field_and_both_values(acts: Capture, tiny: Network) -> None:
    edit(acts, dtype="float16")
    with pytest.raises(ReprlabError, match="dtype is 'float16', expected 'float32'"):
        rl.capture(tiny, texts(20))
