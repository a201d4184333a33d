"""`reprlab figures`: figures are listed; one alone, also a file of one's own, runs only what it needs."""

import csv
import json
from pathlib import Path

import pytest
from cli_runs import Run

OWN = '''"""Norms. How large the states of each depth are.

Caption: The mean norm of the tokens at each depth.

Claim: Norms grow with depth.
"""

NEEDS = ("capture",)


def numbers(evidence):
    norms = evidence.capture.norms.mean(axis=1)
    return {"model": evidence.model, "rows": [{"depth": i, "norm": float(n)} for i, n in enumerate(norms)]}


def reading(numbers):
    rows = numbers["rows"]
    return f"{numbers['model']}: from {rows[0]['norm']:.3g} to {rows[-1]['norm']:.3g}."


def draw(numbers):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3))
    figure.add_subplot().plot([row["norm"] for row in numbers["rows"]])
    return figure
'''


def test_one_figure_alone_runs_only_what_it_needs(run: Run, tmp_path: Path) -> None:
    done = run("figures", "massive_activations", "--model", "tiny-llama", "--documents", "3")
    assert done.code == 0, done.err
    assert (tmp_path / "reports/tiny-llama/massive_activations.png").exists()
    assert [folder.name for folder in (tmp_path / "cache/tiny-llama").iterdir()] == ["builtin"]
    assert not list((tmp_path / "cache").rglob("*.sqlite"))


def test_figures_are_listed(run: Run) -> None:
    done = run("figures", "list")
    assert (done.code, done.err) == (0, "")
    assert {line.split()[0] for line in done.out.splitlines()[1:]} >= {"fig02", "fig17", "frontier"}
    assert run("figures").out == done.out


@pytest.fixture
def own(run: Run, tmp_path: Path) -> Path:
    """A figure's file in the working folder of `run`."""
    path = tmp_path / "my_norms.py"
    path.write_text(OWN)
    return path


def test_a_file_of_ones_own_is_drawn_with_its_numbers_and_again_from_them(
    run: Run, own: Path, tmp_path: Path
) -> None:
    done = run("figures", "my_norms.py", "tiny-neox", "--documents", "3")
    assert done.code == 0, done.err
    folder = tmp_path / "reports/tiny-neox"
    assert sorted(file.name for file in folder.iterdir() if file.name != ".weights") == [
        f"my_norms.{ending}" for ending in ("csv", "json", "pdf", "png")
    ]
    rows = json.loads((folder / "my_norms.json").read_text())["rows"]
    with (folder / "my_norms.csv").open() as file:
        assert [float(row["norm"]) for row in csv.DictReader(file)] == [row["norm"] for row in rows]
    assert len(rows) == 7
    *files, reading = done.out.splitlines()
    assert files == [f"reports/tiny-neox/my_norms.{ending}" for ending in ("png", "pdf")]
    assert reading.startswith("tiny-neox: from ")
    before = (folder / "my_norms.png").read_bytes()
    (folder / "my_norms.png").unlink()
    again = run("figures", own, "--model", "tiny-neox", "--from-numbers", "--cache", "nowhere")
    assert (again.code, again.err, again.out) == (0, "", done.out)
    assert (folder / "my_norms.png").read_bytes() == before


WRONG: dict[str, tuple[str, str, str]] = {  # what is replaced by what, and the line
    "no NEEDS": (
        'NEEDS = ("capture",)',
        "",
        "'my_norms.py' lacks NEEDS: a figure has a docstring with a title",
    ),
    "no draw and reading": (
        OWN[OWN.index("def reading") :],
        "",
        "'my_norms.py' lacks draw(numbers), reading(numbers): a figure has",
    ),
    "no claim": ("Claim:", "Belief:", "'my_norms.py' lacks 'Claim:' in its docstring: a figure has"),
    "an unknown part": (
        '("capture",)',
        '("captures",)',
        "unknown part of the evidence in NEEDS of 'my_norms.py'",
    ),
    "a text for NEEDS": (
        '("capture",)',
        '"capture"',
        "NEEDS of 'my_norms.py' is no tuple: write it as in NEEDS",
    ),
    "no Python": ("def draw(numbers):", "def draw(numbers)", "the file of 'my_norms.py' line"),
    "an import that fails": (
        "NEEDS =",
        "import nothing_there\nNEEDS =",
        "the file of 'my_norms.py' line 8: Module",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), WRONG.values(), ids=WRONG)
def test_a_file_that_lacks_something_is_refused_in_one_line(
    run: Run, own: Path, old: str, new: str, line: str
) -> None:
    assert OWN.count(old) == 1
    own.write_text(OWN.replace(old, new))
    done = run("figures", "my_norms.py", "--model", "tiny-neox")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(f"reprlab: {line}")


FAILING: dict[str, tuple[str, str, str]] = {
    "numbers": (
        "evidence.capture.norms",
        "evidence.capture.nomrs",
        "numbers(evidence) of 'my_norms.py' line 12",
    ),
    "no dict": (
        "return {",
        "return []\n    return {",
        "numbers(evidence) of 'my_norms.py': TypeError: it gave a list",
    ),
    "no JSON": ('"model": evidence.model', '"model": evidence', "numbers(evidence) of 'my_norms.py'"),
    "draw": (
        "    return figure\n",
        "",
        "draw(numbers) of 'my_norms.py' gave a NoneType: a figure of matplotlib",
    ),
    "reading": (
        "    rows = numbers[",
        "    return\n    rows = numbers[",
        "reading(numbers) of 'my_norms.py' gave a NoneT",
    ),
    "its numbers": ('plot([row["norm"]', 'plot([row["size"]', "draw(numbers) of 'my_norms.py' line"),
}


@pytest.mark.parametrize(("old", "new", "line"), FAILING.values(), ids=FAILING)
def test_an_error_of_its_code_is_one_line_with_the_line_of_the_file(
    run: Run, own: Path, old: str, new: str, line: str
) -> None:
    assert OWN.count(old) == 1
    own.write_text(OWN.replace(old, new))
    done = run("figures", "my_norms.py", "--model", "tiny-neox", "--documents", "3")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith(f"reprlab: {line}")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("name", ["fig11.py", "run.py", "verdicts.py"])
def test_a_name_that_reports_have_already_is_refused(run: Run, own: Path, name: str) -> None:
    own.rename(own.with_name(name))
    assert run("figures", name, "tiny-neox").err == (
        f"reprlab: '{name}' has the name of a file that reports have already: rename it\n"
    )


def test_a_file_that_is_not_there_is_said(run: Run) -> None:
    assert run("figures", "none.py", "tiny-neox").err == "reprlab: no figure file at 'none.py'\n"
