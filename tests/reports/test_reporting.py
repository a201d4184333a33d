"""Reports: what runs, what is written, what is drawn again from numbers alone, and what a reader sees."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser
import numpy as np
import pytest
import torch
from examples import network
from made_benchmarks import made_rows

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.progress import Stages
from reprlab.reports import analyses
from reprlab.reports import gather as gathering
from reprlab.reports.analyses import everything, names, words
from reprlab.reports.gather import gather
from reprlab.reports.number_files import rounded, text
from reprlab.reports.settings import ReportSettings, quick_starts
from reprlab.reports.workspace import Workspace
from reprlab.reports.write import compare, members, redraw, write_numbers
from reprlab.schedules.grids import VARIANTS

ROOT = Path(__file__).parents[2]
SMALL = ReportSettings(
    ("builtin_pronoun", "builtin_cloze"),
    "builtin",
    documents=4,
    limit=12,
    seeds=2,
    loops=(1, 2, 3),
    loop_limit=6,
    window_limit=4,
)
VARYING = ("identity",)  # of run.json: time and memory


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def numbers_in(folder: Path) -> dict[str, Any]:
    found = {f.name: json.loads(f.read_text()) for f in sorted(folder.glob("*.json"))}
    for key in VARYING:
        found["run.json"].pop(key)
    found["run.json"].get("sheet", {}).pop("wall", None)
    return found


def able(scores: rl.Scores | None, seed: int = 0) -> rl.Scores:
    """The same schedules with answers of a model that knows them, the less the more is changed."""
    assert scores is not None
    chance, full = np.random.default_rng(seed), scores.entries[0].schedule
    lost = [
        abs(len(entry.schedule) - len(full)) / len(full) + 0.1 * (entry.schedule != full)
        for entry in scores.entries
    ]
    found: dict[str, Any] = {}
    for name, results in scores.benchmarks.items():
        level = 0.9 - 0.4 * np.array(lost)[:, None] + chance.normal(0, 0.05, (1, len(results.ids)))
        found[name] = replace(results, values=np.repeat(level[..., None], results.values.shape[2], axis=2))
    return replace(scores, benchmarks=found)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports on a tiny decoder, made able, and on a tiny encoder, side by side."""
    folder = tmp_path_factory.mktemp("reports")
    for name in ("tiny-llama", "tiny-bert"):
        net, place = network(name), rl.Workspace(cache=folder / "cache")
        evidence = gather(net, rl.corpus("builtin"), SMALL, place)
        if net.has_lm_head:
            evidence = replace(
                evidence,
                scores=able(evidence.scores),
                loops=able(evidence.loops),
                windows=able(evidence.windows),
            )
        write_numbers(folder / "out" / name, evidence, SMALL, 1.0)
        redraw(folder / "out" / name)
    compare(folder / "out")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as it is run, on a tiny decoder, which knows nothing."""
    folder = tmp_path_factory.mktemp("whole")
    rl.report(
        network("tiny-llama"), SMALL, folder=folder / "out", workspace=rl.Workspace(cache=folder / "cache")
    )
    return folder


# --- what runs -----------------------------------------------------------------------------------


def test_a_grid_has_every_order_of_three_layers_and_every_so_manieth_layer() -> None:
    settings = ReportSettings(("b",), "c", 1, 1, starts=(12, 13), seeds=2, every=3)
    grid = settings.grid(30)
    orders = {e.schedule for e in grid if e.variant == "random" and e.start == 13}
    assert len(orders) == 6
    assert len({e.schedule for e in grid if e.variant == "random" and e.start == 12}) == 2
    assert [e.layer for e in settings.single_grid(30) if e.variant == "skip_one"] == [
        0,
        3,
        6,
        9,
        12,
        15,
        18,
        21,
        24,
        27,
        29,
    ]
    assert len(grid) == len(set(grid))


def test_starts_are_those_that_the_model_has() -> None:
    assert ReportSettings(("b",), "c", 1, 1).starts_of(6) == (0, 1, 2)
    assert ReportSettings(("b",), "c", 1, 1, starts=(2, 7)).starts_of(6) == (2,)
    with pytest.raises(
        ReprlabError, match=r"none of those given leaves a middle in 6 layers; allowed are 0..2"
    ):
        rl.report(network("tiny-llama"), ReportSettings(("b",), "builtin", 1, 1, starts=(7,)))


def test_what_a_file_of_scores_holds_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, text = network("tiny-llama"), rl.corpus("builtin")
    place = rl.Workspace(cache=tmp_path / "one")
    first = gather(net, text, SMALL, place, parts=["scores"]).scores
    assert first is not None
    first.save(tmp_path / "all.npz")
    alone = replace(first, benchmarks={"builtin_cloze": first.benchmarks["builtin_cloze"]})
    alone.save(tmp_path / "cloze.npz")
    swept: list[list[str]] = []
    real = gathering.sweep

    def counted(net: Any, entries: Any, opened: Any, **options: Any) -> Any:
        swept.append([one.name for one in opened])
        return real(net, entries, opened, **options)

    monkeypatch.setattr(gathering, "sweep", counted)
    said: list[str] = []
    for file, left in (("all.npz", []), ("cloze.npz", [["builtin_pronoun"]])):
        swept.clear()
        other = rl.Workspace(cache=tmp_path / f"cache of {file}", scores=(tmp_path / file,))
        again = gather(net, text, SMALL, other, parts=["scores"], say=said.append).scores
        assert again is not None
        assert swept == left
        assert list(again.benchmarks) == list(first.benchmarks)
        for name, results in first.benchmarks.items():
            np.testing.assert_array_equal(results.values.astype(np.float32), again.results(name).values)
        assert "builtin_cloze" in again.made_with["taken"]
    assert any("has builtin_cloze" in line for line in said)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"model": "other"}, "its model: other, not tiny-llama"),
        ({"dtype": "bfloat16"}, "its dtype: bfloat16, not float32"),
        (
            {"entries": None},
            "it lacks schedules or documents of every benchmark, or its scale is an earlier version's",
        ),
    ],
)
def test_scores_of_something_else_are_not_used_and_it_is_said(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    net, text = network("tiny-llama"), rl.corpus("builtin")
    small = replace(SMALL, benchmarks=("builtin_pronoun",), limit=4, seeds=1, starts=(1,), every=6)
    first = gather(net, text, small, rl.Workspace(cache=tmp_path / "a"), parts=["scores"]).scores
    assert first is not None
    if "entries" in change:
        results = first.results()
        change = {
            "entries": first.entries[:2],
            "benchmarks": {
                results.name: replace(results, values=results.values[:2], nonfinite=results.nonfinite[:2])
            },
        }
    replace(first, **change).save(tmp_path / "s.npz")
    said: list[str] = []
    place = rl.Workspace(cache=tmp_path / "a", scores=(tmp_path / "s.npz",))
    again = gather(net, text, small, place, parts=["scores"], say=said.append).scores
    assert again is not None
    assert "taken" not in again.made_with
    assert any(line.endswith(f"is not used: {why}") for line in said), said


def test_an_encoder_is_scored_by_classifiers_where_tasks_are_named(tmp_path: Path, glue_rows: Path) -> None:
    settings = replace(SMALL, glue=("rte",), starts=(1, 2), seeds=1, every=3, trained_starts=(1,))
    place = rl.Workspace(cache=tmp_path / "cache", data_dir=glue_rows)
    net = rl.load("tiny-bert", pooled=True)
    evidence = gather(net, rl.corpus("builtin"), settings, place)
    assert evidence.classifies
    assert evidence.unfrozen is not None
    assert {entry.start for entry in evidence.unfrozen.entries} == {None, 1}
    write_numbers(tmp_path / "out" / "tiny-bert", evidence, settings, 1.0)
    redraw(tmp_path / "out" / "tiny-bert")
    run = json.loads((tmp_path / "out" / "tiny-bert" / "run.json").read_text())
    assert "glue" in run["figures"]
    assert "frozen: 3 epochs, batch 32, rate 0.03" in run["identity"]["swept"]
    assert "unfrozen: 3 epochs, batch 32, rate 2e-05" in run["identity"]["trained as a whole"]
    assert (tmp_path / "out" / "tiny-bert" / "unfrozen.npz").is_file()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limit": 0}, "--limit 0: give 1 or more"),
        ({"own_limits": {"b": 0}}, "--limit 0: give 1 or more"),
        ({"documents": -1}, "--documents -1: give 1 or more"),
        ({"seeds": 0}, "--seeds 0: give 1 or more"),
        ({"loops": (0, 2)}, "--loops 0: give counts of 1 or more"),
        ({"loop_limit": -1}, "--loop-limit -1: give a number of documents, 0 to leave it out"),
        ({"window_limit": -1}, "--windows -1: give a number of documents"),
        ({"precise_limit": -1}, "--precise -1: give a number of documents"),
        (
            {"glue": ("rte",), "trained_starts": (1,), "trained_variants": ("skip", "loped")},
            "unknown variant 'loped'",
        ),
        ({"glue": ("rte",), "trained_variants": ("skip",)}, "--trained-variants goes with --trained-starts"),
        ({"trained_starts": (1,)}, "--trained-starts goes with --glue: give both, or neither"),
        ({"glue_limit": 8}, "--glue-limit goes with --glue: give both, or neither"),
        ({"glue": ("rte",), "glue_limit": 0}, "--glue-limit 0: give 1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ReprlabError, match=message):
        ReportSettings(**{"benchmarks": ("b",), "corpus": "c", "documents": 1, "limit": 1, **given})


def test_an_encoder_is_trained_as_a_whole_under_the_variants_named() -> None:
    some = replace(SMALL, glue=("rte",), trained_starts=(1, 2, 9), trained_variants=("skip", "parallel"))
    found = [(entry.variant, entry.start) for entry in some.trained_grid(6)]
    assert found == [("full", None), ("skip", 1), ("skip", 2), ("parallel", 1), ("parallel", 2)]
    every = replace(some, trained_variants=()).trained_grid(6)
    assert {entry.variant for entry in every} == {line.variant for line in VARIANTS}
    assert replace(some, trained_starts=(), trained_variants=()).trained_grid(6) == []


def test_quick_starts_lie_in_the_window_of_the_verdicts() -> None:
    for layers in range(8, 81):
        starts = quick_starts(layers)
        assert starts
        assert all(layers - 2 * s - 1 >= 3 for s in starts)
        assert 2 <= len(starts) <= 3


def test_progress_never_goes_back_once_totals_are_known() -> None:
    seen: list[tuple[float, float]] = []
    stages = Stages({"a": 10.0, "b": 30.0}, lambda done, total: seen.append((done, total)))
    for done in (5, 10):
        stages.of("a")(done, 10)
    stages.close("a")
    for done in (0, 20, 40):
        stages.of("b")(done, 40)
    stages.close("b")
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (50, 50)


def test_what_is_there_already_is_no_work() -> None:
    seen: list[tuple[float, float]] = []
    stages = Stages({"a": 10.0}, lambda done, total: seen.append((done, total)))
    stages.of("a")(0, 0)
    stages.close("a")
    assert seen == []


# --- the analyses --------------------------------------------------------------------------------


def test_every_figure_of_the_paper_is_there_with_its_words() -> None:
    paper = ["fig02", "fig03", "fig04", "fig05", "fig06", "fig07", "fig08", "fig09", "fig10", "fig11"]
    paper += ["fig12", "fig13", "fig14", "fig15", "fig16", "fig17"]
    beyond = [
        "block_influence",
        "controls",
        "frontier",
        "glue",
        "massive_activations",
        "precision",
        "semantic_reasoning",
        "windows",
    ]
    assert names() == paper + beyond
    for one in everything():
        assert one.title
        assert one.caption.endswith(".")
        assert one.claim.endswith(".")
        assert one.family == (one.name in {"fig12", "fig14"})
        assert one.needs or one.family


@pytest.mark.parametrize("name", names())
def test_an_analysis_imports_only_what_is_public_and_fits_a_page_or_two(name: str) -> None:
    import ast

    source = (analyses.folder() / f"{name}.py").read_text()
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if node.module in {"reprlab", "reprlab.verdicts"}
                else {node.module or ""}
            )
    ours = {one for one in found if one.startswith("reprlab")}
    assert ours <= {"reprlab", "reprlab.figures", "reprlab.verdicts.curves"}
    assert {one.split(".")[0] for one in found - ours} <= {"numpy", *sys.stdlib_module_names}
    assert len(source.splitlines()) < 220


def test_an_analysis_without_its_words_is_refused() -> None:
    with pytest.raises(ReprlabError, match="'x' has no title, 'Caption:' and 'Claim:'"):
        words("x", "A title.\n\nCaption: something.")


# --- what is written -----------------------------------------------------------------------------


def test_a_report_has_every_figure_that_it_can_and_says_why_not_the_others(made: Path) -> None:
    run = json.loads((made / "out/tiny-llama/run.json").read_text())
    assert set(run["figures"]) | set(run["left_out"]) == {one.name for one in everything() if not one.family}
    assert set(run["left_out"]) == {"precision", "fig13", "glue"}
    for name in run["figures"]:
        for ending in ("png", "pdf", "json", "csv"):
            assert (made / f"out/tiny-llama/{name}.{ending}").stat().st_size > 50, name
        with (made / f"out/tiny-llama/{name}.csv").open() as file:
            assert list(csv.reader(file))[1:], name
    bert = json.loads((made / "out/tiny-bert/run.json").read_text())
    assert {"fig03", "fig15", "massive_activations"} <= set(bert["figures"])
    why = "no schedule was scored: the model has no causal language head, and no --glue TASKS was given"
    assert bert["left_out"]["fig11"] == why
    assert bert["left_out"]["fig10"] == "the model has no causal language head"


def test_a_report_names_what_it_was_made_from(made: Path) -> None:
    run = json.loads((made / "out/tiny-llama/run.json").read_text())
    said = run["identity"]
    assert said["model"] == "tiny-llama"
    assert "12 documents" in said["swept"]
    assert "4 documents of builtin" in said["hidden states"]
    assert f"torch {torch.__version__.split('+')[0]}" in said["versions"]
    assert {"processor", "threads", "memory", "time", "digest of the weights"} <= set(said)
    assert said["threads"].startswith(f"{torch.get_num_threads()} in the last call")


def test_the_eight_questions_are_answered_for_every_model(made: Path) -> None:
    for model in ("tiny-llama", "tiny-bert"):
        judged = json.loads((made / f"out/{model}/verdicts.json").read_text())
        assert [(verdict["version"], verdict["number"]) for verdict in judged] == [
            (version, number) for version in (2, 1) for number in range(1, 9)
        ]
        # six layers decide no curve
        assert {v["answer"] for v in judged if v["number"] > 2} == {"not decidable"}
        page = (made / f"out/{model}/index.html").read_text()
        assert all(verdict["question"] in page and verdict["claim"] in page for verdict in judged)
        assert page.count("Version 1 of the rules:") == 8


def test_the_scores_behind_a_report_are_kept(made: Path) -> None:
    scores = rl.Scores.load(made / "out/tiny-llama/scores.npz")
    assert scores.model == "tiny-llama"
    assert len(scores.results("builtin_cloze").ids) == 12
    assert rl.Scores.load(made / "out/tiny-llama/loops.npz").results().name == "builtin_pronoun"
    assert not (made / "out/tiny-bert/scores.npz").exists()


def test_drawn_again_from_numbers_it_is_the_same_bytes(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "out", tmp_path / "out")
    for file in (tmp_path / "out").rglob("*"):
        if file.suffix in {".png", ".pdf", ".html"}:
            file.unlink()
    for folder in members(tmp_path / "out"):
        redraw(folder)
    compare(tmp_path / "out")
    assert contents(tmp_path / "out") == contents(made / "out")


def test_stopped_anywhere_and_run_again_it_has_the_same_numbers(whole: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    for after in (2, 9, 30):

        def stop(done: float, total: float, seen: list[float] = [], after: int = after) -> None:  # noqa: B006
            seen.append(done)
            if len(seen) > after:
                raise Stop

        with pytest.raises(Stop):
            rl.report(
                network("tiny-llama"),
                SMALL,
                folder=tmp_path / "out",
                workspace=rl.Workspace(cache=tmp_path),
                progress=stop,
            )
    rl.report(network("tiny-llama"), SMALL, folder=tmp_path / "out", workspace=rl.Workspace(cache=tmp_path))
    assert numbers_in(tmp_path / "out/tiny-llama") == numbers_in(whole / "out/tiny-llama")


def test_a_second_report_forgets_figures_that_it_does_not_have(
    made: Path, whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(made / "out", tmp_path / "out")
    assert (tmp_path / "out/tiny-llama/fig10.png").exists()
    less = ReportSettings(("builtin_pronoun", "builtin_cloze"), "builtin", documents=4, limit=12, seeds=2)
    rl.report(
        network("tiny-llama"), less, folder=tmp_path / "out", workspace=rl.Workspace(cache=whole / "cache")
    )
    assert not list((tmp_path / "out/tiny-llama").glob("fig10.*"))
    assert not (tmp_path / "out/tiny-llama/loops.npz").exists()
    run = json.loads((tmp_path / "out/tiny-llama/run.json").read_text())
    assert run["left_out"]["windows"] == "windows of layers were not run: give --windows N or --full"
    assert run["left_out"]["fig10"] == "fig. 10's loop counts were not run: give --loops 1:29 or --full"
    assert (tmp_path / "out/tiny-llama/fig03.png").exists()


def test_models_are_compared_on_one_page(made: Path) -> None:
    page = (made / "out/index.html").read_text()
    assert 'href="tiny-llama/index.html' in page
    assert 'href="tiny-bert/index.html' in page
    assert (made / "out/fig14.png").exists()


def test_names_are_escaped(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "out/tiny-llama", tmp_path / "m")
    run = json.loads((tmp_path / "m/run.json").read_text())
    run["model"] = "<script>alert(1)</script>{{7*7}}"
    (tmp_path / "m/run.json").write_text(json.dumps(run))
    page = redraw(tmp_path / "m").read_text()
    assert "<script>" not in page
    assert "{{7*7}}" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "has not the numbers that fig11 draws"),
        (None, "No such file or directory; `reprlab report` makes it, or `reprlab figures` for one figure"),
    ],
)
def test_a_damaged_file_of_numbers_is_named(
    made: Path, tmp_path: Path, damage: str | None, message: str
) -> None:
    shutil.copytree(made / "out/tiny-llama", tmp_path / "m")
    file = tmp_path / "m/fig11.json"
    file.unlink() if damage is None else file.write_text(damage)
    with pytest.raises(ReprlabError, match=message) as error:
        redraw(tmp_path / "m")
    assert "fig11" in str(error.value)


def test_numbers_that_fail_only_as_they_become_an_image_are_named(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise TypeError("no callable rint method")

    shutil.copytree(made / "out/tiny-llama", tmp_path / "m")
    before = (tmp_path / "m/fig11.png").read_bytes()
    monkeypatch.setattr("reprlab.figures.image", fails)
    with pytest.raises(ReprlabError, match=r"has not the numbers that \w+ draws"):
        redraw(tmp_path / "m")
    assert (tmp_path / "m/fig11.png").read_bytes() == before


def test_a_run_without_its_fields_is_named(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "out/tiny-llama", tmp_path / "m")
    (tmp_path / "m/run.json").write_text("{}")
    with pytest.raises(ReprlabError, match=r"run.json' is no run of a report \(model: Field required\)"):
        redraw(tmp_path / "m")


def test_numbers_keep_six_digits_and_a_line_a_row() -> None:
    assert rounded({"a": 1 / 3, "b": [float("inf"), 12345678, True]}) == {
        "a": 0.333333,
        "b": [None, 12345678, True],
    }
    value = {"model": "m", "rows": [{"x": i, "y": [i] * 40} for i in range(30)], "empty": [], "none": None}
    assert json.loads(text(value)) == value
    assert len(text(value).splitlines()) > 30


# --- as people see it ----------------------------------------------------------------------------


@browser.needs_chromium
def test_pages_open_in_a_browser_without_a_problem(made: Path) -> None:
    for page in ("index.html", "tiny-llama/index.html", "tiny-bert/index.html"):
        assert browser.check(made / "out" / page) == []


@pytest.mark.timeout(600)
def test_a_wheel_brings_the_figures_along(tmp_path: Path) -> None:
    def run(*command: object, **options: Any) -> str:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    assert "reprlab/analyses/fig11.py" in inside
    assert any(name.startswith("reprlab/reports/pages/") and name.endswith(".html") for name in inside)
    run(sys.executable, "-m", "venv", tmp_path / "env")
    python = tmp_path / "env/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel)
    (site,) = (tmp_path / "env/lib").glob("python3*/site-packages")
    # what reprlab needs, but no reprlab: paths in a .pth file do not bring their own .pth files along
    (site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    said = run(tmp_path / "env/bin/reprlab", "figures", "list", cwd=tmp_path, env=clean)
    assert all(name in said for name in names())
    where = run(python, "-c", "import reprlab; print(reprlab.__file__)", cwd=tmp_path, env=clean)
    assert where.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("verdicts.json", lambda text: text.replace('"findings"', '"finding"', 1), "holds no verdicts"),
        (
            "fig04.json",
            lambda text: re.sub(r'"R": [\d.]+', '"R": NaN', text, count=1),
            "NaN is no number of JSON's",
        ),
        ("run.json", lambda text: "[]", "is no run of a report"),
    ],
)
def test_damaged_numbers_are_a_line(made: Path, tmp_path: Path, file: str, change: Any, message: str) -> None:
    shutil.copytree(made / "out" / "tiny-llama", tmp_path / "tiny-llama")
    path = tmp_path / "tiny-llama" / file
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    with pytest.raises(ReprlabError, match=message):
        redraw(tmp_path / "tiny-llama")


def test_the_example_is_one_of_ours_where_asked(tmp_path: Path) -> None:
    settings = replace(SMALL, example="builtin")
    place = rl.Workspace(cache=tmp_path, data_dir=tmp_path)
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "test.jsonl").touch()
    evidence = gather(network("tiny-llama"), rl.corpus("builtin"), settings, place, parts=["example"])
    assert evidence.example is not None
    assert evidence.example.benchmark == "builtin_arithmetic_1"


def test_controls_run_where_answers_are_read_off_and_not_where_they_are_written(tmp_path: Path) -> None:
    net = network("tiny-llama")
    rows = made_rows(tmp_path / "rows")
    settings = ReportSettings(("lambada", "gsm8k"), "builtin", 4, 2, starts=(1,), seeds=1, every=3)
    found = gather(
        net,
        rl.corpus("builtin"),
        settings,
        Workspace(cache=tmp_path / "cache", data_dir=rows),
        parts={"scores"},
    )
    assert found.scores is not None
    at = [place for place, entry in enumerate(found.scores.entries) if entry.variant == "repeat_matched"]
    assert at
    for name, missing in (("lambada", False), ("gsm8k", True)):
        assert bool(np.isnan(found.scores.results(name).values[at]).all()) == missing
    assert not np.isnan(found.scores.results("gsm8k").values[0]).any()
