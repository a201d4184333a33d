"""No file, however damaged, is answered by anything but a result or one line.

REPRLAB_FUZZ=20000 reads that many mutated files, REPRLAB_FUZZ_SEED=7 others.
"""

import os
from pathlib import Path

import pytest
from fuzzed import attack

MUTATIONS = int(os.environ.get("REPRLAB_FUZZ", "1200"))
SEED = int(os.environ.get("REPRLAB_FUZZ_SEED", "0"))


@pytest.mark.timeout(max(300, MUTATIONS))
def test_a_mutated_file_is_read_or_refused_in_a_line(tmp_path: Path) -> None:
    assert attack(tmp_path, MUTATIONS, SEED) == []
