"""What the documents say is true: every command parses or runs, every file named is there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from reprlab.cli import app, main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]


def walk(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    below = [found for name, child in children.items() for found in walk(child, (*path, name))]
    return below if children else [(path, command)]


EVERY = walk(typer.main.get_command(app))


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_parses(line: str) -> None:
    name, *arguments = shlex.split(line)
    assert name == "reprlab"
    path, command = next((p, c) for p, c in EVERY if tuple(arguments[: len(p)]) == p)
    command.make_context(path[-1], arguments[len(path) :])


@pytest.mark.parametrize("line", [line for line in COMMANDS if "tiny-" in line or "cache list" in line])
def test_the_small_commands_of_the_readme_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    few = ["--documents", "3"] if "cache" not in line and "sweep" not in line else []
    monkeypatch.setattr("sys.argv", [*shlex.split(line), *few])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=lambda x: " ".join(x) if isinstance(x, tuple) else ""
)
def test_every_command_is_in_the_readme_and_every_option_has_help(
    path: tuple[str, ...], command: Any
) -> None:
    words = " ".join(path)
    group = path[0] == "cache"
    assert (f"cache {path[1]}" if group else f"reprlab {words}") in README
    assert command.help
    named = [p for p in command.params if p.name != "help"]
    assert [p.name for p in named if not getattr(p, "help", None)] == []


@pytest.mark.parametrize("page", ["README.md", "cache/README.md", "reports/README.md", "analyses/README.md"])
def test_every_linked_file_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("target", ["demo", "test", "fast", "check", "same", "figures", "bench"])
def test_make_targets_named_in_the_readme_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f"make {target}" in README


@pytest.mark.parametrize("model", ["smollm2-135m", "minilm-l6"])
def test_a_committed_report_has_what_its_run_says(model: str) -> None:
    folder = ROOT / "reports" / model
    run = json.loads((folder / "run.json").read_text())
    assert run["model"] == model
    for name in run["figures"]:
        for ending in ("png", "pdf", "json", "csv"):
            assert (folder / f"{name}.{ending}").is_file()
    there = {file.stem for file in folder.glob("*.png")}
    assert there == set(run["figures"])
    assert [verdict["number"] for verdict in json.loads((folder / "verdicts.json").read_text())] == [
        *range(1, 9)
    ]


def test_the_committed_scores_are_those_of_the_report() -> None:
    import reprlab as rl

    folder = ROOT / "reports" / "smollm2-135m"
    scores = rl.Scores.load(folder / "scores.npz")
    assert {name: len(r.ids) for name, r in scores.benchmarks.items()} == dict.fromkeys(
        scores.benchmarks, 400
    )
    fig04 = json.loads((folder / "fig04.json").read_text())
    u = rl.retained(scores, "u", count=1)
    for row in fig04["rows"]:
        if row["metric"] == "u" and row["benchmark"] == "lambada":
            (place,) = u.rows("skip", start=row["start"])
            assert row["R"] == pytest.approx(u.values[place, u.benchmarks.index("lambada")], rel=1e-4)


def test_committed_reports_are_small() -> None:
    size = sum(file.stat().st_size for file in (ROOT / "reports").rglob("*") if file.is_file())
    assert size < 8e6


COMMITTED = sorted((ROOT / "reports").rglob("*.png"))


@pytest.mark.parametrize("picture", COMMITTED, ids=lambda p: f"{p.parent.name} {p.stem}")
def test_a_committed_picture_is_drawn_from_its_numbers_to_the_same_bytes(picture: Path) -> None:
    from reprlab import figures
    from reprlab.reports.analyses import analysis

    module = analysis(picture.stem).module
    numbers = json.loads(picture.with_suffix(".json").read_text())
    assert module.reading(numbers).endswith(".")
    figure = module.draw(numbers)
    assert figures.image(figure, "png") == picture.read_bytes()
    figures.close(figure)
