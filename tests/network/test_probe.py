"""Architectures whose layers keep states or share keys and values; the table and the probe."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.network import probe as probing
from reprlab.network.network import Network
from reprlab.network.probe import TABLE, Proof, cache_off, proof, proven

BENCH = Path(__file__).parents[2] / "bench" / "architectures.py"
SPEC = importlib.util.spec_from_file_location("architectures", BENCH)
assert SPEC is not None
assert SPEC.loader is not None
table: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(table)

STATES = [
    "mamba",
    "lfm2",
    "qwen3_next",
    "falcon_h1",
    "granitemoehybrid",
    "bamba",
    "qwen3_5_text",
    "gemma4_text",
]
CONFIGS = transformers.CONFIG_MAPPING


@cache
def made(kind: str) -> Network:
    return table.built(CONFIGS[kind], False)


def fresh(kind: str) -> Network:
    """A network of its own, with nothing remembered."""
    old = made(kind)
    return Network(old.name, "", old.module, old.tokenizer, "float32", "cpu", "", "")


def rows() -> dict[str, dict[str, str]]:
    return {row["model_type"]: row for row in json.loads(TABLE.read_text())["architectures"]}


@pytest.mark.parametrize("kind", STATES)
def test_with_a_cache_is_without_one_also_where_layers_keep_states(kind: str) -> None:
    net = made(kind)
    ids = torch.tensor(net.tokenize(table.TEXTS))
    for text in ("0:6", "0:2 3:6", "0:2 2*3 3:6", "0:6 1:6", "0 [1:5]*2 5", "0 2 1 3:6", "1:6", "0:2*2 3:6"):
        if kind == "gemma4_text" and not sources_run(net, text):
            continue
        with net.scheduled(text) as module:
            assert cache_off(module, ids, 4) < 1e-3, text


def sources_run(net: Network, text: str) -> bool:
    try:
        net.record(net.batch([[1, 2, 3]])).run(rl.Schedule.parse(text))
    except ReprlabError:
        return False
    return True


@pytest.mark.parametrize("kind", ["mamba", "gemma4_text", "openai-gpt", "deepseek_v3", "bert"])
def test_a_row_of_the_table_is_what_comes_out(kind: str) -> None:
    assert table.examined(kind, CONFIGS[kind], kind == "bert") == rows()[kind]


def test_the_table_has_every_language_model_and_the_proven_ones_are_its_own() -> None:
    there = {c.model_type for c in transformers.MODEL_FOR_CAUSAL_LM_MAPPING}
    there |= {c.model_type for c in transformers.MODEL_FOR_MASKED_LM_MAPPING}
    made_with = json.loads(TABLE.read_text())["transformers"]
    if made_with == transformers.__version__:
        assert set(rows()) == there
    known = proven(made_with)
    assert {"llama", "gpt2", "mamba", "qwen3_next", "gemma4_text"} <= set(known)
    assert not {"rwkv", "deberta-v2", "minimax", "recurrent_gemma", "gemma3n_text"} & set(known)
    for kind in known:
        assert not any(rows()[kind].get(check) for check in table.WANTED), kind
    assert proven("5.5.0") == {}  # older ones are tried


def test_shared_keys_and_values_do_not_depend_on_what_ran_before() -> None:
    net = made("gemma4_text")
    batch = net.batch(net.tokenize(["The quick brown fox jumps over the lazy dog."]))
    kept, swapped = rl.Schedule.parse("0 2:6"), rl.Schedule.parse("0 2 1 3:6")
    alone = net.record(batch).run(kept)[-1]
    recording = net.record(batch)
    for before in (net.full(), swapped):
        recording.run(before)
        assert torch.equal(recording.run(kept)[-1], alone)
    for positions, state in recording.walk(rl.Plan([net.full(), swapped, kept, kept])):
        assert 2 not in positions or torch.equal(state, alone)
    assert torch.equal(net.hidden_states(batch, kept)[-1], alone)
    lacking = rl.Schedule.parse("0:3 4:6")  # layer 3 is where layer 5's come from
    for use in (recording.run, lambda s: net.hidden_states(batch, s)):
        with pytest.raises(ReprlabError, match="layer 5 takes the keys and values of an earlier layer"):
            use(lacking)
    with pytest.raises(ReprlabError, match="no layer that gives them runs before it"):
        net.generate(["ab"], lacking, max_new_tokens=2)


def test_states_of_four_axes_generate_and_are_else_refused_in_a_line() -> None:
    net, schedule = made("gemma3n_text"), "0:2 2*2 3:6"
    assert len(net.generate(["ab"], schedule, max_new_tokens=3)) == 1
    for use in (lambda: net.record(net.batch([[1, 2]])), lambda: net.hidden_states(net.batch([[1, 2]]))):
        with pytest.raises(ReprlabError, match=r"its states have the axes \(2, 1, 2, 32\)"):
            use()


def test_what_fails_is_refused_by_name_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    rwkv = made("rwkv")
    for use in (
        lambda: rwkv.logits(["ab"]),
        lambda: rwkv.hidden_states(rwkv.batch([[1]])),
        lambda: rwkv.generate(["a"]),
    ):
        with pytest.raises(ReprlabError, match=r"'rwkv' .* it rescales its states by position"):
            use()
    net = made("recurrent_gemma")
    assert net.logits(["ab"], "0:2 3:6")[0].shape == (2, 260)
    assert len(net.generate(["ab"], "0:2 3:6", max_new_tokens=2, use_cache=False)) == 1
    with pytest.raises(ReprlabError, match="under a schedule with a cache: its layers keep one state"):
        net.generate(["ab"], "0:2 3:6", max_new_tokens=2)


def test_a_model_that_does_something_between_its_layers_runs_under_no_schedule() -> None:
    config = table.tiny(CONFIGS["deberta-v2"])
    config.conv_kernel_size, config.conv_act = 3, "gelu"
    net = table.network(config, transformers.AutoModelForMaskedLM)
    assert len(net.hidden_states(net.batch([[1, 2, 3]]))) == 7  # as it is, it can be captured
    with pytest.raises(ReprlabError, match="cannot be run layer by layer: the model does something between"):
        net.record(net.batch([[1, 2, 3]]))


def test_a_probe_runs_once_and_is_kept_where_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "proven", dict)
    calls: list[str] = []
    real = probing.probe
    monkeypatch.setattr(probing, "probe", lambda subject: calls.append("") or real(subject))
    assert fresh("lfm2").prove(tmp_path) == Proof() == fresh("lfm2").prove(tmp_path)
    assert len(calls) == 1
    (file,) = (tmp_path / ".probes").iterdir()
    file.write_text("{")  # what is damaged is made anew
    assert fresh("lfm2").prove(tmp_path) == Proof()
    assert len(calls) == 2
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert fresh("lfm2").prove(blocked / "cache") == Proof()
    said: list[str] = []
    monkeypatch.setattr(probing, "_LARGE", 1)
    fresh("lfm2").prove(tmp_path / "other", said.append)
    assert "ten short passes try it" in said[0]


def test_a_probe_takes_at_most_ten_passes_and_layers_on_disk_are_not_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probing, "proven", dict)
    net, tokens = fresh("lfm2"), [0]
    subject = probing.Subject(net.module, net.base, net.layer_list, net.batch([range(1, 9)]))

    def count(_: object, args: tuple[torch.Tensor, ...]) -> None:
        tokens[0] += args[0].shape[:2].numel()

    inside = net.layers[1].operator_norm  # layer 0 also runs alone, once, for the form of what layers return
    hook = inside.register_forward_pre_hook(count)
    assert probing.probe(subject) == Proof()
    hook.remove()
    assert 0 < tokens[0] <= 10 * 8
    with torch.device("meta"):
        empty = transformers.AutoModelForCausalLM.from_config(net.module.config)
    said: list[str] = []
    subject = probing.Subject(empty, empty.base_model, empty.base_model.layers, {})
    assert proof(subject, "far", None, said.append) == Proof()
    assert "far: not proven" in said[0]
