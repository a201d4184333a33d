"""`reprlab similarity`: the captures it takes, the files it writes, and what stands beside the measure."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runs import SMALL, Done, Run, shards

import reprlab as rl
from reprlab.similarity.comparing import MEASURES


def test_similarity_captures_first_and_then_never_loads_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("similarity", "--model", "tiny-neox", *SMALL)
    picture, numbers, reading = first.out.splitlines()
    assert first.code == 0
    assert (picture, numbers) == (
        "reports/tiny-neox/cosine-builtin-3.png",
        "reports/tiny-neox/cosine-builtin-3.json",
    )
    assert reading.startswith(f"tiny-neox: {MEASURES['cosine'].words}: depths 2 to 4 have a mean of 0.")
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert rl.Similarity.load(numbers).values.shape == (7, 7)

    monkeypatch.setattr(rl, "load", lambda *_, **__: pytest.fail("loaded though the capture is there"))
    again = run("similarity", "--model", "tiny-neox", *SMALL)
    said = "No intervals: too few documents: 12 are needed.\n"
    assert (again.code, again.out) == (0, first.out)
    assert again.err.endswith(said)
    fewer = run("similarity", "--model", "tiny-neox", "--documents", "2", "--max-tokens", "24", "--json")
    assert fewer.code == 0
    assert rl.Similarity.load(json.loads(fewer.out)[0]["files"][1]).documents == 2


@pytest.mark.parametrize(
    "change",
    [("--documents", "4"), ("--max-tokens", "25"), ("--dtype", "bfloat16"), ("--corpus", "rows.jsonl")],
    ids=str,
)
def test_a_capture_of_something_else_is_not_taken_for_it(
    run: Run, tmp_path: Path, change: tuple[str, str]
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n{"text": "three"}\n')
    run("similarity", "--model", "tiny-neox", *SMALL)
    before = shards(tmp_path / "cache")
    assert run("similarity", "--model", "tiny-neox", *SMALL, *change).code == 0
    after = shards(tmp_path / "cache")
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_bad_numbers_are_refused_though_a_capture_is_there(run: Run) -> None:
    run("similarity", "--model", "tiny-neox", "--documents", "2")
    for option in ("--documents", "--max-tokens", "--batch-tokens"):
        done = run("similarity", "--model", "tiny-neox", "--documents", "2", option, "0")
        assert (done.code, done.err) == (2, f"reprlab: {option} 0: give 1 or more\n")


STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml", ".json": b"{", ".csv": b"depth,other_depth"}


def test_out_writes_every_format_by_its_ending(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / "new" / f"x{ending}" for ending in STARTS]
    options = [part for file in files for part in ("--out", file)]
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--measure", "cka", *options)
    assert done.out.splitlines()[:-1] == list(map(str, files))
    assert [file.read_bytes()[: len(s)] for file, s in zip(files, STARTS.values(), strict=True)] == [
        *STARTS.values()
    ]


def test_a_picture_alone_brings_its_numbers_beside_it(run: Run, tmp_path: Path) -> None:
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--out", "x.pdf", "--json")
    (data,) = json.loads(done.out)
    assert data["files"] == ["x.pdf", "x.json"]
    assert data["summary"].startswith(f"{MEASURES['cosine'].words}: depths ")
    assert rl.Similarity.load("x.json").measure == "cosine"


def test_an_output_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run("capture", "tiny-neox", *SMALL)
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--out", "file/new/x.png")
    assert (done.code, done.err) == (2, "reprlab: --out 'file/new/x.png' cannot be made: 'file' is a file\n")


def test_a_glob_draws_one_picture_a_model(run: Run, tmp_path: Path) -> None:
    done = run("similarity", "--model", "tiny-[ln]*", *SMALL, "--tokens", "no-sinks")
    assert done.code == 0
    names = {str(f.relative_to(tmp_path)) for f in tmp_path.glob("reports/*/*.png")}
    assert names == {f"reports/{name}/cosine-no-sinks-builtin-3.png" for name in ("tiny-llama", "tiny-neox")}


def test_benchmarks_are_averaged_over_their_five_corpora(run: Run, tmp_path: Path) -> None:
    from captures.test_corpora import MADE_UP

    from reprlab.captures.corpus_table import BENCHMARKS, SOURCES

    for name in BENCHMARKS:
        file = tmp_path / "data" / SOURCES[name].rows.first
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(MADE_UP[name][0]) + "\n")
    done = run(
        *("similarity", "--model", "tiny-neox", "--corpus", "benchmarks", "--data-dir", "data"),
        *("--out", "x.json"),
    )
    assert done.code == 0
    made = rl.Similarity.load("x.json")
    assert made.provenance.corpus == "benchmarks (mean of lambada, arc, hellaswag, winogrande, gsm8k)"
    assert made.documents == 5


def test_a_result_of_other_settings_is_not_replaced_silently(run: Run) -> None:
    run("similarity", "--model", "tiny-neox", *SMALL, "--out", "x.png")
    again = run("similarity", "--model", "tiny-neox", *SMALL, "--tokens", "no-sinks", "--out", "x.png")
    assert again.err.startswith("note: x.json is replaced; it was: tiny-neox (random weights")


def test_cka_without_states_is_refused_before_any_work(run: Run) -> None:
    assert run("similarity", "--model", "tiny-neox", "--measure", "cka", "--no-states") == Done(
        2, "", "reprlab: --no-states keeps no states and cka needs them: leave one of both away\n"
    )


def test_a_schedule_has_its_own_capture_and_its_own_depths(run: Run) -> None:
    parallel = ("--schedule", "0:2 [4 2 3]*2 5")
    done = run("similarity", "--model", "tiny-neox", *SMALL, *parallel, "--out", "x.json")
    found = rl.Similarity.load("x.json")
    assert done.code == 0
    assert (found.provenance.schedule, found.values.shape, found.full) == ("0 1 [2:5]*2 5", (6, 6), False)
    assert "schedule 0 1 [2:5]*2 5." in found.caption
    run("similarity", "--model", "tiny-neox", *SMALL, "--out", "y.json")
    assert rl.Similarity.load("y.json").full
    assert {row["schedule"] for row in json.loads(run("cache", "list", "--json").out)} == {
        *("0:6", "0 1 [2:5]*2 5")
    }


def test_controls_and_a_sweep_over_sinks_stand_beside_the_measure(run: Run, tmp_path: Path) -> None:
    few = ("--documents", "12", "--max-tokens", "24")
    command = ("similarity", "--model", "tiny-neox", *few, "--measure", "cka", "--mean", "2:5")
    controls = ("--control", "shuffled", "--control", "residual", "--control", "untrained")
    done = run(*command, *controls, "--sinks-sweep")
    assert done.code == 0
    for label in ("as they are", "shuffled", "residual", "untrained", "sinks above 4", "all tokens"):
        assert label in done.out
    assert "depths 2 to 4 to each other" in done.out
    files = {file.stem for file in tmp_path.glob("reports/tiny-neox/*.json")}
    assert files == {"cka-builtin-12", *(f"cka-builtin-12-{n}" for n in controls[1::2])}
    (row,) = json.loads(run(*command, *controls, "--sinks-sweep", "--json").out)
    (mean,) = row["means"].values()
    assert mean[1] < mean[0] < mean[2]
    assert set(row["controls"]) == {"shuffled", "residual", "untrained"}
    assert abs(row["controls"]["shuffled"]["means"]["depths 2 to 4 to each other"][0]) < 0.3
    assert [part["policy"] for part in row["sinks_sweep"]] == [*["no-sinks"] * 8, "all"]


def test_bins_show_the_result_by_place_in_the_document(run: Run) -> None:
    command = ("similarity", "--model", "tiny-neox", *SMALL, "--bins", "1,8")
    assert "positions 8:" in run(*command).out
    (row,) = json.loads(run(*command, "--json").out)
    assert {place: part["tokens"] for place, part in row["bins"].items()} == {"0:1": 3, "1:8": 21, "8:": 48}


def test_two_models_two_schedules_and_files_are_set_against_each_other(run: Run, tmp_path: Path) -> None:
    base = ("similarity", "--model", "tiny-neox", *SMALL)
    assert run(*base, "--against", "tiny-llama", "--measure", "cka", "--out", "a.json").code == 0
    assert rl.Similarity.load("a.json").other == "tiny-llama"
    assert run(*base, "--against-schedule", "0:3 4:6", "--out", "b.json").code == 0
    found = rl.Similarity.load("b.json")
    assert (found.other, found.values.shape) == ("tiny-neox under 0:3 4 5", (7, 6))
    states = np.random.default_rng(0).normal(size=(4, 30, 8))
    np.savez(tmp_path / "acts.npz", states=states, offsets=[0, 10, 20, 30])
    done = run("similarity", "--activations", "acts.npz", "--measure", "knn", "--out", "c.json")
    assert done.code == 0
    assert rl.Similarity.load("c.json").values.shape == (4, 4)
    wrong = run(*base, "--against", "acts.npz", "--measure", "cka")
    assert (wrong.code, wrong.err) == (
        2,
        "reprlab: the two have different tokens: compare samples 'documents', 'last' or 'cls' instead of "
        "tokens\n",
    )
    good = run(*base, "--against", "acts.npz", "--measure", "cka", "--samples", "documents")
    assert good.code == 0, good.err


def test_block_influence_comes_with_the_cosine(run: Run) -> None:
    (row,) = json.loads(run("similarity", "--model", "tiny-neox", *SMALL, "--json").out)
    values = rl.Similarity.load(row["files"][1]).values
    assert row["block_influence"] == pytest.approx([1 - values[i, i + 1] for i in range(6)])


def test_several_measures_are_compared_over_one_capture(run: Run, tmp_path: Path) -> None:
    done = run("similarity", "tiny-neox", *SMALL, "--measure", "cosine,knn", "--measure", "cka", "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert [(row["model"], row["measure"]) for row in rows] == [
        ("tiny-neox", name) for name in ("cosine", "knn", "cka")
    ]
    names = {file.name for file in tmp_path.glob("reports/tiny-neox/*.json")}
    assert names == {"cosine-builtin-3.json", "knn-10-builtin-3.json", "cka-builtin-3.json"}
    assert len(shards(tmp_path / "cache")) == 1
    both = run("similarity", "tiny-neox", *SMALL, "--measure", "cosine,cka", "--out", "x.png")
    assert both.err == "reprlab: --out names one file, and there are 2 results: leave --out away\n"


def test_controls_and_means_are_given_with_commas_or_again(run: Run) -> None:
    command = ("similarity", "tiny-neox", *SMALL, "--json")
    commas = run(*command, "--control", "shuffled,residual", "--mean", "1:3,2:5")
    again = run(*command, "--control", "shuffled", "--control", "residual", "--mean", "1:3", "--mean", "2:5")
    assert (commas.code, commas.out) == (0, again.out)
    (row,) = json.loads(commas.out)
    assert (list(row["controls"]), len(row["means"])) == (["shuffled", "residual"], 2)
