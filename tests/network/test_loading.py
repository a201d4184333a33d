from pathlib import Path

import pytest
import torch
from examples import network

import reprlab as rl
from reprlab.errors import ReprlabError


def test_a_local_folder_loads_as_the_model_it_holds(tmp_path: Path) -> None:
    net = network("tiny-llama")
    net.module.save_pretrained(tmp_path / "mine")
    net.tokenizer.save_pretrained(tmp_path / "mine")
    again = rl.load(str(tmp_path / "mine"))
    assert again.name == "mine"
    assert again.note == "from a local folder"
    batch = net.batch(net.tokenize(["the same"]))
    for a, b in zip(net.hidden_states(batch), again.hidden_states(batch), strict=True):
        assert torch.equal(a, b)


def test_a_registered_name_is_taken_from_the_models_folder(tmp_path: Path) -> None:
    """40 random layers under the name llama2-13b, as a user without the hub would have it."""
    import transformers

    source = network("tiny-llama")
    config = source.module.config.to_dict() | {"num_hidden_layers": 40, "layer_types": None}
    config = type(source.module.config).from_dict(config)
    module = transformers.AutoModelForCausalLM.from_config(config)
    module.save_pretrained(tmp_path / "llama2-13b")
    source.tokenizer.save_pretrained(tmp_path / "llama2-13b")
    net = rl.load("llama2-13b", models_dir=tmp_path)
    assert (net.name, net.n_layers) == ("llama2-13b", 40)
    acts = rl.capture(net, rl.corpus("builtin"), documents=2)
    assert rl.cosine(acts).values.shape == (41, 41)


def test_pickled_weights_are_refused_and_the_advice_works(tmp_path: Path) -> None:
    import re
    import shlex
    import subprocess
    import sys

    net, folder = network("tiny-bert"), tmp_path / "old"
    folder.mkdir()
    net.module.config.save_pretrained(folder)
    net.tokenizer.save_pretrained(folder)
    torch.save(net.module.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(ReprlabError, match="has only pickled weights") as caught:
        rl.load(str(folder))
    command = re.search(r'python -c "(.+?)"', str(caught.value))
    assert command
    code = command[1].replace("FOLDER", str(folder)).replace("NEW", str(tmp_path / "new"))
    subprocess.run([sys.executable, *shlex.split(f'-c "{code}"')], check=True, capture_output=True)
    net.tokenizer.save_pretrained(tmp_path / "new")
    again = rl.load(str(tmp_path / "new"))
    batch = net.batch(net.tokenize(["the same"]))
    assert torch.equal(net.hidden_states(batch)[-1], again.hidden_states(batch)[-1])


def test_a_folder_that_transformers_cannot_load_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    network("tiny-llama").module.save_pretrained(folder)
    network("tiny-llama").tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "no-such-model"}')
    with pytest.raises(ReprlabError, match="transformers cannot load 'odd'"):
        rl.load(str(folder))


def test_a_spread_network_gives_the_same_states(tmp_path: Path) -> None:
    net = network("tiny-llama")
    net.module.save_pretrained(tmp_path / "mine")
    net.tokenizer.save_pretrained(tmp_path / "mine")
    spread = rl.load(str(tmp_path / "mine"), device_map="auto")
    batch = net.batch(net.tokenize(["the same"]))
    for a, b in zip(
        net.hidden_states(batch), spread.hidden_states(spread.batch(net.tokenize(["the same"]))), strict=True
    ):
        assert torch.equal(a, b.cpu())


@pytest.mark.parametrize("harm", ["cut", "garbage"])
def test_damaged_weights_are_one_line(tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "mine"
    network("tiny-llama").module.save_pretrained(folder)
    network("tiny-llama").tokenizer.save_pretrained(folder)
    file = folder / "model.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] if harm == "cut" else b"garbage" * 100)
    with pytest.raises(ReprlabError, match="mine"):
        rl.load(str(folder))


def test_a_folder_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    network("tiny-llama").module.save_pretrained(tmp_path / "mute")
    with pytest.raises(ReprlabError) as caught:
        rl.load(str(tmp_path / "mute"))
    assert str(caught.value) == (
        f"no tokenizer in '{tmp_path}/mute': copy tokenizer.json and tokenizer_config.json there"
    )
