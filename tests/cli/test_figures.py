"""`reprlab figures`: figures are listed, and one alone runs only what it needs."""

from pathlib import Path

from cli_runs import Run


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
