"""Which architectures hold what reprlab says: every causal and masked language model that transformers knows.

    python bench/architectures.py [MODEL_TYPE ...]

Builds each with six layers of random weights, or as near as its configuration allows, runs all checks, and
writes the results to reprlab/network/architectures.json; docs/generate.py makes the table of
docs/reference/models.md from it.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers

from reprlab.errors import ReprlabError
from reprlab.models.registry import Tiny
from reprlab.network.network import Network
from reprlab.network.probe import Proof, Subject, cache_off, last, off, probe, said, same
from reprlab.network.tiny import byte_tokenizer
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule

SMALL = 20_000_000  # parameters; what is larger is not tiny
OUT = Path(__file__).resolve().parents[1] / "reprlab" / "network" / "architectures.json"
LAYERS = 6

# a field of a configuration -> its tiny value, where the configuration has such a field
FIELDS: dict[str, Any] = {
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers"), LAYERS),  # noqa: E501
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "emb_dim", "embedding_size", "dim_model", "n_positions_", "word_embed_proj_dim"), 32),  # noqa: E501
    **dict.fromkeys(("intermediate_size", "n_inner", "d_ff", "ffn_dim", "ffn_hidden_size", "d_inner", "encoder_ffn_dim", "decoder_ffn_dim", "dim_ff", "feed_forward_size", "ffn_size"), 64),  # noqa: E501
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads", "decoder_attention_heads"), 4),  # noqa: E501
    **dict.fromkeys(("num_key_value_heads", "num_kv_heads", "n_head_kv"), 2),
    **dict.fromkeys(("head_dim", "d_kv", "dim_head", "attention_head_dim", "global_head_dim"), 8),
    "vocab_size": 260,
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), 512),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "moe_topk", "experts_per_token", "num_experts_per_token", "moe_k", "top_k_experts"), 2),  # noqa: E501
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size", "expert_ffn_hidden_size"), 32),  # noqa: E501
    **dict.fromkeys(("kv_lora_rank", "q_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "index_head_dim"), 8),  # noqa: E501
    **dict.fromkeys(("n_group", "topk_group", "mamba_n_groups", "n_groups"), 1),
    "index_n_heads": 2, "index_topk": 64,
    "sliding_window": 16, "attention_window_size": 16, "local_attention": 16,
    "mamba_d_state": 8, "mamba_n_heads": 4, "mamba_d_head": 16, "mamba_chunk_size": 8, "mamba_d_ssm": 64, "mamba_expand": 2, "mamba_d_conv": 4,  # noqa: E501
    "state_size": 8, "chunk_size": 8, "lru_width": 32,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8,  # noqa: E501
    "pad_token_id": 256, "bos_token_id": 257, "eos_token_id": 258,
    "rotary_dim": 4,
}  # fmt: skip

# what a model type needs besides
_ALTERNATE = ["sliding_attention", "full_attention"] * 3
_SHARED: dict[str, Any] = {
    "layer_types": _ALTERNATE,
    "num_kv_shared_layers": 2,
    "vocab_size_per_layer_input": 260,
    "hidden_size_per_layer_input": 8,
}
_MAMBA: dict[str, Any] = {"attn_layer_indices": [1, 4]}
_LINEAR: dict[str, Any] = {
    "layer_types": ["linear_attention"] * 3 + ["full_attention", "linear_attention", "full_attention"]
}
OWN: dict[str, dict[str, Any]] = {
    "bamba": _MAMBA,
    **dict.fromkeys(("qwen3_next", "qwen3_5_text", "qwen3_5_moe_text"), _LINEAR),
    "granitemoehybrid": {
        "layer_types": ["mamba", "attention", "mamba", "mamba", "attention", "mamba"],
        "num_local_experts": 0,
    },
    "lfm2": {"layer_types": ["conv", "conv", "full_attention", "conv", "full_attention", "conv"]},
    "mamba2": {"num_heads": 8, "head_dim": 8, "n_groups": 1, "expand": 2},
    "recurrent_gemma": {"block_types": ["recurrent", "recurrent", "attention"]},
    "lfm2_moe": {"layer_types": ["conv", "conv", "full_attention", "conv", "full_attention", "conv"]},
    "gpt_neo": {"attention_types": [[["global", "local"], 3]]},
    "reformer": {"axial_pos_embds_dim": (16, 16), "axial_pos_shape": (16, 32), "is_decoder": False},
    "dots1": {"n_shared_experts": 1},
    "dots3_note_text": {"num_key_value_heads": 4},
    "esmc": {"num_key_value_heads": 4},
    "gemma4_text": _SHARED,
    "gemma3n_text": {
        **_SHARED,
        "laurel_rank": 4,
        "altup_num_inputs": 2,
        "intermediate_size": [64] * 6,
        "activation_sparsity_pattern": [0.0] * 6,
    },
}


def tiny(config_class: Any) -> Any:
    """A configuration of six small layers."""
    default = config_class()
    known = set(default.to_dict()) | set(default.attribute_map)
    given = {key: value for key, value in FIELDS.items() if key in known}
    if "kv_lora_rank" in known and "num_key_value_heads" in known:
        given["num_key_value_heads"] = 4
    return config_class(**{**given, **OWN.get(config_class.model_type, {})})


def network(config: Any, auto: Any) -> Network:
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in auto.from_config(config).parameters())
    if size > SMALL:
        raise ReprlabError(f"{size / 1e6:.0f} M parameters: not tiny")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = auto.from_config(config).eval().requires_grad_(False)
        for parameter in module.parameters():
            if parameter.dim() >= 2 and parameter.std() < 0.05:
                torch.nn.init.normal_(parameter, std=0.2)
    return Network(config.model_type, "", module, byte_tokenizer(Tiny("llama")), "float32", "cpu", "", "")


def schedules(n: int) -> list[Schedule]:
    texts = [
        f"0:{n}",
        f"0:2 3:{n}",
        f"0:2 2*3 3:{n}",
        f"0:{n} 1:{n}",
        f"0 [1:{n - 1}]*2 {n - 1}",
        f"0:2 3 2{f' 4:{n}' if n > 4 else ''}",
    ]
    return [Schedule.parse(text, n) for text in texts]


TEXTS = ["A short text", "Another one."]


def traced(net: Network) -> str:
    batch = net.batch(net.tokenize(TEXTS))
    for schedule in schedules(net.n_layers):
        try:
            expected = net.record(batch).run(schedule)
        except ReprlabError:
            continue
        if not all(map(same, net.hidden_states(batch, schedule), expected)):
            return f"'{schedule}' differs"
    return ""


def tree(net: Network) -> str:
    batch, plan, bad = net.batch(net.tokenize(TEXTS)), [], ""
    alone = {}
    for schedule in schedules(net.n_layers):
        try:
            alone[schedule] = net.record(batch).run(schedule)[-1]
        except ReprlabError:
            continue
    recording, plan = net.record(batch), list(alone)
    for positions, state in recording.walk(Plan(plan)):
        for position in positions:
            if not same(state, alone[plan[position]]):
                bad = f"'{plan[position]}' differs"
    return bad


def cached(net: Network) -> str:
    ids, bad = torch.tensor(net.tokenize(TEXTS)), []
    for schedule in schedules(net.n_layers):
        try:
            with net.scheduled(schedule) as module:
                differs = cache_off(module, ids, 5)
        except ReprlabError as error:
            if "takes the keys and values" in str(error):
                continue
            raise
        if not differs <= 1e-3:
            bad.append(f"'{schedule}' by {differs:.2g}")
    return "; ".join(bad)


def tail(net: Network) -> str:
    batch = net.batch(net.tokenize(TEXTS))
    recording = net.record(batch)
    state = recording.run(net.full())[-1]
    expected = last(recording.finish(state)).flatten(0, 1)
    found = recording.head(state.flatten(0, 1))
    return "" if off(found, expected) < 1e-4 else f"differs by {off(found, expected):.2g}"


def packed(net: Network) -> str:
    return "" if net.packed_limit else "takes no mask of its own"


CHECKS: dict[str, Callable[[Network], str]] = {
    "traced": traced,
    "tree": tree,
    "cached": cached,
    "head": tail,
    "packed": packed,
}
VARIES = {"deberta-v2": "with conv_kernel_size it does something between its layers"}
WANTED = ("full", "rewritten", "cached", "tail", "traced", "tree", "head")


def built(config_class: Any, masked: bool) -> Network:
    """The tiny network; raises `ReprlabError` for what is no single stack of text layers."""
    config = tiny(config_class)
    if config.is_encoder_decoder:
        raise ReprlabError("an encoder and a decoder")
    if getattr(config, "text_config", None) is not None:
        raise ReprlabError(f"text and other things: its text part is '{config.text_config.model_type}'")
    auto = transformers.AutoModelForMaskedLM if masked else transformers.AutoModelForCausalLM
    return network(config, auto)


def checked(net: Network, masked: bool) -> dict[str, str]:
    """What each check says: nothing where it holds."""
    if layers := said(lambda: "" if net.n_layers > 3 else f"{net.n_layers} layers"):
        return {"full": layers}
    subject = Subject(net.module, net.base, net.layer_list, net.batch([list(range(40, 48))]))
    results = asdict(probe(subject))
    net.__dict__["_proof"] = Proof(**results)
    if results["full"]:
        return results
    for name, check in CHECKS.items():
        if not (masked and name in ("cached", "head")) and not results.get(name):
            results[name] = said(lambda check=check: check(net))
    return results


def examined(model_type: str, config_class: Any, masked: bool) -> dict[str, str]:
    """A row of the table."""
    row = {"model_type": model_type, "kind": "masked" if masked else "causal"}
    signal.alarm(60)
    try:
        net = built(config_class, masked)
    except ReprlabError as error:
        return row | {"verdict": "not taken", "why": str(error)}
    except Exception as error:  # a configuration that nobody can know
        return row | {
            "verdict": "not tried",
            "why": f"{type(error).__name__}: {' '.join(str(error).split())[:80]}",
        }
    try:
        results = checked(net, masked)
    except Exception as error:
        return row | {
            "verdict": "not tried",
            "why": f"{type(error).__name__}: {' '.join(str(error).split())[:80]}",
        }
    finally:
        signal.alarm(0)
    failed = {name: results[name] for name in WANTED if results.get(name)}
    failed = {"full": failed["full"]} if "full" in failed else failed
    verdict = "refused" if "full" in failed else "part" if failed or model_type in VARIES else "proven"
    return (
        row
        | {"verdict": verdict, "packed": "" if results.get("packed") else "Y", **failed}
        | ({"why": VARIES[model_type]} if model_type in VARIES else {})
    )


def late(*_: object) -> None:
    raise TimeoutError("it takes over a minute")


def main(only: Sequence[str]) -> None:
    signal.signal(signal.SIGALRM, late)
    transformers.logging.set_verbosity_error()
    masked = {c.model_type: c for c in transformers.MODEL_FOR_MASKED_LM_MAPPING}
    causal = {c.model_type: c for c in transformers.MODEL_FOR_CAUSAL_LM_MAPPING if c.model_type not in masked}
    rows: list[dict[str, str]] = []
    for model_type, config_class in sorted({**causal, **masked}.items()):
        if not only or model_type in only:
            rows.append(examined(model_type, config_class, model_type in masked))
            print(json.dumps(rows[-1]), flush=True)
    if only:
        new = {row["model_type"]: row for row in rows}
        old: list[dict[str, str]] = json.loads(OUT.read_text(encoding="utf-8"))["architectures"]
        rows = [new.get(row["model_type"], row) for row in old]
    if rows:
        lines = ",\n".join(json.dumps(row) for row in rows)
        head = json.dumps(
            {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
        )
        OUT.write_text(f'{head[:-1]}, "architectures": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
