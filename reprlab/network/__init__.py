"""A loaded model: the only package that touches nnsight and transformers.

A layer is a block, 0..n-1. A depth is a place between blocks: depth 0 enters layer 0, depth l+1
leaves layer l, the raw residual stream, never after a final norm. A schedule has one meaning and three
executors: `local` walks recorded layer calls, `tracing` runs inside an nnsight trace, `rewriting` makes
the ordinary module run it.
"""

import os

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # batches are small, and processes may fork

from reprlab.network.loaded import Batch, Network
from reprlab.network.local import Recording
from reprlab.network.opening import Source, byte_tokenizer, dequantise, open_network, tiny_config
from reprlab.network.training import (
    Fitted,
    Head,
    Recipe,
    classifier,
    encoded,
    encoder,
    features,
    fit,
    needs_accelerate,
    save_checkpoint,
)

__all__ = [
    "Batch",
    "Fitted",
    "Head",
    "Network",
    "Recipe",
    "Recording",
    "Source",
    "byte_tokenizer",
    "classifier",
    "dequantise",
    "encoded",
    "encoder",
    "features",
    "fit",
    "needs_accelerate",
    "open_network",
    "save_checkpoint",
    "tiny_config",
]
