"""Figures made from captures: their numbers against independent ones, pictures from numbers alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from examples import massive, network, texts
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image
from scipy.stats import spearmanr

import reprlab as rl
from reprlab import figures
from reprlab.captures.capture import Capture
from reprlab.figures.texts import shown
from reprlab.reports.number_files import rounded
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.similarity.matrix import Intervals

FOLDER = Path(__file__).parents[2] / "analyses"
LAYERS, START = 6, 1
NAMES = ["fig03", "fig15", "fig16", "massive_activations", "block_influence"]
PAIRS = {
    "cosine": ("cosine", "all", None),
    "cosine-sequence": ("cosine-sequence", "all", None),
    "cosine no-sinks": ("cosine", "no-sinks", None),
    "cka": ("cka", "all", None),
    "cka no-sinks": ("cka", "no-sinks", None),
    "residual null": ("cosine", "no-sinks", "residual"),
}
COSTS = [0.9, 0.5, 0.1, -0.02, 0.2, 0.7]  # of skipping each layer


def analysis(name: str) -> ModuleType:
    spec = spec_from_file_location(f"analysis_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores(layers: int = LAYERS, benchmarks: str = "ab") -> rl.Scores:
    """Benchmarks on which skipping a layer costs what `COSTS` says, on every document alike."""
    entries = [rl.Entry("full", rl.Schedule.full(layers)), *rl.paper_grid("fig02", layers)]
    kept = [1.0] + [1 - COSTS[entry.layer or 0] for entry in entries[1:]]
    ids = tuple(map(str, range(40)))
    noise = np.random.default_rng(0).normal(0, 0.01, 40)
    noise -= noise.mean()
    values = 0.25 + 0.5 * np.array(kept)[:, None] + noise  # (schedule, document)
    found = {
        name: Results(
            *(name, name, "semantic", "multiple_choice", 0, "paper", "d", 0.25, 100),
            (Column("u", "mean", 1, True),),
            *(ids, ids, values[..., None], np.zeros(len(values), np.int64)),
        )
        for name in benchmarks
    }
    return rl.Scores("tiny-llama", "", "float32", layers, tuple(entries), found, {})


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[rl.Evidence]:
    """Everything that these figures take, of a tiny network that has massive activations."""
    with pytest.MonkeyPatch.context() as patch:
        massive(patch)
        yield made(tmp_path_factory.mktemp("cache"))


def made(cache: Path) -> rl.Evidence:
    net, corpus = network("tiny-llama"), texts(9)
    runs = {"full": rl.Schedule.full(LAYERS)} | {
        name: rl.Schedule.paper(name.replace(" ", "_"), layers=LAYERS, start=START)
        for name in ("skip", "middle repeat")
    }
    captured = {name: rl.capture(net, corpus, schedule=run, cache=cache) for name, run in runs.items()}
    full = captured.pop("full")
    found = {name: rl.compare(full, m, tokens=t, control=c) for name, (m, t, c) in PAIRS.items()}
    found |= {f"cosine {name}": rl.cosine(one, tokens="no-sinks") for name, one in captured.items()}
    return rl.Evidence(
        "tiny-llama",
        "random weights",
        LAYERS,
        scores=scores(),
        capture=full,
        similarities=found,
        groups=rl.group(found["cosine no-sinks"], count=3),
        drift=rl.drift(full, captured, start=START, tokens="no-sinks"),
        example=rl.Example(
            "gsm8k", "How many?", "2 + 2 = <<2+2=4>>4\n#### 4", "1 + 3 = 4\n#### 4", "0:6", "5"
        ),
    )


def numbers(name: str, found: rl.Evidence) -> dict[str, Any]:
    """A figure's numbers as a file gives them back."""
    return json.loads(json.dumps(rounded(analysis(name).numbers(found))))


def drawn(name: str, told: dict[str, Any]) -> Figure:
    """A figure from its numbers."""
    return analysis(name).draw(told)


def wide(png: bytes) -> float:
    """How wide a picture is, in inches."""
    with Image.open(BytesIO(png)) as image:
        return image.size[0] / image.info["dpi"][0]


