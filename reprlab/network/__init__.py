"""A loaded model: the only package that touches nnsight and transformers.

A layer is a block, 0..n-1. A depth is a place between blocks: depth 0 enters layer 0, depth l+1
leaves layer l, the raw residual stream, never after a final norm. A schedule has one meaning and three
executors: `recorded` walks recorded layer calls, `traced` runs inside an nnsight trace, `rewritten` makes the
ordinary module run it.
"""

import os

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # batches are small, and processes may fork
