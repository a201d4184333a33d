"""A small capture in several shards."""

from __future__ import annotations

import pytest
from examples import texts

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.network.network import Network


@pytest.fixture
def acts(tiny: Network) -> Capture:
    return rl.capture(tiny, texts(20), shard_bytes=40_000)
