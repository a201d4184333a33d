"""Public functions refuse what is of another kind in a line, and take a name, text or path for a value."""

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import network

import reprlab as rl
from reprlab.arguments import integer, number, path, positive, several, string, taking

FUNCTIONS = sorted(name for name in rl.__all__ if inspect.isfunction(getattr(rl, name)))
WRONG: dict[str, tuple[Any, tuple[str, ...]]] = {  # a value, and the annotations that allow it
    "none": (None, ("None",)),
    "whole": (3, ("int", "float", "ArrayLike")),
    "float": (2.5, ("float", "ArrayLike")),
    "nan": (math.nan, ("float", "ArrayLike")),
    "object": (object(), ()),
    "bytes": (b"x", ()),
    "mapping": ({}, ("Mapping",)),
    "list": ([3], ("Iterable[int]", "Sequence[int]", "Iterable[float]", "Sequence[float]", "ArrayLike")),
    "path": (Path("/nothing/here"), ("Path",)),
    "class": (int, ("Callable", "Own")),
    "exception": (ValueError("x"), ()),
}
LOADS = {"network", "corpus", "name", "source"}  # a path is of the right kind there, and nothing lies at it


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Arguments that each function takes."""
    at = tmp_path_factory.mktemp("given")
    net, texts = network("tiny-llama"), rl.corpus("builtin")
    acts = rl.capture(net, texts, documents=3, max_tokens=16, cache=at)
    skip = rl.capture(net, texts, documents=3, max_tokens=16, cache=at, schedule="0 1 2 4 5")
    scores = rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=4, cache=at)
    evidence, alike = rl.Evidence("tiny-llama", "", 6, scores), rl.cosine(acts)
    settings = rl.ReportSettings(("builtin_pronoun",), "builtin", documents=4, limit=8, seeds=2)
    return {
        "activations": {"source": [[[1.0, 2.0], [3.0, 4.0]]]},
        "by_start": {"evidence": evidence},
        "capture": {"network": net, "corpus": texts, "documents": 3, "max_tokens": 16, "cache": at},
        **{name: {"capture": acts} for name in ("cka", "cosine")},
        **{name: {"capture": acts, "measure": "cosine"} for name in ("compare", "sinks_sweep")},
        "corpus": {"name": "builtin"},
        "drift": {"full": acts, "captures": {"skip": skip}, "start": 2},
        "family": {"parts": [rl.group(alike)]},
        **{name: {"name": "tiny-llama"} for name in ("fetch", "load")},
        "finetune": {"network": net, "data_dir": at},
        "glue": {"network": net, "schedules": ["0:2"], "tasks": ["rte"], "data_dir": at},
        "group": {"similarity": alike},
        "judge": {"evidence": rl.Evidence("tiny-llama", "", 6)},
        "lens": {"network": net, "corpus": texts, "documents": 2, "max_tokens": 8},
        "paper_grid": {"figure": "fig04", "layers": 6},
        "rank_correlation": {"x": [1, 2, 3], "y": [3, 2, 1]},
        "report": {"network": net, "settings": settings, "folder": at},
        "retained": {"scores": scores, "count": 10},
        "sweep": {"network": net, "schedules": ["0:2"], "benchmarks": ["builtin_pronoun"], "cache": at},
        "task_means": {"scores": scores, "count": 10},
    }


def test_every_public_function_is_tried(given: dict[str, dict[str, Any]]) -> None:
    assert sorted(given) == FUNCTIONS


def parameters(name: str) -> Iterator[inspect.Parameter]:
    kinds = inspect.signature(getattr(rl, name)).parameters.values()
    return (one for one in kinds if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_argument_of_another_kind_is_refused_in_a_line(
    name: str, given: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for parameter in parameters(name):
        annotation = str(parameter.annotation)
        for label, (value, allowed) in WRONG.items():
            if any(word in annotation for word in allowed) and not (
                label == "path" and parameter.name in LOADS
            ):
                continue
            with pytest.raises(rl.ReprlabError) as refusal:
                getattr(rl, name)(**{**given[name], parameter.name: value})
            assert "\n" not in str(refusal.value)


def test_variants_and_options_that_are_no_texts_are_refused(given: dict[str, dict[str, Any]]) -> None:
    evidence, acts = given["by_start"]["evidence"], given["cosine"]["capture"]
    with pytest.raises(rl.ReprlabError, match="variants 3"):
        rl.by_start(evidence, 3)  # pyright: ignore[reportArgumentType]
    for control in (Path("x"), ["shuffled"]):
        with pytest.raises(rl.ReprlabError, match="control"):
            rl.sinks_sweep(acts, "cosine", control=control)
    with pytest.raises(rl.ReprlabError, match="against 'x'"):
        rl.compare(acts, lambda x, y: 0, against="x")  # pyright: ignore[reportArgumentType]


class Odd:
    """Something that no function takes."""


@pytest.mark.parametrize("value", [None, 3, 1.5, b"x", True, ["0"], Odd(), Odd, np.zeros(2), float("nan")])
def test_classes_and_methods_refuse_other_kinds_in_a_line(
    value: Any, given: dict[str, dict[str, Any]]
) -> None:
    net, scores = given["sweep"]["network"], given["retained"]["scores"]
    calls: dict[str, Callable[[], object]] = {
        "Schedule.parse": lambda: rl.Schedule.parse(value),
        "Schedule.parse layers": lambda: rl.Schedule.parse("0:2", layers=value),
        "Plan": lambda: rl.Plan(value),
        "Plan of": lambda: rl.Plan([value]),
        "Recipe epochs": lambda: rl.Recipe(epochs=value),
        "Recipe rate": lambda: rl.Recipe(rate=value),
        "settings": lambda: rl.ReportSettings(("a",), "builtin", value, 3),
        "logits": lambda: net.logits(value),
        "schedule": lambda: net.logits(["ab"], value),
        "generate": lambda: net.generate(value),
        "tokens": lambda: net.generate(["ab"], max_new_tokens=value),
        "results": lambda: scores.results(value),
        "joined": lambda: scores.joined(value),
        "row_of": lambda: scores.row_of(value),
        "metric": lambda: scores.compare("0:6", "0:6", metric=value),
        "save": lambda: scores.save(value),
    }
    allowed = {
        "Schedule.parse layers": (3, None),
        "Recipe epochs": (3,),
        "Recipe rate": (3, 1.5),
        "settings": (3,),
        "schedule": (None,),
        "tokens": (3,),
        "results": (None,),
        "logits": (["0"],),
        "generate": (["0"],),
    }
    for name, call in calls.items():
        if any(type(value) is type(one) and value == one for one in allowed.get(name, ())):
            continue
        with pytest.raises(rl.ReprlabError) as refusal:
            call()
        assert "\n" not in str(refusal.value), name


def test_a_name_stands_for_a_network_and_texts_for_a_corpus(tmp_path: Path) -> None:
    texts = ["a first text of some words", "and a second one"]
    acts = rl.capture("tiny-llama", texts, max_tokens=8, cache=tmp_path)
    assert (acts.documents, acts.identity.corpus) == (2, "texts")
    assert rl.lens("tiny-llama", texts, max_tokens=8).provenance.documents == 2
    file = tmp_path / "own.jsonl"
    file.write_text('{"text": "some words"}\n')
    assert rl.capture("tiny-llama", file, cache=str(tmp_path)).documents == 1


def test_one_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    scores = rl.sweep("tiny-llama", "0:2 3:6", "builtin_pronoun", limit=4, cache=tmp_path)
    assert [str(entry.schedule) for entry in scores.entries] == ["0:6", "0 1 3:6"]
    assert list(scores.benchmarks) == ["builtin_pronoun"]
    assert rl.paper_grid("fig04", 6, starts=1) == rl.paper_grid("fig04", 6, starts=[1])


def test_a_path_loads_as_its_text_does(tmp_path: Path) -> None:
    net = network("tiny-llama")
    net.module.save_pretrained(tmp_path / "own")
    net.tokenizer.save_pretrained(tmp_path / "own")
    assert rl.load(tmp_path / "own").name == "own"


def test_kinds() -> None:
    numpy = pytest.importorskip("numpy")
    assert (positive("n", 2), integer("n", numpy.int64(2)), number("x", numpy.float32(0.5))) == (2, 2, 0.5)
    assert several(string, str, "names")("names", ("a", "b")) == ["a", "b"]
    for kind, value in ((positive, True), (integer, 2.0), (number, "2"), (path, "a\0b"), (string, b"")):
        with pytest.raises(rl.ReprlabError, match=r"^n "):
            kind("n", value)


def test_a_function_keeps_its_name_its_signature_and_its_examples() -> None:
    @taking(n=positive)
    def twice(n: int = 1) -> int:
        """Twice n."""
        return 2 * n

    assert (twice(3), twice(), twice.__name__, twice.__doc__) == (6, 2, "twice", "Twice n.")
    assert list(inspect.signature(twice).parameters) == ["n"]
    assert twice.__globals__ is globals()  # pyright: ignore[reportFunctionMemberAccess]