def panels(figure: Figure, kind: str) -> list[Any]:
    """The panels that have images, bars, lines or texts in them."""
    having = {"maps": "images", "bars": "patches", "lines": "lines", "texts": "texts"}[kind]
    return [ax for ax in figure.axes if getattr(ax, having)]


def words(figure: Figure) -> str:
    """Every text of a figure."""
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_comes_from_its_numbers_alone(name: str, evidence: rl.Evidence) -> None:
    told = numbers(name, evidence)
    said = analysis(name).reading(told)
    assert said.endswith(".")
    assert "\n" not in said
    assert not {"nan", "None"} & set(said.replace(",", " ").split())
    assert set(told) & {"rows", "matrices"}
    first, second = (figures.image(drawn(name, told), "png") for _ in "ab")
    assert first == second
    assert 0.9 * figures.PAGE < wide(first) <= figures.PAGE + 0.2


@pytest.mark.parametrize("name", [*NAMES, "fig14"])
def test_an_analysis_says_what_it_shows_claims_and_needs(name: str) -> None:
    module = analysis(name)
    title, *paragraphs = (module.__doc__ or "").strip().split("\n\n")
    assert title.endswith(".")
    assert [part.split(":")[0] for part in paragraphs] == ["Caption", "Claim"]
    assert set(module.NEEDS) <= set(rl.Evidence.__dataclass_fields__)


# fig. 3


def test_fig03_has_the_matrices_and_each_layers_mean_similarity_to_the_middle(evidence: rl.Evidence) -> None:
    told = numbers("fig03", evidence)
    for name, matrix in told["matrices"].items():
        assert np.allclose(matrix, evidence.similarities[name].values, atol=1e-5)
    assert list(told["matrices"]) == ["cosine", "cosine no-sinks", "cosine-sequence", "cka", "cka no-sinks"]
    first, last = told["middle"]
    assert range(first, last + 1) in evidence.groups.groups
    for name, source in (("to_middle", "cosine no-sinks"), ("null", "residual null")):
        values = evidence.similarities[source].values
        naive = []
        for layer in range(LAYERS):
            some = [values[layer + 1][d] for d in range(first, last + 1) if d != layer + 1]
            naive.append(sum(some) / len(some))
        assert np.allclose([row[name] for row in told["by_layer"]], naive, atol=1e-5)
    assert told["tokens"] + told["excluded"] == evidence.capture.tokens
    assert told["sizes"] == list(evidence.groups.sizes)


def test_fig03_sets_costs_beside_similarity(evidence: rl.Evidence) -> None:
    told = numbers("fig03", evidence)
    assert np.allclose([row["damage"] for row in told["by_layer"]], COSTS, atol=1e-5)
    assert all(row["low"] <= row["damage"] <= row["high"] for row in told["by_layer"])
    near = [row["to_middle"] for row in told["by_layer"]]
    rho = spearmanr(near, COSTS).statistic
    assert told["ranks"]["rho"] == pytest.approx(rho, abs=1e-4)
    assert told["ranks"]["p_low"] == pytest.approx(rl.rank_correlation(near, COSTS).p_low, abs=1e-4)
    assert f"{rho:+.2f}" in analysis("fig03").reading(told)


def test_captions_say_where_a_figure_is_not_the_papers() -> None:
    assert "cosine of whole documents without pads. The authors flatten batches with their pads" in " ".join(
        analysis("fig03").__doc__.split()
    )
    assert "is not published, and there are two readings. In the internal loop, ours," in " ".join(
        analysis("fig17").__doc__.split()
    )


