"""The sheet of a report: what is noted, in which words, and how the page shows it."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from examples import network

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.errors import ReprlabError
from reprlab.foreign import validated
from reprlab.progress import Stages, StageTime
from reprlab.reports.data_sources import DataSource, of_benchmark, of_corpus, of_glue
from reprlab.reports.number_files import rounded
from reprlab.reports.pages.content import SheetGroup
from reprlab.reports.score_table import SCALE
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import Called, RunLog, Sheet, sheet_of
from reprlab.reports.sheet_lines import groups_of, quoted
from reprlab.reports.write import redraw, write_numbers
from reprlab.verdicts.evidence import Evidence

HOSTILE = "<script>alert(1)</script>{{7*7}}`<b>`\x1b[31m\n&'"
SETTINGS = ReportSettings(("b",), "builtin", 4, 400, seeds=3)
ROWS = DataSource("benchmark", "b", "b.jsonl", "", "test", "0123", 2000, {"scores": 400})


def made(called: Called | None = None, **changes: Any) -> Sheet:
    log = RunLog()
    log.read(ROWS)
    log.stages = [StageTime("scores", 3.0, True), StageTime("full", 0.04, False)]
    net = network("tiny-llama")
    evidence = Evidence(net.name, net.note, net.n_layers)
    sheet = sheet_of(net, evidence, SETTINGS, log, called, preset="paper", batch_tokens=64)
    return replace(sheet, **changes)


def lines(sheet: Sheet) -> dict[str, str]:
    groups: tuple[SheetGroup, ...] = groups_of(sheet, {"limit": 400})
    return {f"{group.title}: {row.label}": row.text for group in groups for row in group.rows}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "the first 400 of 2,000 rows"),
        ({"sample": 0}, "400 of 2,000 rows, drawn with seed 0"),
        ({"used": {"scores": 2000}}, "all 2,000 rows"),
        ({"rows": None}, "the first 400 rows"),
        ({"used": {"scores": 1}}, "the first of 2,000 rows"),
        ({"used": {"scores": 1}, "sample": 7}, "1 of 2,000 rows, drawn with seed 7"),
        ({"used": {"scores": 400, "loops": 64}}, "the first 400 of 2,000 rows (loops: 64 of them)"),
        ({"kind": "corpus"}, "the first 400 of 2,000 texts"),
    ],
)
def test_a_source_says_what_was_taken_of_what(change: dict[str, Any], words: str) -> None:
    assert replace(ROWS, **change).taken == words


def test_sources_name_file_split_and_digest(glue_rows: Path) -> None:
    (pronouns,) = open_benchmarks(["builtin_pronoun"])
    source = of_benchmark(pronouns, None, {"scores": 9999}, "benchmark")
    assert source.used == {"scores": len(pronouns.docs)} == {"scores": source.rows}
    assert (source.split, source.digest, source.shots) == ("test", pronouns.digest, 0)
    assert source.origin == "builtin_pronoun.jsonl, in the package"
    texts = rl.corpus(["one text", "another"])
    assert of_corpus(texts, {"full": 1}).origin == "given as a list"
    kept = of_corpus(replace(texts, source=f"some/rows@{'0a' * 20}"), {})
    assert (kept.source, kept.revision) == ("some/rows", "0a" * 20)
    for limit, rows in ((None, [40, 20]), (8, [None, None])):
        (opened,) = open_glue(["rte"], data_dir=glue_rows, limit=limit)
        train, held_out = of_glue(opened, "scores", limit, 7)
        assert {train.sample, held_out.sample} == {None if limit is None else 7}
        assert [train.rows, held_out.rows] == rows
        assert train.key != held_out.key
        assert train.origin == "glue/rte of --data-dir"


def test_rows_of_a_folder_are_named_below_it_and_those_of_a_task_file_without_its_folder(
    arc_rows: Path, tmp_path: Path
) -> None:
    (arc,) = open_benchmarks(["arc"], data_dir=arc_rows)
    assert of_benchmark(arc, arc_rows, {}, "benchmark").source == "arc_challenge/test.jsonl"
    (tmp_path / "own").mkdir()
    rows = arc_rows / "arc_challenge" / "test.jsonl"
    (tmp_path / "own" / "mine.jsonl").write_bytes(rows.read_bytes())
    (tmp_path / "own" / "mine.yaml").write_text(
        "task: mine\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: mine.jsonl\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{question}}'\n"
        "doc_to_target: 0\ndoc_to_choice: '{{choices.text}}'\n"
    )
    (mine,) = open_benchmarks([str(tmp_path / "own" / "mine.yaml")])
    source = of_benchmark(mine, None, {"scores": 2}, "benchmark")
    assert (source.source, source.split, source.rows) == ("mine.jsonl", "test", 6)


def test_the_log_keeps_what_several_stages_take_of_one_source() -> None:
    log = RunLog()
    log.read(ROWS)
    log.read(replace(ROWS, used={"loops": 64}), replace(ROWS, split="train"))
    assert [source.used for source in log.sources.values()] == [{"scores": 400, "loops": 64}, {"scores": 400}]


def test_a_stage_that_computes_nothing_says_so() -> None:
    stages = Stages({"a": 1.0, "b": 1.0, "c": 1.0}, lambda done, total: None)
    stages.of("a")(0, 0)
    stages.close("a")
    show = stages.of("b")
    show(3, 4)
    show(0, 0)
    stages.close("b")
    stages.close("c")
    assert [(one.name, one.computed) for one in stages.times] == [("a", False), ("b", True), ("c", False)]
    assert all(one.seconds >= 0 for one in stages.times)


def test_a_sheet_says_all_that_it_takes_to_run_it_again() -> None:
    said = lines(made(Called(("reprlab", "report", "a b"), "tiny-llama"), earlier={"torch": "1.0"}))
    assert said["Run it again: command line"] == "reprlab report 'a b'"
    assert said["Run it again: again"] == "reprlab report --again run.json"
    assert said["Model: digest of the weights"] == network("tiny-llama").digest
    assert said["Data: benchmark b"] == "the first 400 of 2,000 rows; split test; from b.jsonl; digest 0123"
    assert said["Seeds: bootstraps"] == "0; 10,000 draws"
    assert said["Settings: limit"] == "400"
    assert said["Settings: batch_tokens"] == "64"
    assert "1 thread used" in said["Hardware: processor"] or "threads used" in said["Hardware: processor"]
    assert "torch " in said["Versions: of this run"]
    assert said["Versions: of results that the cache had"] == "torch 1.0"
    assert said["Wall time: scores"] == "3.0 s"
    assert said["Wall time: capture, full model"] == "0.0 s, nothing was computed: all of it was there"
    assert "the time that they took is not in it" in said["Wall time: in all"]
    bare = lines(made())
    assert bare["Run it again: command line"] == "none: the report was made in Python, by rl.report"


def test_a_module_in_memory_has_no_command_that_runs_it_again() -> None:
    sheet = made()
    kept = replace(sheet, model=replace(sheet.model, name="memory:0123"))
    assert "Run it again: again" not in lines(kept)


def test_a_sheet_comes_back_from_its_file() -> None:
    sheet = made(Called(("reprlab", HOSTILE), "tiny-llama"))
    stored = rounded(asdict(sheet))
    assert asdict(replace(validated(Sheet, stored), wall=sheet.wall)) == asdict(sheet)
    stored["data"][0]["rows"] = "many"
    with pytest.raises(ValueError, match=r"data\.0\.rows: 'many' was found"):
        validated(Sheet, stored)


def test_words_of_a_shell_stay_one_line() -> None:
    assert "\n" not in quoted((HOSTILE,))
    assert "\x1b" not in quoted((HOSTILE,))


def test_a_page_ends_with_the_sheet_and_its_scores_begin_with_their_scale(tmp_path: Path) -> None:
    sheet = made(Called(("reprlab", HOSTILE), HOSTILE))
    evidence = Evidence(HOSTILE, HOSTILE, 6)
    write_numbers(
        tmp_path, evidence, SETTINGS, 1.0, lambda: replace(sheet, data=(replace(ROWS, name=HOSTILE),))
    )
    page = redraw(tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page
    assert "{{7*7}}" in page
    assert "\x1b" not in page[page.index('<section id="sheet"') :]
    sections = [part.split('"')[0] for part in page.split('<section id="')[1:]]
    assert sections[-1] == "sheet"
    assert sections.index("scores") < sections.index("sheet")
    again = redraw(tmp_path).read_text(encoding="utf-8")
    assert again == page
    run = page[page.index('<section id="run"') : page.index('<section id="rules"')]
    assert "processor" not in run


def test_the_scale_is_three_sentences_of_25_words() -> None:
    sentences = SCALE.replace("0.6", "").split(". ")
    assert len(sentences) == 3
    assert max(len(sentence.split()) for sentence in sentences) <= 30


def test_a_page_of_older_numbers_says_that_it_has_no_sheet(tmp_path: Path) -> None:
    write_numbers(tmp_path, Evidence("m", "", 6), SETTINGS, 1.0)
    page = redraw(tmp_path).read_text(encoding="utf-8")
    assert "do not say how to run it again" in page
    assert "processor" in page


def test_a_sheet_that_is_none_is_a_line(tmp_path: Path) -> None:
    write_numbers(tmp_path, Evidence("m", "", 6), SETTINGS, 1.0, made)
    file = tmp_path / "run.json"
    file.write_text(file.read_text().replace('"cores"', '"core"'))
    with pytest.raises(ReprlabError, match="is no run of a report"):
        redraw(tmp_path)
