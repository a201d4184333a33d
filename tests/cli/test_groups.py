"""`reprlab groups`: groups of depths are drawn, listed and read out."""

import json
from pathlib import Path

from cli_runs import SMALL, Run

import reprlab as rl


def test_groups_are_drawn_listed_and_read_out(run: Run, tmp_path: Path) -> None:
    done = run("groups", "--model", "tiny-llama", *SMALL, "--count", "2")
    assert done.code == 0
    (numbers,) = (tmp_path / "reports" / "tiny-llama").glob("groups-*.json")
    found = rl.Groups.load(numbers)
    assert len(found.starts) == 2
    assert numbers.with_suffix(".png").exists()
    assert found.summary in done.out
    many = run("groups", "--model", "tiny-llama", *SMALL, "--count", "7")
    assert many.code == 2
    assert many.err.endswith("reprlab: --count 7: a model of 6 layers has 6 depths to group\n")


def test_groups_of_several_models_are_a_family(run: Run, tmp_path: Path) -> None:
    done = run("groups", "--model", "tiny-[ln]*", *SMALL)
    assert done.code == 0
    assert "not decidable" in done.out
    assert list(tmp_path.glob("reports/*/group-shares-*.png"))


def test_several_measures_have_groups_and_a_family_each(run: Run) -> None:
    done = run("groups", "tiny-llama", "--model", "tiny-neox", *SMALL, "--measure", "cosine,cka", "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    assert [row.get("model") or row["family"] for row in rows] == 2 * [
        *("tiny-llama", "tiny-neox", "tiny-llama,tiny-neox")
    ]
    assert all("-cka-" in file for row in rows[3:] for file in row["files"])
