"""Fine-tuning: the whole rewritten model trained on a benchmark's rows, and set against the frozen one."""

from reprlab.finetuning.acting import finetune, micro_batch_of
from reprlab.finetuning.runs import RECIPE
from reprlab.finetuning.tuned import Crossing, FineTuned, Gain, turning
from reprlab.schedules.skips import SHARES, left_out, share_schedules

__all__ = [
    "RECIPE",
    "SHARES",
    "Crossing",
    "FineTuned",
    "Gain",
    "finetune",
    "left_out",
    "micro_batch_of",
    "share_schedules",
    "turning",
]
