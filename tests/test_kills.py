"""Ten kills at random moments lose nothing; `make attack` does five hundred."""

import os
import subprocess
import sys
from pathlib import Path


def test_ten_kills_lose_nothing() -> None:
    root = Path(__file__).parents[1]
    options = ["--kills", "10", "--seed", "16", "--commands", "capture,sweep,glue,outputs"]
    done = subprocess.run(
        [sys.executable, "tests/attack.py", *options],
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "seed 16: 10 of 10 kills, 0 lost something\n", done.stdout + done.stderr[-2000:]
