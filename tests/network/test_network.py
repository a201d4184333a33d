import pytest
import torch
from examples import TINY, network, texts
from torch import Tensor

from reprlab.errors import ReprlabError
from reprlab.network.network import Network


def by_hooks(net: Network, batch: dict[str, Tensor]) -> list[Tensor]:
    """The naive reference: what PyTorch's own hooks see, without nnsight."""
    seen: list[Tensor] = []

    def first(_: object, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    def after(_: object, __: object, output: Tensor | tuple[Tensor, ...]) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    hooks = [net.layers[0].register_forward_pre_hook(first, with_kwargs=True)]
    hooks += [layer.register_forward_hook(after) for layer in net.layers]
    with torch.no_grad():
        net.base(**batch)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", TINY)
def test_a_trace_equals_the_modules_own_values_bit_for_bit(name: str, side: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(texts(5).texts), side)
    states, expected = net.hidden_states(batch), by_hooks(net, batch)
    assert len(states) == len(expected) == net.n_layers + 1
    assert all(torch.equal(a, b) for a, b in zip(states, expected, strict=True))


@pytest.mark.parametrize("name", TINY)
def test_depths_are_raw_never_after_the_final_norm(name: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(texts(3).texts))
    with torch.no_grad():
        theirs = net.base(**batch, output_hidden_states=True).hidden_states
    ours = net.hidden_states(batch)
    assert all(torch.equal(a, b) for a, b in zip(ours[:-1], theirs[:-1], strict=True))
    normed = name not in {"tiny-bert", "tiny-roberta"}  # they have no norm behind their last layer
    assert torch.equal(ours[-1], theirs[-1]) != normed


@pytest.mark.parametrize("name", TINY)
def test_padding_on_either_side_leaves_a_text_as_it_is_alone(name: str) -> None:
    net = network(name)
    ids = net.tokenize(texts(4).texts)
    alone = torch.stack(net.hidden_states(net.batch([ids[0]])))[:, 0]
    right = torch.stack(net.hidden_states(net.batch(ids, "right")))[:, 0, : len(ids[0])]
    left = torch.stack(net.hidden_states(net.batch(ids, "left")))[:, 0, -len(ids[0]) :]
    torch.testing.assert_close(right, alone, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(left, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", TINY)
def test_tiny_is_tiny(name: str) -> None:
    net = network(name)
    assert net.n_layers >= 5
    assert net.width == 32
    assert sum(p.numel() for p in net.module.parameters()) < 100_000
    assert len(net.tokenizer) <= 260


@pytest.mark.parametrize("name", TINY)
def test_the_byte_tokenizer_gives_a_text_back(name: str) -> None:
    net = network(name)
    text = "Zoë paid 3 € — fine.\n\tOK"
    assert net.tokenizer.decode(net.tokenize([text])[0], skip_special_tokens=True) == text


def test_a_load_is_the_same_every_time_and_init_is_another_network() -> None:
    import reprlab as rl

    weights = [rl.load(n).module.state_dict() for n in ("tiny-neox", "tiny-neox", "tiny-neox@init")]
    same = [torch.equal(a, b) for a, b in zip(weights[0].values(), weights[1].values(), strict=True)]
    other = [torch.equal(a, b) for a, b in zip(weights[0].values(), weights[2].values(), strict=True)]
    assert all(same)
    assert not all(other)


def test_texts_are_cut_to_the_limit(tiny: Network) -> None:
    assert len(tiny.tokenize(["x" * 2000])[0]) == tiny.max_tokens == 512
    assert len(tiny.tokenize(["x" * 2000], 16)[0]) == 16


def test_bos_is_what_the_tokenizer_adds() -> None:
    assert network("tiny-bert").adds_bos
    assert not network("tiny-llama").adds_bos


def test_an_unknown_dtype_and_device_say_what_there_is() -> None:
    import reprlab as rl

    with pytest.raises(ReprlabError, match="unknown dtype 'float31': did you mean 'float32'"):
        rl.load("tiny-llama", dtype="float31")
    with pytest.raises(ReprlabError, match="unknown device 'tpu'"):
        rl.load("tiny-llama", device="tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_here_is_refused() -> None:
    import reprlab as rl

    with pytest.raises(ReprlabError, match="device 'cuda' is not on this machine: use auto or cpu"):
        rl.load("tiny-llama", device="cuda")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_dtype_is_the_networks_and_its_states(dtype: str) -> None:
    import reprlab as rl

    net = rl.load("tiny-llama", dtype=dtype)
    assert net.dtype == dtype
    states = net.hidden_states(net.batch(net.tokenize(["hello"])))
    assert {str(s.dtype) for s in states} == {f"torch.{dtype}"}