@pytest.mark.parametrize(("ends", "count"), [(1, 4), (2, 0)])
def test_correlations_stand_beside_those_without_the_end_layers(
    ends: int, count: int, evidence: rl.Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, pair in (("fig03", ("to_middle", "damage")), ("block_influence", ("influence", "damage"))):
        module = analysis(name)
        monkeypatch.setattr(module, "ENDS", ends)
        told = rounded(module.numbers(evidence))
        rows = [[row[key] for key in pair] for row in told["by_layer" if name == "fig03" else "rows"]]
        inner = rl.rank_correlation(*zip(*rows, strict=True), ends=ends)
        assert (told["inner"] or {"count": 0})["count"] == count == inner.count
        if count:
            assert told["inner"]["rho"] == pytest.approx(inner.rho, abs=1e-6)
        foot = " ".join(text.get_text() for text in module.draw(told).texts).replace("\n", " ")
        assert ("without the first and last layer" in foot) == bool(count)


def test_fig03_draws_one_scale_groups_and_costs(evidence: rl.Evidence) -> None:
    figure = drawn("fig03", told := numbers("fig03", evidence))
    shown_ = panels(figure, "maps")
    assert [ax.get_title() for ax in shown_] == list(analysis("fig03").TITLES.values())
    assert len({ax.images[0].get_clim() for ax in shown_}) == 1
    assert shown_[0].images[0].get_clim() == (
        min(0.0, np.min([np.min(m) for m in told["matrices"].values()])),
        1,
    )
    places = sorted({line.get_xdata()[0] for line in shown_[0].lines if line.get_xdata()[0] not in (0, 1)})
    assert places == [start - 0.5 for start in evidence.groups.starts]
    (beside,) = (ax for ax in figure.axes if ax.get_xlabel() == "layer")
    assert np.allclose([bar.get_height() for bar in beside.patches], COSTS, atol=1e-5)
    assert [line.get_linestyle() for line in beside.lines if len(line.get_xdata()) == LAYERS] == ["-", ":"]
    assert "no sinks" in words(figure)


@pytest.mark.parametrize(
    ("left", "maps"), [(PAIRS.keys() - {"cosine-sequence"}, 4), ({"cosine", "cka"}, 2), ({"cosine"}, 1)]
)
def test_fig03_draws_what_is_there(left: set[str], maps: int, evidence: rl.Evidence) -> None:
    some = {name: one for name, one in evidence.similarities.items() if name in left}
    bare = replace(evidence, similarities=some, scores=None, groups=None)
    told = numbers("fig03", bare)
    figure = drawn("fig03", told)
    assert len(panels(figure, "maps")) == maps
    assert len(figure.axes) == maps + 2  # the bar, and each layer beside the middle
    assert told["middle"] == [2, 4]  # the middle half
    said = analysis("fig03").reading(told)
    assert "the middle half" in said
    assert "rank correlation" not in said


def test_fig03_takes_the_only_group_and_gives_the_reason(evidence: rl.Evidence) -> None:
    alone = rl.group(
        replace(
            evidence.similarities["cosine no-sinks"], values=np.ones((7, 7)), resampled=None, by_document=None
        )
    )
    told = numbers("fig03", replace(evidence, groups=alone))
    assert told["middle"] == [1, LAYERS]
    said = analysis("fig03").reading(told)
    assert "the only group" in said
    assert "a chain" in said


def test_fig03_needs_a_similarity_between_depths(evidence: rl.Evidence) -> None:
    with pytest.raises(rl.ReprlabError, match="no similarity was taken"):
        numbers(
            "fig03", replace(evidence, similarities={"residual null": evidence.similarities["residual null"]})
        )


# fig. 14


def member(name: str, layers: int, starts: tuple[int, ...], found: rl.Evidence) -> dict[str, Any]:
    """What fig03 writes of a model with these groups, by planting them."""
    depths = np.arange(layers + 1)
    part = np.searchsorted(starts, depths, side="right")
    values = np.where(part[:, None] == part, 0.9, 0.1) + 0.1 * np.eye(layers + 1)
    one = found.similarities["cosine no-sinks"]
    source = replace(one.provenance, model=name, layers=layers)
    one = replace(
        one,
        values=values,
        provenance=source,
        resampled=None,
        averages=(),
        intervals=Intervals(),
        by_document=None,
    )
    ends = ((1.0, 2.0), (2.0, 4.0), (1.0, 1.0))
    groups = replace(rl.group(one, count=len(starts)), draws=200, spread=ends)
    assert groups.starts == starts
    bare = rl.Evidence(name, "", layers, similarities={"cosine no-sinks": one}, groups=groups)
    return {"fig03": numbers("fig03", bare)}


def family(models: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(rounded(analysis("fig14").numbers(models))))


def test_fig14_has_the_sizes_of_every_model_fewest_layers_first(evidence: rl.Evidence) -> None:
    models = {
        "big": member("big", 12, (1, 4, 12), evidence),
        "small": member("small", 6, (1, 3, 6), evidence),
    }
    told = family(models)
    sizes = [(r["model"], r["layers"], r["beginning"], r["middle"], r["ending"]) for r in told["rows"]]
    assert sizes == [("small", 6, 2, 3, 1), ("big", 12, 3, 8, 1)]
    assert [told["rows"][0][f"middle_{end}"] for end in ("low", "high")] == [2, 4]
    figure = drawn("fig14", told)
    assert [ax.get_title() for ax in panels(figure, "maps")] == ["small, T = 6", "big, T = 12"]
    parts = [ax for ax in figure.axes if ax.get_xlabel() == "layers T"]
    marks = [[c.lines[0].get_ydata().tolist() for c in ax.containers] for ax in parts]
    assert marks[0] == [[2, 3], [3, 8], [1, 1]]
    assert np.allclose(marks[1], [[2 / 6, 3 / 12], [3 / 6, 8 / 12], [1 / 6, 1 / 12]])
    said = analysis("fig14").reading(told)
    assert "small (6 layers) has 2 beginning, 3 middle, 1 ending" in said
    assert "With fewer than four models this tests nothing." in said
    assert "Paper: the ending stays one layer; here: it has 1, 1." in said
    assert figure.get_suptitle().endswith("with fewer than four models this tests nothing")
    assert "not decidable (4 models are needed, there are 2)" in words(figure).replace("\n", " ")


def test_fig14_works_with_one_model_and_shows_eight_of_nine(evidence: rl.Evidence) -> None:
    one = family({"only": member("only", 6, (1, 3, 6), evidence)})
    assert len(panels(drawn("fig14", one), "maps")) == 1
    nine = {f"m{t}": member(f"m{t}", t, (1, 3, t), evidence) for t in range(6, 15)}
    told = family(nine)
    figure = drawn("fig14", told)
    assert len(panels(figure, "maps")) == 8
    assert len(told["rows"]) == 9
    assert "tests nothing" not in words(figure)
    assert "tests nothing" not in analysis("fig14").reading(told)
    assert "m14" in words(figure)  # named below, with the others
    assert "falls with the number of layers: supported" in words(figure).replace("\n", " ")


@pytest.mark.parametrize("count", [3, 5])
def test_fig14_leaves_no_empty_frames(count: int, evidence: rl.Evidence) -> None:
    told = family({f"m{t}": member(f"m{t}", t, (1, 3, t), evidence) for t in range(6, 6 + count)})
    figure = drawn("fig14", told)
    empty = [ax for ax in figure.axes if not ax.has_data() and ax.axison and not ax.images]
    assert len([ax for ax in empty if not ax.collections]) == 0


def test_fig14_names_models_without_groups(evidence: rl.Evidence) -> None:
    flat = replace(
        evidence.similarities["cosine no-sinks"],
        values=np.ones((7, 7)),
        resampled=None,
        averages=(),
        by_document=None,
    )
    bare = rl.Evidence("flat", "", 6, similarities={"cosine no-sinks": flat}, groups=rl.group(flat))
    told = family({"flat": {"fig03": numbers("fig03", bare)}, "big": member("big", 12, (1, 4, 12), evidence)})
    assert told["rows"][0]["beginning"] is None
    assert "a chain" in analysis("fig14").reading(told)
    assert len(panels(drawn("fig14", told), "maps")) == 2
    alone = family({"flat": {"fig03": numbers("fig03", bare)}})
    assert "flat (6 layers)" in analysis("fig14").reading(alone)
    assert drawn("fig14", alone).axes


def test_fig14_is_of_one_corpus_and_of_models_with_groups(evidence: rl.Evidence) -> None:
    models = {"a": member("a", 6, (1, 3, 6), evidence), "b": member("b", 12, (1, 4, 12), evidence)}
    models["b"]["fig03"]["groups"]["corpus"] = "other"
    with pytest.raises(rl.ReprlabError, match="compared by one corpus, given other, pieces"):
        family(models)
    with pytest.raises(rl.ReprlabError, match="no model has groups"):
        family({"a": {"fig04": {}}})


# fig. 15


def test_fig15_has_the_drift_by_the_full_models_depth(evidence: rl.Evidence) -> None:
    told = numbers("fig15", evidence)
    full = evidence.drift.curves["full"].variance
    for name, curve in evidence.drift.curves.items():
        rows = [row for row in told["rows"] if row["variant"] == name]
        assert [row["depth"] for row in rows] == list(curve.at)
        for key in ("cosine", "variance", "low", "high"):
            shown = np.array([row[key] for row in rows], float)
            assert np.allclose(shown, getattr(curve, key), rtol=1e-4, equal_nan=True)
        naive = [v / full[at] for v, at in zip(curve.variance, curve.at, strict=True)]
        assert np.allclose([row["ratio"] for row in rows], naive, rtol=1e-4)
    last = next(r for r in told["rows"] if r["variant"] == "skip" and r["depth"] == LAYERS)
    said = analysis("fig15").reading(told)
    assert f"cosine {last['cosine']:.2f} (skip)" in said
    assert f"s = {START}" in said


def test_fig15_draws_three_curves_and_the_matrices_that_are_there(evidence: rl.Evidence) -> None:
    figure = drawn("fig15", told := numbers("fig15", evidence))
    shown_ = panels(figure, "maps")
    assert [ax.get_title() for ax in shown_] == ["full model", "skip", "middle repeat"]
    assert [len(ax.images[0].get_array()) for ax in shown_] == [7, 4, 7]
    assert [t.get_text() for t in shown_[1].get_xticklabels()] == ["0", "2", "6"]  # 3 to 5 are left out
    assert [ax.get_yscale() for ax in figure.axes if ax.get_title().startswith("variance")] == ["log", "log"]
    left = replace(evidence, similarities={})
    assert panels(drawn("fig15", bare := numbers("fig15", left)), "maps") == []
    assert bare["rows"] == told["rows"]


# fig. 16


@pytest.mark.parametrize(
    ("right", "answer", "number", "verdict"),
    [
        ("so 9\n#### 1,204", "5 and 3\n#### 1204\nQuestion: 7", "1204", True),
        ("so 9\n#### 4", "2 + 2 = 4", "4", True),
        ("so 9\n#### 4", "4 + 1 = 5.", "5", False),
        ("so 9\n#### 4", "none", None, False),
        ("15", " 15. If you add 9 and 9, you get 18", "15", True),
        ("15", "1, 5", "1", False),
        ("-3", "-3.0", "-3.0", True),
        ("fifteen", " Fifteen, of course", None, True),
        ("fifteen", "five", None, False),
    ],
)
def test_fig16_marks_answers(
    right: str, answer: str, number: str | None, verdict: bool, evidence: rl.Evidence
) -> None:
    example = rl.Example("some", "How many?", right, answer, "0:2 [2:4] 4:6", "nothing")
    told = numbers("fig16", replace(evidence, example=example))
    full, parallel = told["rows"]
    assert (full["number"], full["right"], parallel["right"]) == (number, verdict, False)
    said = words(drawn("fig16", told)).split()
    assert said.count("right") == 1 + verdict  # one in "right answer"
    assert said.count("wrong") == 2 - verdict
    assert ("right)" in analysis("fig16").reading(told)) == verdict


def test_fig16_says_that_a_question_without_a_set_up_tests_nothing(evidence: rl.Evidence) -> None:
    for right, tested in (("15", False), ("7 + 8 = <<7+8=15>>15\n#### 15", True)):
        example = rl.Example("some", "How many?", right, "15", "0:2 [2:4] 4:6", "11")
        told = numbers("fig16", replace(evidence, example=example))
        said = words(drawn("fig16", told)).replace("\n", " ")
        assert ("no set-up: this tests nothing" in said) != tested
        assert ("this tests nothing" in analysis("fig16").reading(told)) != tested


def test_fig16_with_scored_solutions_compares_results_with_set_up_words(evidence: rl.Evidence) -> None:
    example = rl.Example("gsm8k", "How many?", "#### 15", "15", "0:2 [2:4] 4:6", "11")
    entries = [rl.Entry("full", rl.Schedule.full(6))]
    entries += [
        rl.Entry("parallel", rl.Schedule.paper("parallel", layers=6, start=s), start=s) for s in (0, 1)
    ]
    spread = np.linspace(-0.1, 0.1, 40)
    found = np.stack([[0.8 - 0.2 * at + spread, 0.7 - 0.05 * at + spread] for at in range(3)])
    ids = tuple(map(str, range(40)))
    columns = (Column("u", "mean", 1, True), Column("u_setup", "mean", 1, True))
    about = ("gsm8k_nll", "gsm8k", "reasoning", "solution", 5, "paper", "d", 0.0, 100)
    results = Results(*about, columns, ids, ids, found.transpose(0, 2, 1), np.zeros(3, np.int64))
    scores = Scores("tiny-llama", "", "f", 6, tuple(entries), {"gsm8k_nll": results}, {})
    told = numbers("fig16", replace(evidence, scores=scores, example=example))
    rows = {(row["part"], row["middle"]): row["value"] for row in told["rows"]}
    assert rows["results", 5] == pytest.approx(0.2)
    assert rows["set-up", 3] == pytest.approx(0.1)
    assert rows["results minus set-up", 3] == pytest.approx(0.3)
    figure = drawn("fig16", told)
    assert [line.get_label() for line in figure.axes[0].lines[:2]] == ["results", "set-up"]
    assert "0.300 [0.300, 0.300] more is lost on results" in analysis("fig16").reading(told)


def test_fig16_shows_texts_as_they_are_and_cuts_long_ones(evidence: rl.Evidence) -> None:
    odd = "costs $5 and $\\frac{1}{2}$ or _x_\tthen \x07 \u4e2d"
    example = rl.Example("some", "ask\n" * 40 + "last", "4", odd, "0:2 [2:4] 4:6", "again and " * 400)
    figure = drawn("fig16", numbers("fig16", replace(evidence, example=example)))
    ax = figure.axes[0]
    said = [text.get_text() for text in ax.texts]
    assert "costs $5 and $\\frac{1}{2}$ or _x_\\tthen \\x07 \\u4e2d" in said
    assert said.count("…") == 2
    assert said.index("…") < said.index("last")  # of a question the end is shown
    assert not any(text.get_parse_math() for text in ax.texts)
    right = ax.get_xlim()[1]
    ends = [t.get_window_extent().transformed(ax.transData.inverted()).x1 for t in ax.texts]
    assert max(ends) <= right


@given(st.text(max_size=60), st.integers(4, 20))
def test_shown_text_loses_nothing_but_spaces_and_fits(text: str, columns: int) -> None:
    lines = shown(text, columns)
    assert all(len(line) <= columns for line in lines)
    assert all(line.isprintable() for line in lines)
    flat = "".join(lines)
    if text.isascii() and text.isprintable():
        assert flat.replace(" ", "") == text.replace(" ", "")


# massive activations


def documents(capture: Capture) -> list[range]:
    found: list[range] = []
    for block in capture.blocks:
        for a, b in zip(block.offsets[:-1], block.offsets[1:], strict=True):
            found.append(range(len(found) and found[-1].stop, (len(found) and found[-1].stop) + int(b - a)))
    return found


def test_massive_activations_are_those_of_the_states(evidence: rl.Evidence) -> None:
    told, capture = numbers("massive_activations", evidence), evidence.capture
    spans, states = documents(capture), capture.states().numpy()
    assert spans[-1].stop == told["tokens"] == states.shape[1]
    for depth, row in enumerate(told["rows"]):
        tops = [sorted(abs(x) for x in states[depth, list(s)].ravel())[::-1][:3] for s in spans]
        means = np.mean(tops, axis=0)
        assert np.allclose([row["largest"], row["second"], row["third"]], means, rtol=1e-4)
        assert row["median"] == pytest.approx(np.median(np.abs(states[depth])), rel=1e-4)
        norms = np.sqrt((states[depth].astype(float) ** 2).sum(1))
        flags = norms > 4 * np.sort(norms)[(len(norms) - 1) // 2]
        assert row["sinks"] == flags.sum()
        assert row["first"] == sum(flags[s.start] for s in spans)
    for channel, peaks in told["channels"].items():
        naive = [[np.abs(states[d, list(s), int(channel)]).max() for s in spans] for d in range(7)]
        assert np.allclose(peaks, np.mean(naive, axis=1), rtol=1e-4)


def test_planted_sinks_are_found_after_the_first_token(evidence: rl.Evidence) -> None:
    told = numbers("massive_activations", evidence)
    long = sum(len(s) > 2 for s in documents(evidence.capture))
    assert told["rows"][5]["sinks"] == long  # the third token of each
    assert told["first"] == 0
    said = analysis("massive_activations").reading(told)
    assert f"{told['sinks']} of {told['tokens']} tokens" in said
    figure = drawn("massive_activations", told)
    sizes, sinks, channels = (ax for ax in figure.axes if ax.get_title())
    assert (sizes.get_yscale(), channels.get_yscale()) == ("log", "log")
    assert len(channels.lines) == 4
    assert [bar.get_height() for bar in sinks.patches][:7] == [row["sinks"] for row in told["rows"]]


def test_massive_activations_need_states(tmp_path: Path) -> None:
    bare = rl.capture(network("tiny-llama"), texts(3), cache=tmp_path, states=False)
    with pytest.raises(rl.ReprlabError, match="holds no states"):
        numbers("massive_activations", rl.Evidence("tiny-llama", "", LAYERS, capture=bare))


# block influence


def test_block_influence_is_one_less_the_cosine_of_input_and_output(evidence: rl.Evidence) -> None:
    told, capture = numbers("block_influence", evidence), evidence.capture
    norms = capture.norms.numpy()
    kept = ~(norms > 4 * np.sort(norms, axis=1)[:, [(norms.shape[1] - 1) // 2]]).any(0)
    states = capture.states().double().numpy()[:, kept]
    for layer, row in enumerate(told["rows"]):
        a, b = states[layer], states[layer + 1]
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert row["influence"] == pytest.approx(1 - cosines.mean(), abs=1e-4)
        assert row["influence_low"] <= row["influence"] <= row["influence_high"]
    assert np.allclose([row["damage"] for row in told["rows"]], COSTS, atol=1e-5)
    assert [row["damage_rank"] for row in told["rows"]] == [6, 4, 2, 1, 3, 5]
    influence = [row["influence"] for row in told["rows"]]
    assert told["ranks"]["rho"] == pytest.approx(spearmanr(influence, COSTS).statistic, abs=1e-4)
    said = analysis("block_influence").reading(told)
    assert "the costliest, layer 0 (1 - R = 0.90)" in said
    assert f"{told['ranks']['rho']:+.2f}" in said


def test_block_influence_draws_bars_and_numbered_layers(evidence: rl.Evidence) -> None:
    told = numbers("block_influence", evidence)
    figure = drawn("block_influence", told)
    _, bars, ranks = figure.axes
    assert np.allclose([bar.get_height() for bar in bars.patches], COSTS, atol=1e-5)
    at = {text.get_text(): text.get_position() for text in ranks.texts}
    assert at == {str(row["layer"]): (row["influence_rank"], row["damage_rank"]) for row in told["rows"]}


def test_block_influence_of_one_benchmark_names_it_and_without_scores_says_why(evidence: rl.Evidence) -> None:
    alone = numbers("block_influence", replace(evidence, scores=scores(benchmarks="a")))
    assert "(a)" in words(drawn("block_influence", alone))
    few = scores()
    cut = replace(
        few,
        entries=few.entries[:3],
        benchmarks={
            n: replace(r, values=r.values[:3], nonfinite=r.nonfinite[:3]) for n, r in few.benchmarks.items()
        },
    )
    with pytest.raises(rl.ReprlabError, match="not every layer was skipped alone"):
        numbers("block_influence", replace(evidence, scores=cut))
    guessing = {n: replace(r, values=np.full_like(r.values, 0.25)) for n, r in few.benchmarks.items()}
    with pytest.raises(rl.ReprlabError, match="a benchmark with the full model above the best baseline"):
        numbers("block_influence", replace(evidence, scores=replace(few, benchmarks=guessing)))
    with pytest.raises(rl.ReprlabError, match="block influence takes"):
        numbers("block_influence", replace(evidence, similarities={}))
