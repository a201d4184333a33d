"""Made-up answers: an identity, and documents of two requests each."""

from reprlab.sweeps.answers import Record
from reprlab.sweeps.identity import AnswersIdentity

IDENTITY = AnswersIdentity(
    model="tiny/llama",
    weights="w",
    tokenizer="t",
    benchmark="arc",
    definition="d",
    preset="paper",
    max_new_tokens=0,
    dtype="float32",
    attention="sdpa",
    device="cpu",
    torch="2.6",
    transformers="5.5",
    lm_eval="0.4",
)


def record(place: int, requests: int = 2) -> Record:
    return Record(place, f"id {place}", f"unit {place // 2}", f"print {place}", requests)
