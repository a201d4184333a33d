"""Fine-tuning: the whole rewritten model trained on a benchmark's rows, and set against the frozen one."""

from reprlab.finetuning.acting import finetune, micro_batch_of
from reprlab.finetuning.curtailed import SHARES, left_out, share_schedules
from reprlab.finetuning.runs import RECIPE
from reprlab.finetuning.tuned import Crossing, FineTuned, Gain, turning

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
