"""What is said of texts that transformers writes: logits that are no numbers choose a token all the same."""

import pytest
import torch

import reprlab as rl
from reprlab.network.limits import check_growth


def test_texts_from_nan_are_written_and_said_and_those_around_the_broken_layer_are_not() -> None:
    net, said = rl.load("tiny-llama"), list[str]()
    before = net.generate(["ab", "abc"], max_new_tokens=3, say=said.append)
    skipped = net.generate(["ab", "abc"], "0:2 3:6", max_new_tokens=3)
    with torch.no_grad():
        net.layers[2].mlp.down_proj.weight[0, 0] = float("nan")
    assert (said, len(before)) == ([], 2)
    assert net.generate(["ab", "abc"], "0:2 3:6", max_new_tokens=3, say=said.append) == skipped
    assert said == []
    net.generate(["ab", "abc"], max_new_tokens=3, num_beams=2, num_return_sequences=2, say=said.append)
    net.generate(["ab"], max_new_tokens=3, say=said.append)
    assert [line.split(" came")[0] for line in said] == [
        "warning: 2 of 2 texts under 0:6",
        "warning: 1 of 1 text under 0:6",
    ]


def test_more_tokens_than_positions_are_refused() -> None:
    net = rl.load("tiny-llama")
    with pytest.raises(rl.ReprlabError, match=r"--max-new-tokens 99999: .* the longest prompt takes"):
        net.generate(["ab"], max_new_tokens=99_999)
    check_growth(5, 99_999, "mamba", None)  # a model whose configuration sets no limit
