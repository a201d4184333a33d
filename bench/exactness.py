"""How far a text among others is from the model's own call on that text alone, by architecture and dtype.

python bench/exactness.py    # writes the table of docs/reference/exactness.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import reprlab as rl
from reprlab.models.registry import DTYPES, MODELS
from reprlab.network.batches import together
from reprlab.network.network import Network

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "exactness.md"
LENGTHS = (80, 62, 33, 66, 7, 62)


def alone(net: Network, ids: Sequence[int]) -> tuple[Tensor, Tensor | None]:
    """States (depth, token, width) and logits of the library's own call, as its hooks see them."""
    seen: list[Tensor] = []

    def first(_: object, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    def after(_: object, __: object, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    hooks = [net.layers[0].register_forward_pre_hook(first, with_kwargs=True)]
    hooks += [layer.register_forward_hook(after) for layer in net.layers]
    with torch.no_grad():
        output = net.module(input_ids=torch.tensor([list(ids)]))
    for hook in hooks:
        hook.remove()
    return torch.stack(seen)[:, 0], output.logits[0] if net.has_lm_head else None


def distances(net: Network) -> tuple[float, float]:
    """Of all texts, depths and tokens: the largest distance in parts of the norm, and in nats."""
    ids = net.tokenize([t[:n] for t, n in zip(rl.corpus("builtin").texts, LENGTHS, strict=False)])
    expected = [alone(net, row) for row in ids]
    apart, nats = 0.0, 0.0
    for place, states, logits in batched(net, ids):
        theirs, own_logits = expected[place]
        far = (states - theirs).float().norm(dim=-1) / theirs.float().norm(dim=-1)
        apart = max(apart, float(far.max()))
        if logits is not None and own_logits is not None:
            targets = torch.tensor(ids[place][1:])[:, None]
            ours, own = (x[:-1].float().log_softmax(-1).gather(1, targets) for x in (logits, own_logits))
            nats = max(nats, float((ours - own).abs().max()))
    return apart, nats


def batched(net: Network, ids: Sequence[Sequence[int]]) -> Iterator[tuple[int, Tensor, Tensor | None]]:
    """Every text's states and logits in batches as large as may be, padded on either side."""
    for side, kind in (("right", net.kind), ("left", net.growing_kind)):
        for places in together(list(map(len, ids)), kind):
            recording = net.record(net.batch([ids[place] for place in places], side))
            states = recording.run(net.full())
            logits = recording.finish(states[-1]).logits if net.has_lm_head else None
            for row, place in enumerate(places):
                length, longest = len(ids[place]), states[0].shape[1]
                own = slice(0, length) if side == "right" else slice(longest - length, longest)
                yield place, torch.stack(states)[:, row, own], None if logits is None else logits[row, own]


def table() -> str:
    heads = [f"{dtype}: {what}" for dtype in DTYPES for what in ("states", "nats")]
    lines = [f"| model | {' | '.join(heads)} |", f"|{' --- |' * (len(heads) + 1)}"]
    for name in (name for name in MODELS if name.startswith("tiny-")):
        cells: list[str] = []
        for dtype in DTYPES:
            net = rl.load(name, dtype=dtype)
            apart, nats = distances(net)
            cells += [f"{apart:.0e}", f"{nats:.0e}" if net.has_lm_head else ""]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    torch.set_num_threads(1)
    text = PAGE.read_text(encoding="utf-8")
    part = re.compile(r"(<!-- measured -->\n).*?(\n<!-- end measured -->)", re.DOTALL)
    PAGE.write_text(part.sub(lambda found: f"{found[1]}\n{table()}\n{found[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
