"""Groups and families as labelled values, and the command that makes them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from examples import network, texts
from numpy.typing import NDArray

import reprlab as rl
from reprlab.cli import terminal as shell
from reprlab.cli.groups import groups as command
from reprlab.depths.family import Family, family
from reprlab.depths.grouping import group
from reprlab.depths.groups import DRAWS, Groups
from reprlab.errors import ReprlabError
from reprlab.files import plain
from reprlab.provenance import Provenance
from reprlab.similarity.matrix import Similarity
from reprlab.statistics.resampled import Resampled

Array = NDArray[np.float64]


def blocks(sizes: list[int], noise: float = 0.0, seed: int = 0) -> Array:
    """Depth 0, and blocks behind it: 0.8 inside, 0.3 across."""
    label = np.repeat(np.arange(len(sizes)), sizes)
    drawn = np.triu(np.random.default_rng(seed).normal(0, noise, (len(label), len(label))), 1)
    inner = np.where(np.equal.outer(label, label), 0.8, 0.3) + drawn + drawn.T
    np.fill_diagonal(inner, 1)
    return np.pad(inner, (1, 0))


def similarity(values: Array, drawn: Array | None = None, **labels: Any) -> Similarity:
    made: dict[str, Any] = {
        "measure": "cosine",
        "model": "some",
        "note": "made up",
        "corpus": "pieces",
        "schedule": f"0:{len(values) - 1}",
        "documents": 10,
        "tokens": 1000,
        "excluded": 7,
        "policy": "all",
        "sink_factor": 4.0,
        "dtype": "float32",
        "stored": "float32",
        "made_with": {"reprlab": "0"},
        "layers": len(values) - 1,
    }
    resampled = None if drawn is None else Resampled("bootstrap", drawn)
    made |= labels
    source = Provenance.popped(made)
    return Similarity(values=values, provenance=source, resampled=resampled, **made)


def redrawn(sizes: list[list[int]], noise: float = 0.02) -> Array:
    return np.array([blocks(some, noise, seed) for seed, some in enumerate(sizes)])


@pytest.fixture
def found() -> Groups:
    """Boundaries before depths 4 and 13; in a quarter of the draws the first is at 5, in another at 8."""
    drawn = redrawn([[3, 9, 1], [3, 9, 1], [4, 8, 1], [7, 5, 1]])
    return group(similarity(blocks([3, 9, 1]), drawn))


# --- groups --------------------------------------------------------------------------------------


def test_groups_are_those_of_the_matrix_and_stable_where_draws_agree(found: Groups) -> None:
    assert found.starts == (1, 4, 13)
    assert found.groups == (range(1, 4), range(4, 13), range(13, 14))
    assert found.values.tolist() == [3, 9, 1]
    assert found.sizes == (3, 9, 1)
    assert found.parts == ("beginning", "middle", "ending")
    assert (found.draws, found.stable, found.agreeing) == (4, (0.75, 1.0), 1.0)
    low, high = np.quantile([[3, 9, 1], [3, 9, 1], [4, 8, 1], [0, 7, 6]], [0.025, 0.975], axis=0)
    assert found.spread == tuple(zip(low, high, strict=True))


def test_draws_with_another_number_do_not_agree() -> None:
    drawn = redrawn([[3, 9, 1], [12, 1], [3, 10], [3, 9, 1]])
    found = group(similarity(blocks([3, 9, 1]), drawn))
    assert found.agreeing == 0.5
    assert found.stable == (0.75, 0.75)


def test_no_more_than_so_many_draws_are_cut() -> None:
    drawn = np.repeat(redrawn([[3, 9, 1]]), DRAWS + 5, axis=0)
    assert group(similarity(blocks([3, 9, 1]), drawn)).draws == DRAWS


def test_the_reading_says_the_groups_in_words(found: Groups) -> None:
    assert found.summary == (
        "mean cosine over tokens: beginning 1..3, middle 4..12, ending 13; every boundary stays within one "
        "depth in at least 75 % of 4 resamples"
    )
    more = group(similarity(blocks([1, 2, 9, 2, 1])))
    assert more.summary == (
        "mean cosine over tokens: beginning 1 and 2..3, middle 4..12, ending 13..14 and 15; stability "
        "is unknown: documents were not resampled"
    )
    assert more.parts == ("beginning", "beginning", "middle", "ending", "ending")
    alone = group(similarity(np.pad(np.full((8, 8), 0.5) + 0.5 * np.eye(8), (1, 0))))
    assert alone.summary.startswith("mean cosine over tokens: depths 1..8 are one group: ")
    assert alone.summary.endswith(alone.reason)
    assert alone.parts == ("all",)
    assert group(similarity(blocks([3, 9])), count=1).summary.endswith("one group, as asked for")


def test_the_caption_knows_what_was_compared(found: Groups) -> None:
    for part in ("some (made up)", "corpus pieces: 10 documents", "1,000 tokens", "all tokens", "float32"):
        assert part in found.caption
    assert found.caption.endswith(
        "Groups by mean cosine over tokens, number from the data; 4 resamples of documents."
    )
    asked = group(similarity(blocks([3, 9]), policy="no-sinks"), count=2).caption
    assert "7 sink tokens left out" in asked
    assert "number as asked for; documents not resampled" in asked


def test_a_distance_is_cut_like_the_similarity_it_stands_for() -> None:
    values = blocks([3, 9, 1], 0.02)
    far = similarity(1 - values, redrawn([[3, 9, 1]]) * -1 + 1, measure="angular")
    near = similarity(values, redrawn([[3, 9, 1]]))
    assert far.distance
    assert group(far).starts == group(near).starts
    assert group(far).stable == group(near).stable


def test_a_number_asked_for_holds_in_every_draw() -> None:
    found = group(similarity(blocks([3, 9, 1]), redrawn([[3, 9, 1], [6, 6, 1]])), count=2)
    assert (len(found.starts), found.count, found.agreeing) == (2, 2, 1.0)
    with pytest.raises(ReprlabError, match=r"14 groups of 13 depths: give 1\.\.13"):
        group(similarity(blocks([3, 9, 1])), count=14)


def test_nan_gives_one_group_and_its_reason_comes_back(tmp_path: Path) -> None:
    values = blocks([3, 9, 1])
    values[4] = values[:, 4] = math.nan
    found = group(similarity(values, np.full((3, 14, 14), math.nan)))
    assert (found.starts, found.stable) == ((1,), ())
    assert found.reason == "not every value is a number at depth 4"
    found.save(tmp_path / "a.json")
    again = Groups.load(tmp_path / "a.json")
    assert plain(asdict(again) | {"matrix": again.matrix.tolist()}) == plain(
        asdict(found) | {"matrix": values.tolist()}
    )
    assert found.plot().get_title() == "some, all tokens"


def test_groups_come_back_as_they_were_saved(found: Groups, tmp_path: Path) -> None:
    found.save(tmp_path / "a.json")
    again = Groups.load(tmp_path / "a.json")
    assert again == found
    assert np.array_equal(again.matrix, found.matrix)
    assert (again.summary, again.caption) == (found.summary, found.caption)
    found.save(tmp_path / "a.csv")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"matrix": [[1]]}', '{"matrix": 3, "gap": []}'])
def test_a_file_that_is_no_result_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ReprlabError, match="holds no groups that reprlab wrote"):
        Groups.load(tmp_path / "a.json")
    with pytest.raises(ReprlabError, match="holds no family that reprlab wrote"):
        Family.load(tmp_path / "a.json")
    with pytest.raises(ReprlabError, match="holds no groups that reprlab wrote"):
        Groups.load(tmp_path / "none.json")


def test_a_dataframe_has_a_row_for_each_group(found: Groups) -> None:
    frame = found.to_dataframe()
    assert frame[["part", "first", "last", "size"]].to_numpy().tolist() == [
        ["beginning", 1, 3, 3],
        ["middle", 4, 12, 9],
        ["ending", 13, 13, 1],
    ]
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["stable"].tolist()[1:] == [0.75, 1.0]
    assert np.isnan(frame["stable"][0])
    assert set(frame["model"]) == {"some"}
    assert frame["explained"][0] == found.cut.explained


def test_the_picture_has_a_line_where_a_group_begins(found: Groups) -> None:
    ax = found.plot()
    upright = [line.get_xdata()[0] for line in ax.get_lines() if len(set(line.get_xdata())) == 1]
    assert sorted(set(upright)) == [0.5, 3.5, 12.5]
    level = [line.get_ydata()[0] for line in ax.get_lines() if len(set(line.get_ydata())) == 1]
    assert sorted(set(level)) == [0.5, 3.5, 12.5]
    assert ax.get_images()[0].get_array().shape == (14, 14)


def test_a_matrix_between_two_captures_has_no_groups() -> None:
    with pytest.raises(ReprlabError, match="groups are of the depths of one capture"):
        group(similarity(blocks([3, 9, 1]), other="tiny-neox"))


def test_groups_of_a_real_capture(tmp_path: Path) -> None:
    acts = rl.capture(network("tiny-neox"), texts(12), cache=tmp_path)
    measured = rl.cosine(acts)
    found = group(measured)
    assert found.matrix is measured.values
    source = found.provenance
    assert (source.model, source.documents, found.draws, source.layers) == ("tiny-neox", 12, DRAWS, 6)
    assert found.values.sum() == 6
    assert all(0 <= share <= 1 for share in found.stable)


# --- families ------------------------------------------------------------------------------------


SIZES = {  # as the paper has Pythia: the beginning's share falls, the ending is one layer
    "small": [2, 3, 1],
    "more": [3, 8, 1],
    "middling": [3, 12, 1],
    "large": [4, 19, 1],
    "larger": [4, 27, 1],
    "largest": [4, 31, 1],
}


def of(name: str, sizes: list[int], **labels: Any) -> Groups:
    return group(similarity(blocks(sizes), redrawn([sizes, sizes]), model=name, **labels))


@pytest.fixture
def models() -> Family:
    return family([of(name, sizes) for name, sizes in reversed(SIZES.items())])


def test_a_family_has_the_sizes_of_its_models_fewest_layers_first(models: Family) -> None:
    assert [member.provenance.model for member in models.members] == list(SIZES)
    assert models.values.tolist() == list(SIZES.values())
    np.testing.assert_allclose(models.shares.sum(1), 1)
    assert [member.provenance.layers for member in models.members] == [6, 12, 16, 24, 32, 36]
    assert all(member.low == member.sizes == member.high for member in models.members)


def test_sizes_have_the_interval_of_the_draws_where_there_are_some() -> None:
    drawn = group(similarity(blocks([3, 9, 1]), redrawn([[2, 10, 1], [3, 9, 1], [4, 8, 1]]), model="a"))
    without = group(similarity(blocks([3, 10, 1]), model="b"))
    first, second = family([drawn, without]).members
    assert first.low == pytest.approx((2.05, 8.05, 1))
    assert first.high == pytest.approx((3.95, 9.95, 1))
    assert second.low == second.high == second.sizes == (3, 10, 1)


def test_the_papers_claims_are_tested_on_the_sizes(models: Family) -> None:
    share, together, ending = models.claims
    assert (share.verdict, share.value, share.models) == ("supported", pytest.approx(-1), 6)
    assert (together.verdict, ending.verdict) == ("contradicted", "supported")
    assert together.high < 1
    assert models.summary.startswith(
        "the share of beginning layers falls with the number of layers: supported (rank correlation -1.00, "
    )
    assert models.summary.endswith("the ending is one layer: supported (6 of 6 models, 1.00 [0.54, 1.00])")


def test_a_model_without_groups_is_named_and_in_no_test(tmp_path: Path) -> None:
    lone = group(similarity(np.pad(np.full((9, 9), 0.5) + 0.5 * np.eye(9), (1, 0)), model="lone"))
    found = family([lone, *(of(name, sizes) for name, sizes in SIZES.items())])
    assert {claim.models for claim in found.claims} == {6}
    assert np.isnan(found.values[1]).all()
    assert found.members[1].reason == lone.reason != ""
    assert found.caption.endswith("Without groups: lone.")
    assert max(max(line.get_xdata()) for line in found.plot().get_lines()) == 36
    alone = family([lone])
    assert {claim.verdict for claim in alone.claims} == {"not decidable"}
    alone.save(tmp_path / "a.json")
    assert Family.load(tmp_path / "a.json").summary == alone.summary
    assert alone.plot().get_xlabel() == "layers of the model"


def test_a_family_comes_back_as_it_was_saved(models: Family, tmp_path: Path) -> None:
    models.save(tmp_path / "a.json")
    again = Family.load(tmp_path / "a.json")
    assert plain(asdict(again)) == plain(asdict(models))
    assert (again.summary, again.caption, again.members) == (models.summary, models.caption, models.members)
    models.save(tmp_path / "a.csv")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 3 * len(SIZES)
    text = (tmp_path / "a.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["claims"][0]["low"] is None


def test_a_family_is_drawn_as_sizes_and_as_shares(models: Family) -> None:
    for shares in (False, True):
        lines = models.plot(shares=shares).get_lines()
        drawn = models.shares if shares else models.values
        assert [line.get_label() for line in lines] == ["beginning", "middle", "ending"]
        for part, line in enumerate(lines):
            assert list(line.get_xdata()) == [6, 12, 16, 24, 32, 36]
            assert list(line.get_ydata()) == drawn[:, part].tolist()


def test_what_is_no_family_says_why() -> None:
    one = of("a", [3, 9, 1])
    with pytest.raises(ReprlabError, match="a family has no models"):
        family([])
    with pytest.raises(ReprlabError, match=r"a family has each model once, given twice: a$"):
        family([one, one])
    for name, other in (("measure", "cka"), ("corpus", "arc"), ("policy", "no-sinks"), ("sink_factor", 8.0)):
        wrong = Groups.from_dict({**one.to_dict(), "model": "b", name: other})
        with pytest.raises(ReprlabError, match=f"compared by one {name.replace('_', ' ')}, given "):
            family([one, wrong])


# --- the command ---------------------------------------------------------------------------------


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("REPRLAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(shell.out, "width", 300)
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)

    def call(*arguments: object, code: int = 0) -> str:
        small = ("--documents", "3", "--max-tokens", "24")
        capsys.readouterr()
        given = app([*map(str, arguments), *small], standalone_mode=False)
        assert (given or 0) == code
        return capsys.readouterr().out

    return call


def test_groups_are_printed_and_written(run: Run, tmp_path: Path) -> None:
    said = run("--model", "tiny-neox")
    path = Path("reports/tiny-neox/groups-cosine-builtin-3")
    found = Groups.load(path.with_suffix(".json"))
    assert path.with_suffix(".png").stat().st_size > 1000
    assert found == group(rl.cosine(captured(tmp_path)))
    *table, picture, numbers, reading = said.splitlines()
    assert [picture, numbers] == [str(path.with_suffix(".png")), str(path.with_suffix(".json"))]
    assert reading == f"tiny-neox: {found.summary}"
    assert len(table) == 2 + len(found.groups)
    assert table[0].split()[:4] == ["group", "depths", "layers", "size"]


def captured(tmp_path: Path) -> Any:
    return rl.capture(
        rl.load("tiny-neox"), rl.corpus("builtin"), documents=3, max_tokens=24, cache=tmp_path / "cache"
    )


def test_options_reach_the_result(run: Run) -> None:
    options = ("--measure", "cka", "--tokens", "no-sinks", "--sink-factor", "1.5", "--count", "3")
    run("--model", "tiny-neox", *options, "--out", "a.json", "--out", "b.pdf")
    found = Groups.load("a.json")
    source = found.provenance
    assert (found.compared.measure, source.policy, source.sink_factor, found.count) == (
        *("cka", "no-sinks", 1.5, 3),
    )
    assert len(found.starts) == 3
    assert Path("b.pdf").is_file()
    run("--model", "tiny-neox", *options)
    assert Path("reports/tiny-neox/groups-cka-no-sinks-1.5-builtin-3.png").is_file()


def test_several_models_are_a_family_too(run: Run) -> None:
    said = run("--model", "tiny-q*", "--count", "2")
    folder = Path("reports/tiny-q%2A")
    found = Family.load(folder / "group-sizes-cosine-builtin-3.json")
    assert [member.provenance.model for member in found.members] == ["tiny-qwen2", "tiny-qwen3"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "group-shares-cosine-builtin-3.png",
        "group-sizes-cosine-builtin-3.json",
        "group-sizes-cosine-builtin-3.png",
    ]
    for claim in found.claims:
        assert f"{claim.text}: {claim.verdict} ({claim.reason})\n" in said


def test_json_has_a_row_a_model_and_one_for_the_family(run: Run) -> None:
    rows = json.loads(run("--model", "tiny-q*", "--json"))
    assert [row.get("model", row.get("family")) for row in rows] == ["tiny-qwen2", "tiny-qwen3", "tiny-q*"]
    for row in rows[:2]:
        found = Groups.load(row["files"][-1])
        assert row["starts"] == list(found.starts)
        assert row["summary"] == found.summary
    assert [claim["verdict"] for claim in rows[2]["claims"]] == ["not decidable"] * 3
    assert all(Path(file).is_file() for row in rows for file in row["files"])


def test_a_family_is_of_the_models_that_could_be_had(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = rl.load

    def failing(name: str, **options: Any) -> Any:
        if name == "tiny-mistral":
            raise ReprlabError("no such weights")
        return load(name, **options)

    monkeypatch.setattr(rl, "load", failing)
    rows = json.loads(run("--model", "tiny-m*", "--json", code=1))
    assert [row.get("model", row.get("family")) for row in rows] == [
        *("tiny-mistral-full", "tiny-mixtral"),
        "tiny-m*",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--measure", "cosin"), "unknown measure 'cosin': did you mean 'cosine'?"),
        (("--tokens", "no-sink"), "unknown token policy 'no-sink': did you mean 'no-sinks'?"),
        (("--sink-factor", "0.5"), "sink factor 0.5: give 1 or more"),
        (("--count", "0"), "--count 0: give 1 or more"),
        (("--count", "7"), "--count 7: a model of 6 layers has 6 depths to group"),
        (("--out", "a.gif"), "--out 'a.gif': the ending chooses the format"),
    ],
    ids=str,
)
def test_a_wrong_option_is_one_clear_line(run: Run, arguments: tuple[str, ...], text: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        run("--model", "tiny-neox", *arguments)
    assert str(caught.value).startswith(text)
    assert not Path("reports").exists()
