"""What tests share: a tiny network, and the real one where it is asked for."""

from pathlib import Path

import pytest
from examples import network

from reprlab.network.network import Network

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED


@pytest.fixture
def tiny() -> Network:
    return network("tiny-llama")


@pytest.fixture(scope="session")
def smollm2() -> Network:
    return network("smollm2-135m")
