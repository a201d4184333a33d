"""What commands cost before they work: listing, helping, and refusing what cannot be done.

    python bench/startup.py [--repeat 3]

Each command runs in a process of its own, in an empty folder and with an empty cache. The table has its exit
code, its CPU seconds (user and system, the least of the repeats), and which heavy libraries it imported.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HEAVY = ("torch", "transformers", "lm_eval")
COMMANDS = (
    *("--help", "sweep --help", "report --help", "--version", "models", "schedule '0:2 3:6'"),
    *("figures list", "cache list", "cache verify", "cache remove tiny-neox --yes"),
    *("report --from-numbers --out none", "capture nosuch", "capture 'nosuch*'", "capture a --nonsense"),
    *("capture tiny-neox --corpus lambda", "capture tiny-neox --schedule 0:99", "capture a --dtype x"),
    *("capture tiny-neox --device-map nonsense", "similarity tiny-neox --measure x", "lens a --tokens x"),
    *("similarity tiny-neox --mean 8:25", "groups tiny-neox --count 77", "drift tiny-neox --start 5"),
    *("sweep nosuch --schedule 0:3", "sweep tiny-neox --schedule 0:9", "sweep tiny-neox --grid x"),
    *("sweep tiny-neox --schedule 0:3 --benchmarks lambda", "sweep tiny-neox --grid fig11 --starts 9"),
    *("glue tiny-bert --tasks x --schedule 0:3", "finetune tiny-neox --task x", "generate --model a x"),
    *("report tiny-neox --starts 50", "report tiny-neox --benchmarks lambda", "figures nosuch tiny-neox"),
)
_CODE = """
import sys
from reprlab.cli import main
try:
    main()
finally:
    print(*({heavy} & set(sys.modules)), file=open("imported", "w"))
"""


@dataclass(frozen=True)
class Start:
    """One command's exit code, CPU seconds, and the heavy libraries that it imported."""

    code: int
    seconds: float
    imported: str


def started(command: str) -> Start:
    """A command run once in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        child = [sys.executable, "-c", _CODE.format(heavy=set(HEAVY)), *shlex.split(command)]
        before = _spent()
        done = subprocess.run(
            child,
            cwd=folder,
            env={**os.environ, "REPRLAB_CACHE": f"{folder}/cache"},
            capture_output=True,
            check=False,
        )
        return Start(done.returncode, _spent() - before, Path(folder, "imported").read_text().strip())


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=1)
    repeat = parser.parse_args().repeat
    print("exit  CPU s  imported      command")
    for command in COMMANDS:
        runs = [started(command) for _ in range(repeat)]
        best = min(runs, key=lambda run: run.seconds)
        print(f"{best.code:4}  {best.seconds:5.2f}  {best.imported or '-':12}  reprlab {command}")


if __name__ == "__main__":
    main()
