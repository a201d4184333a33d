"""The manifest of a capture that is to be made."""

from __future__ import annotations

import torch

from reprlab.captures.corpora import Corpus
from reprlab.captures.layout import Identity, Manifest
from reprlab.errors import ReprlabError
from reprlab.models.inputs import of_captures
from reprlab.models.registry import DTYPES
from reprlab.network.network import Network
from reprlab.provenance import made_with
from reprlab.schedules.schedule import Schedule


def described(
    network: Network,
    corpus: Corpus,
    schedule: Schedule,
    *,
    max_tokens: int | None,
    states: bool,
    stored: str,
) -> Manifest:
    """The manifest of a capture to be made."""
    limit = network.max_tokens
    if stored not in {"auto", *DTYPES}:
        raise ReprlabError(f"stored dtype '{stored}': there are auto, {', '.join(DTYPES)}")
    identity = Identity(
        model=network.name,
        weights=network.weights(),
        tokenizer=network.tokenizer_digest,
        corpus=corpus.name,
        corpus_digest=corpus.fingerprint,
        max_tokens=min(max_tokens or limit, limit),
        bos=network.adds_bos,
        schedule=str(schedule),
        dtype=network.dtype,  # pyright: ignore[reportArgumentType]
        stored=network.dtype if stored == "auto" else stored,  # pyright: ignore[reportArgumentType]
        states=states,
        attention=network.attention,
        inputs=of_captures(network.config),
    )
    libraries = ("torch", "transformers", "nnsight", "h5py", "numpy", "reprlab")
    makers = made_with(*libraries) | {"device": network.device, "threads": str(torch.get_num_threads())}
    return Manifest(
        identity=identity,
        made_with=makers,
        layers=network.n_layers,
        depths=len(schedule) + 1,
        width=network.width,
        model_limit=limit,
        note=network.note,
        source=corpus.source,
    )
