"""Kills at random moments: `python tests/attack.py --kills 500 --seed 16 --minutes 60`.

Each kill forks a process that runs a command, ends it by SIGKILL after a random share of the time that the
command takes, looks whether files of an earlier run are still whole, runs the command again to its end, and
compares every byte with a run that nobody killed. The last line says how many kills lost something.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TEXTS = "--documents 24 --max-tokens 24"
SWEEP = "sweep tiny-llama --benchmarks builtin_pronoun,builtin_cloze --limit 12 --grid fig11 --starts 1,2"
COMMANDS = {
    "capture": f"capture tiny-llama {TEXTS}",
    "sweep": f"{SWEEP} --out s.csv --out s.npz",
    "glue": "glue tiny-bert --tasks rte --data-dir rows --schedule 0:2 --schedule 0:5 --epochs 1 --out g.csv",
    "outputs": f"similarity tiny-llama {TEXTS} --out m.png --out m.pdf --out m.json --out m.csv",
    "report": "report tiny-llama --from-numbers",
}
REPORT = "report tiny-llama --quick --benchmarks builtin_pronoun --limit 8 --documents 4 --seeds 1 --starts 1"
WHOLE = {".csv", ".npz", ".png", ".pdf", ".json", ".html"}


def start(command: str, folder: Path) -> int:
    """A process of its own, with reprlab imported, that runs a command in a folder; gives its id."""
    pid = os.fork()
    if pid:
        return pid
    os.chdir(folder)
    os.environ["REPRLAB_CACHE"] = str(folder / "cache")
    quiet = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.argv = ["reprlab", *command.split()]
    code = 1
    try:
        from reprlab.cli import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def run(command: str, folder: Path) -> float:
    """Run a command to its end; gives its seconds. Raises where it fails."""
    begun = time.monotonic()
    _, status = os.waitpid(start(command, folder), 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command}: {(folder / 'log').read_text()[-500:]}")
    return time.monotonic() - begun


def made(folder: Path) -> dict[str, bytes]:
    """Every file that a command leaves, but its log and answers, which the tables show."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "log")
    return {str(f.relative_to(folder)): f.read_bytes() for f in files if f.suffix != ".sqlite"}


def rows(folder: Path) -> None:
    """Rows of one GLUE task."""
    place = folder / "rows" / "glue" / "rte"
    place.mkdir(parents=True)
    for split, count in (("train", 40), ("validation", 20)):
        lines = [{"sentence1": f"{n} a", "sentence2": f"{n % 3} b", "label": n % 2} for n in range(count)]
        (place / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def kills(count: int, seed: int, scratch: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """The command of each kill, and what it lost: nothing, if all is well."""
    import reprlab.cli
    import reprlab.network.loading  # noqa: F401

    chance, begun = random.Random(seed), dict[str, tuple[Path, float, dict[str, bytes]]]()
    for number in range(count):
        name = names[number % len(names)]
        if name not in begun:
            begun[name] = prepared(name, scratch)
        source, seconds, whole = begun[name]
        again = chance.random() < 0.5  # over the files of an earlier run
        folder = scratch / f"kill-{number}"
        shutil.copytree(scratch / name if again else source, folder)
        pid = start(COMMANDS[name], folder)
        time.sleep(chance.uniform(0, seconds * 1.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        lost = [f"{file} after the kill" for file in damaged(folder, whole)]
        run(COMMANDS[name], folder)
        end = made(folder)
        lost += [file for file in whole.keys() | end.keys() if whole.get(file) != end.get(file)]
        shutil.rmtree(folder)
        yield name, ", ".join(lost)


def prepared(name: str, scratch: Path) -> tuple[Path, float, dict[str, bytes]]:
    """A folder before a command, the seconds that it takes, and what it makes when nobody kills it."""
    source, folder = scratch / f"{name}-before", scratch / name
    source.mkdir(parents=True)
    rows(source)
    if name == "report":
        run(REPORT, source)
    shutil.copytree(source, folder)
    seconds = run(COMMANDS[name], folder)
    return source, seconds, made(folder)


def damaged(folder: Path, whole: dict[str, bytes]) -> list[str]:
    """Outputs that are there and are not whole."""
    there = made(folder)
    return [f for f in whole if Path(f).suffix in WHOLE and f in there and there[f] != whole[f]]


def attack() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--commands", default=",".join(COMMANDS))
    asked = parser.parse_args()
    begun, lost, done = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, what in kills(asked.kills, asked.seed, Path(scratch), asked.commands.split(",")):
            done, lost = done + 1, lost + bool(what)
            if what:
                sys.stdout.write(f"kill {done} of {name}: {what}\n")
                sys.stdout.flush()
            if time.monotonic() - begun > asked.minutes * 60:
                break
    sys.stdout.write(f"seed {asked.seed}: {done} of {asked.kills} kills, {lost} lost something\n")
    return int(lost > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(attack())
