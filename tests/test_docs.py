"""The documentation is true: commands run, tables and numbers are the code's, links lead somewhere."""

import importlib.util
import json
import re
import shlex
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from documents import LINKING, PAGES, ROOT, anchors, fences, links, name_of, without_fences

import reprlab as rl
from reprlab.cli import app, main

NOT_RUN = 18  # shell blocks at most that cannot run where the tests run
GENERATE = "python docs/generate.py"

each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def script(name: str) -> Any:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = script("generate")


# Commands -------------------------------------------------------------------------------------------


def walk(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    below = [leaf for name, child in children.items() for leaf in walk(child, (*path, name))]
    return below if children else [(path, command)]


EVERY = walk(typer.main.get_command(app))
SHELL = [(page, fence) for page in PAGES for fence in fences(page) if fence.language == "sh"]
LINES = [(page, line) for page, fence in SHELL if fence.info != "fails" for line in fence.lines]


@pytest.mark.parametrize(
    ("page", "line"), LINES, ids=[f"{name_of(page)}: {line}"[:90] for page, line in LINES]
)
def test_every_command_shown_parses(page: Path, line: str) -> None:
    name, *given = shlex.split(line)
    assert name == "reprlab"
    if given[0].startswith("-"):
        assert given[0] in {"--version", "--help", "--install-completion"}
        return
    path, command = next((p, c) for p, c in EVERY if tuple(given[: len(p)]) == p)
    if "--help" not in given:
        command.make_context(path[-1], given[len(path) :])


@pytest.mark.parametrize("page", [page for page in PAGES if any(f.runs for f in fences(page))], ids=name_of)
def test_the_commands_of_a_page_run_in_order(
    page: Path,
    tmp_path: Path,
    glue_rows: Path,
    arc_rows: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert glue_rows == arc_rows
    folder = tmp_path / "page"
    folder.mkdir()
    shutil.copytree(glue_rows, folder / "rows")
    monkeypatch.chdir(folder)
    blocks = fences(page)
    for block in blocks:
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text)
    printed = ""
    for block in blocks:
        if block.runs:
            printed = "".join(run(line, monkeypatch, capsys) for line in block.lines)
        if block.info == "same":
            assert [line for line in block.text.splitlines() if line.strip() not in printed] == []


def run(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints."""
    monkeypatch.setattr("sys.argv", shlex.split(line))
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    assert end.value.code == 0, f"{line}\n{printed.err}"
    assert printed.out, line
    return printed.out


def test_shell_blocks_that_cannot_run_say_why_and_are_few() -> None:
    kinds = re.compile(r"|fails|no-run: \w.+")
    assert [fence.info for _, fence in SHELL if not kinds.fullmatch(fence.info)] == []
    assert sum(fence.info.startswith("no-run") for _, fence in SHELL) <= NOT_RUN


def test_the_fences_of_every_page_are_of_a_kind_that_is_checked() -> None:
    kinds = {"sh", "python", "text", "console", "yaml", "json", "toml", "bibtex", "csv"}
    words = re.compile(r"|same|fails|no-run: .+|file: \S+")
    odd = [
        (name_of(page), fence.language, fence.info)
        for page in PAGES
        for fence in fences(page)
        if fence.language not in kinds or not words.fullmatch(fence.info)
    ]
    assert odd == []


@each_page
def test_every_python_block_is_a_doctest_or_a_file(page: Path) -> None:
    blocks = [fence for fence in fences(page) if fence.language == "python"]
    assert [block.text for block in blocks if not block.file and ">>>" not in block.text] == []
    assert [b.text for b in blocks if not b.file and not b.text.endswith("\n\n")] == []  # else ``` is output


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=lambda x: " ".join(x) if isinstance(x, tuple) else ""
)
def test_every_command_is_shown_on_a_page_and_every_option_has_help(
    path: tuple[str, ...], command: Any
) -> None:
    words = f"reprlab {' '.join(path)}"
    assert f"## {words}\n" in (ROOT / "docs/reference/cli.md").read_text()
    shown = [page for page in PAGES if page.name != "cli.md" and re.search(rf"{words}\b", page.read_text())]
    assert shown
    assert command.help
    named = [p for p in command.params if p.name != "help"]
    assert [p.name for p in named if not getattr(p, "help", None)] == []


# Generated parts, names, numbers -----------------------------------------------------------------------


@each_page
def test_generated_parts_are_those_that_the_code_gives(page: Path) -> None:
    text = page.read_text()
    assert text.count("<!-- begin: ") == text.count("<!-- end: ") == len(generate.PART.findall(text))
    assert generate.filled(text) == text, f"stale: run `{GENERATE}`"


def test_every_generated_part_stands_on_a_page() -> None:
    there = {name for page in PAGES for _, name, _ in generate.PART.findall(page.read_text())}
    assert {name for name in there if not name.startswith("error ")} == set(generate.PARTS)
    assert sum(name.startswith("error ") for name in there) == 10


def test_every_public_name_of_python_is_documented_once() -> None:
    page = (ROOT / "docs/reference/python.md").read_text()
    assert sorted(re.findall(r"^::: reprlab\.(\w+)$", page, re.MULTILINE)) == sorted(rl.__all__)
    for name in rl.__all__:
        assert page.count(f"| `rl.{name}` |") == 1
        assert generate.first_sentence(getattr(rl, name)).endswith((".", ":"))


def test_every_measure_has_its_formula() -> None:
    from reprlab.similarity.measure import MEASURES

    page = (ROOT / "docs/reference/measures.md").read_text()
    formulas = page[page.index("## Formulas") :]
    rows = re.findall(r"^\| `([\w-]+)` \|", formulas[: formulas.index("```")], re.MULTILINE)
    assert rows == list(MEASURES)


def test_every_answer_of_a_verdict_is_explained() -> None:
    from reprlab.verdicts.values import ANSWERS

    page = (ROOT / "docs/explanation/verdict-rules.md").read_text()
    rows = re.findall(r"^\| ([\w ]+) \|", page[: page.index("## In short")], re.MULTILINE)
    assert tuple(rows) == ("answer", *ANSWERS)


def test_every_control_is_explained() -> None:
    from reprlab.similarity.measure import CONTROLS

    page = (ROOT / "docs/explanation/sinks-and-nulls.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {*CONTROLS, "untrained"}


def test_words_of_the_glossary_are_in_order_and_once() -> None:
    page = (ROOT / "docs/reference/glossary.md").read_text()
    words = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)[2:]
    assert words == sorted(words, key=str.lower)
    assert len(set(words)) == len(words)


QUOTED = re.compile(r"([^\n][^<]*?)\n\n<!-- from ([\w./-]+): (.*?) -->", re.DOTALL)


@pytest.mark.parametrize("model", ["smollm2", "minilm"])
def test_numbers_quoted_from_reports_are_those_of_its_json(model: str) -> None:
    text = (ROOT / f"docs/results/{model}.md").read_text()
    quotes = QUOTED.findall(text)
    assert len(quotes) == text.count("<!-- from ")
    for before, file, pairs in quotes:
        numbers = json.loads((ROOT / "reports" / file).read_text())
        paragraph = before.rsplit("\n\n", 1)[-1]
        for pair in pairs.split(";"):
            shown, _, path = pair.strip().partition(" = ")
            assert shown in paragraph
            assert agrees(shown, looked_up(numbers, path)), (file, shown, path)


def looked_up(numbers: Any, path: str) -> Any:
    """The value at a path: `key.key`, `[2]` an item, `[a=x,b=y]` the one row with these values."""
    sign, path = (-1, path[1:]) if path.startswith("-") else (1, path)
    value = numbers
    for key, inside in re.findall(r"((?:[^.\[\]]|\.(?= ))+)|\[([^\]]+)\]", path):
        if key or inside.isdigit():
            value = value[int(inside) if inside else key]
            continue
        wanted = dict(pair.split("=") for pair in inside.split(","))
        (value,) = [row for row in value if all(str(row[name]) == one for name, one in wanted.items())]
    return value if isinstance(value, str) else sign * value


def agrees(shown: str, value: Any) -> bool:
    """Whether a number is what is shown, to as many digits; a text has to hold it."""
    if isinstance(value, str):
        return shown in value
    if shown.endswith(" %"):
        return f"{100 * value:.0f} %" == shown
    return f"{value:.{len(shown.partition('.')[2])}f}".replace("0.", ".", 1) == shown


def test_a_number_that_is_not_the_reports_is_noticed() -> None:
    numbers = {"rows": [{"a": "x", "R": 0.0281}, {"a": "y", "R": -0.0004}], "said": "2,701 layer calls"}
    assert agrees(".028", looked_up(numbers, "rows[a=x].R"))
    assert not agrees(".029", looked_up(numbers, "rows[a=x].R"))
    assert agrees("-.000", looked_up(numbers, "rows[a=y].R"))
    assert agrees("2,701", looked_up(numbers, "said"))
    assert not agrees("2,702", looked_up(numbers, "said"))
    assert agrees("3 %", looked_up(numbers, "rows[0].R"))


VERDICTS = [
    (page, *quote)
    for page in PAGES
    for quote in re.findall(r"<!-- verdict: (\S+) (\d) -->\n((?:>.*\n)+)", page.read_text())
]


@pytest.mark.parametrize(("page", "file", "number", "quote"), VERDICTS)
def test_a_verdict_that_is_quoted_is_the_reports(page: Path, file: str, number: str, quote: str) -> None:
    verdict = json.loads((ROOT / file).read_text())[int(number) - 1]
    shown = " ".join(line.removeprefix(">").strip() for line in quote.splitlines())
    assert verdict["question"] in shown
    assert verdict["paper"] in shown
    assert verdict.get("claim", "") in shown
    assert f"**{verdict['answer'].capitalize()}:**" in shown
    told = shown.partition(f"**{verdict['answer'].capitalize()}:** ")[2]
    assert told.rstrip(".") in verdict["sentence"]


# Links, files and targets -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for file, anchor in links(page):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{file} is not there"
        if anchor:
            assert anchor in anchors(target), f"{file} has no heading #{anchor}"


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_every_file_of_the_repository_that_is_named_exists(page: Path) -> None:
    named = re.findall(
        r"\b((?:reprlab|docs|tests|bench|analyses)/[\w/.-]*\.(?:py|md|toml))", page.read_text()
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_files_on_a_batchs_way_exist() -> None:
    page = ROOT / "docs/explanation/architecture.md"
    named = re.findall(r"^ *([\w/]+\.py) ", page.read_text(), re.MULTILINE)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "reprlab" / name).exists()] == []


def test_make_targets_named_exist_and_are_named() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for page in LINKING for target in make_targets(page)}
    assert named == targets


def make_targets(page: Path) -> list[str]:
    """The targets that a page names: in code, in an indented block, on a console."""
    typed = "\n".join(fence.text for fence in fences(page) if fence.language == "console")
    inline = re.findall(r"(?:`|^    )make ([a-z]+)", without_fences(page), re.MULTILINE)
    return inline + re.findall(r"^(?:\$ )?make ([a-z]+)", typed, re.MULTILINE)


def test_every_page_is_on_the_site() -> None:
    def files(entry: Any) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        return [
            file for below in (entry.values() if isinstance(entry, dict) else entry) for file in files(below)
        ]

    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    there = files(site["nav"])
    assert len(set(there)) == len(there)
    assert {str(page.relative_to(ROOT / "docs")) for page in PAGES[1:]} <= set(there)


def test_an_include_names_a_file_once() -> None:
    pages = [page for page in PAGES if "<!-- include: " in page.read_text()]
    assert [name_of(page) for page in pages] == ["docs/reference/file-formats.md"]
    assert not re.search(r"^## shards", without_fences(pages[0]), re.MULTILINE)


# Reports ------------------------------------------------------------------------------------------------


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
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert [one["number"] for one in verdicts] in ([*range(1, 9)], [*range(1, 9)] * 2)  # a version, or two


def test_the_committed_scores_are_those_of_the_report() -> None:
    import reprlab as rl

    folder = ROOT / "reports" / "smollm2-135m"
    scores = rl.Scores.load(folder / "scores.npz")
    settings = json.loads((folder / "run.json").read_text())["settings"]
    own = settings.get("own_limits", {})
    for name, results in scores.benchmarks.items():
        assert len(results.ids) == own.get(name, settings["limit"])
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


def _drawn_with() -> dict[str, str]:
    """The pinned versions of what draws and writes pictures: others give other bytes."""
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    return {name: pins[name] for name in ("matplotlib", "pillow", "numpy")}


@pytest.mark.skipif(
    any(version(name) != pin for name, pin in _drawn_with().items()),
    reason=f"committed pictures are drawn with {_drawn_with()}",
)
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
