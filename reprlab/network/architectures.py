"""Which of transformers' classes loads a checkpoint, and which models are none of ours."""

from __future__ import annotations

from typing import Any

import transformers
from transformers.models.auto import modeling_auto as auto

from reprlab.errors import ReprlabError

TAKEN = "reprlab takes decoders of text, such as Llama and GPT-2, and encoders of text, such as BERT"
CAUSAL, MASKED = auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
_CAUSAL_ENDS = ("CausalLM", "LMHeadModel", "WithLMHead", "DoubleHeadsModel", "ForConditionalGeneration")
_MASKED_ENDS = ("MaskedLM", "ForPreTraining")

# what a model is that is not taken -> the tasks by which transformers knows it; the first that fits is said
_KINDS: dict[str, tuple[str, ...]] = {
    "a speech or audio model": (
        *("SPEECH_SEQ_2_SEQ", "CTC", "AUDIO_CLASSIFICATION", "AUDIO_XVECTOR", "RNNT", "TEXT_TO_WAVEFORM"),
        "TEXT_TO_SPECTROGRAM",
    ),
    "an encoder-decoder": ("SEQ_TO_SEQ_CAUSAL_LM", "TABLE_QUESTION_ANSWERING"),
    "a vision-language model": (
        *("IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "VISUAL_QUESTION_ANSWERING"),
        "ZERO_SHOT_IMAGE_CLASSIFICATION",
    ),
    "an image or video model": (
        *("IMAGE_CLASSIFICATION", "IMAGE", "VIDEO_CLASSIFICATION", "OBJECT_DETECTION", "BACKBONE"),
        *("SEMANTIC_SEGMENTATION", "DEPTH_ESTIMATION", "MASK_GENERATION", "MASKED_IMAGE_MODELING"),
    ),
}


def auto_class(config: Any, name: str, *, pooled: bool = False) -> Any:
    """The Auto class that loads a checkpoint as it was made: with its language head if it has one.

    `pooled`: an encoder without its head, and with its pooler. A classifier's or a base model's checkpoint
    loads without a head. Raises `ReprlabError` for models that are not taken.
    """
    made, kind = _made_as(config, name), config.model_type
    causal, masked = kind in CAUSAL, kind in MASKED
    own = getattr(config, "auto_map", None) or {}  # code of its own, which the user has let run
    if own:
        causal, masked = causal or "AutoModelForCausalLM" in own, masked or "AutoModelForMaskedLM" in own
    decoder = made.endswith(_CAUSAL_ENDS) or (
        not made and (not masked or getattr(config, "is_decoder", False))
    )
    if getattr(config, "is_encoder_decoder", False) or not (causal or masked or "AutoModel" in own):
        raise ReprlabError(f"'{name}' is {_what(config, made)}: {TAKEN}")
    if decoder and causal:
        return transformers.AutoModelForCausalLM
    if masked and not pooled and (made.endswith(_MASKED_ENDS) or not made):
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModel


def _made_as(config: Any, name: str) -> str:
    """The class that a checkpoint was saved from, as config.json says; nothing where it does not say."""
    listed = getattr(config, "architectures", None) or [""]
    if not isinstance(listed, list) or not isinstance(listed[0], str):
        raise ReprlabError(
            f"'{name}': architectures in its config.json is {listed!r:.40}, not a list of names"
        )
    return listed[0]


def _what(config: Any, made: str) -> str:
    tables = {task: getattr(auto, f"MODEL_FOR_{task}_MAPPING_NAMES", {}) for task in sum(_KINDS.values(), ())}
    found = (words for words, tasks in _KINDS.items() if any(config.model_type in tables[t] for t in tasks))
    two = "an encoder-decoder" if getattr(config, "is_encoder_decoder", False) else "no language model"
    return f"{next(found, two)} ({made or config.model_type})"
