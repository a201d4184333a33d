"""Names from outside on the terminal: no command lets them steer it, or takes them for markup."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from cli_runs import Run

import reprlab as rl
from reprlab import cli

HOSTILE = "m\x1b[31m[bold]x[nope]\x07\x9b2J\u202e"
STEERING = set("\x1b\x07\x9b\u202e\r")
SMALL = ("--documents", "2", "--max-tokens", "16")
TASKS = ("--benchmarks", "builtin_pronoun", "--limit", "2", "--keep-all")
WORK: Sequence[tuple[str, ...]] = (
    *(("models", HOSTILE), ("capture", HOSTILE, *SMALL), ("capture", HOSTILE, *SMALL, "--json")),
    ("similarity", HOSTILE, *SMALL, "--mean", "1:3", "--out", "a.png"),
    *(("groups", HOSTILE, *SMALL), ("drift", HOSTILE, *SMALL), ("lens", HOSTILE, *SMALL)),
    ("generate", "--model", HOSTILE, "--max-new-tokens", "1", HOSTILE),
    *(("sweep", HOSTILE, "--schedule", "0:6", *TASKS), ("figures", "massive_activations", HOSTILE, *TASKS)),
    *(("cache", "list"), ("cache", "verify"), ("cache", "adopt"), ("cache", "remove", HOSTILE, "--yes")),
)
REFUSED: Sequence[tuple[str, ...]] = (
    *(("capture", f"{HOSTILE}/none"), ("capture", "tiny-neox", "--corpus", HOSTILE)),
    *(("sweep", HOSTILE, "--schedule", HOSTILE), ("sweep", HOSTILE, "--benchmarks", HOSTILE)),
    ("similarity", HOSTILE, "--against", f"{HOSTILE}.npz"),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder that holds a model of a hostile name."""
    folder, net = tmp_path_factory.mktemp("models"), rl.load("tiny-llama")
    net.module.save_pretrained(folder / HOSTILE)
    net.tokenizer.save_pretrained(folder / HOSTILE)
    return folder


def test_no_command_lets_a_name_steer_the_terminal(
    run: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRLAB_MODELS", str(hostile))
    unshown: list[tuple[str, ...]] = []
    for words, code in [*((words, 0) for words in WORK), *((words, 2) for words in REFUSED)]:
        done = run(*words)
        assert (done.code, set(done.out + done.err) & STEERING) == (code, set()), (words, done.err)
        if "[bold]" not in done.out + done.err:  # the name is there, and its brackets are no markup
            unshown.append(words[:2])
    asides = [("cache", "verify"), ("cache", "adopt"), ("cache", "remove"), ("sweep", HOSTILE)]
    assert unshown == asides  # these say no name as it is


def test_only_the_terminal_prints() -> None:
    """Every other text goes through its consoles, which write control signs out."""
    found: set[str] = set()
    for file in Path(cli.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in {"print", "typer.echo", "typer.secho", "Console", "rich.print"} or name.endswith(
                (".stdout.write", ".stderr.write")
            ):
                found.add(file.name if file.parent.name == "cli" else str(file))
    assert found == {"terminal.py", "version.py"}
