"""`reprlab capture`: what is captured, what is said of it, and what is refused."""

import json
from pathlib import Path

import pytest
from cli_runs import NAMES, SMALL, Done, Run, the_capture

import reprlab as rl
from reprlab.captures.capture import open_capture


def test_nothing_is_loaded_before_bad_numbers_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rl, "load", lambda *_, **__: pytest.fail("loaded"))
    for option in ("--documents", "--max-tokens", "--batch-tokens"):
        assert run("capture", "tiny-neox", option, "-1").code == 2


def test_what_can_be_had_is_captured_and_the_rest_is_named_at_the_end(run: Run) -> None:
    done = run("capture", "tiny-neox", "qqq", "tiny-bert", *SMALL)
    assert done.code == 1
    assert [line.split()[0] for line in done.out.splitlines()[::2]] == ["tiny-neox", "tiny-bert"]
    assert done.err.splitlines()[-2:] == [
        f"reprlab: qqq: unknown model 'qqq': {NAMES}",
        "reprlab: 1 of 3 failed: qqq",
    ]


def test_capture_says_what_it_made_and_where(run: Run, tmp_path: Path) -> None:
    done = run("capture", "tiny-neox", *SMALL)
    assert done.out == (
        "tiny-neox on builtin: 3 documents, 72 tokens, 7 depths x 32, float32 "
        f"(random weights, gpt_neox architecture, byte tokenizer)\n  {the_capture(tmp_path)}, "
        f"calibration {open_capture(the_capture(tmp_path)).calibration}\n"
    )


def test_capture_as_json_prints_json_alone_even_if_one_fails(run: Run, tmp_path: Path) -> None:
    done = run("capture", "tiny-neox", "qqq", *SMALL, "--json")
    (row,) = json.loads(done.out)
    assert done.code == 1
    assert {key: row[key] for key in ("model", "corpus", "documents", "tokens", "dtype", "states")} == {
        **{"model": "tiny-neox", "corpus": "builtin", "documents": 3, "tokens": 72},
        **{"dtype": "float32", "states": True},
    }
    assert row["folder"] == str(the_capture(tmp_path))


def test_options_reach_the_capture(run: Run) -> None:
    done = run("capture", "tiny-neox@init", *SMALL, "--dtype", "bfloat16", "--no-states", "--json")
    (row,) = json.loads(done.out)
    assert (row["model"], row["dtype"], row["stored"]) == ("tiny-neox@init", "bfloat16", "bfloat16")
    assert (row["states"], row["max_tokens"]) == (False, 24)


def test_a_cache_given_is_used_and_no_other(run: Run, tmp_path: Path) -> None:
    run("capture", "tiny-neox", *SMALL, "--cache", tmp_path / "other")
    assert (tmp_path / "other" / "tiny-neox").is_dir()
    assert not (tmp_path / "cache").exists()


def test_documents_that_are_cut_are_counted(run: Run) -> None:
    assert (
        "note: 3 of 3 documents reach 24 tokens; longer ones are cut"
        in run("capture", "tiny-neox", *SMALL).err
    )


@pytest.mark.parametrize("option", ["--data-dir", "--models-dir"])
def test_a_folder_that_is_none_is_refused(run: Run, option: str) -> None:
    assert run("capture", "tiny-neox", option, "nowhere") == Done(
        2, "", f"reprlab: {option} 'nowhere' is no folder\n"
    )
