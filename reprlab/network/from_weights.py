"""From weights to a network in memory: checkpoints, GGUF, and tiny random models."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import modeling_gguf_pytorch_utils as gguf_reader
from transformers.initialization import no_init_weights

from reprlab.errors import ReprlabError, unknown
from reprlab.files import json_of, on_disk, whole_folder, write_whole
from reprlab.models.copies import COPY
from reprlab.models.registry import DEVICE_MAPS, DEVICES, DTYPES
from reprlab.models.tensors import TensorEntry, tensors_of
from reprlab.models.weights import Weights
from reprlab.network.architectures import auto_class
from reprlab.network.checkpoint_keys import check_kinds, settled
from reprlab.network.checks import check_config, check_tokenizer
from reprlab.network.memory import check_fits, out_of_memory, parameters
from reprlab.network.network import Network
from reprlab.network.tiny import byte_tokenizer, tiny_config
from reprlab.progress import ProgressLines, Say


def open_network(
    weights: Weights,
    *,
    dtype: str = "auto",
    device: str = "auto",
    device_map: str | None = None,
    trust_remote_code: bool = False,
    pooled: bool = False,
    say: Say = lambda _: None,
) -> Network:
    """The network of some weights. `auto` dtype: float32 on a CPU, the checkpoint's own elsewhere.

    `pooled`: an encoder with its pooler instead of a language head; for others it means nothing. `say` gets
    notes on what the files hold in addition, and on large weights.
    """
    if device_map is not None and device_map not in DEVICE_MAPS:
        raise unknown("device map", str(device_map), DEVICE_MAPS)
    where = _device(device)
    target = _Target(_dtype(dtype, where), where, device_map, trust_remote_code, pooled)
    if weights.folder is not None:
        _ordinary(weights.folder)
    with weights.unchanged():
        digest, tokens = weights.identified(say), weights.tokenizer_digest
        module, tokenizer = _tiny(weights, target) if weights.tiny else _from_folder(weights, target, say)
    return Network(
        name=weights.name,
        note=weights.note,
        module=module.eval().requires_grad_(False),
        tokenizer=tokenizer,
        dtype=str(module.dtype).removeprefix("torch."),
        device=str(module.device),
        digest=digest,
        tokenizer_digest=tokens,
        local=weights.local,
    )


def dequantise(gguf: Path, target: Path, dtype: str, say: Say = lambda _: None) -> None:
    """Write a GGUF file's weights as safetensors of a dtype, with its tokenizer: once, then kept.

    Raises `ReprlabError` for a file that transformers cannot read, or that lacks tensors of its network.
    """
    _needs_gguf(gguf)
    try:
        module, tokenizer = _from_gguf(gguf, dtype, ProgressLines(f"dequantising {gguf.name}", say))
    except ReprlabError:
        raise
    except Exception as error:  # a foreign reader of a foreign file: it raises whatever its parts raise
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200].rstrip(".")
        raise ReprlabError(
            f"transformers cannot read '{gguf}' ({reason}): fetch it again, or give the model's safetensors"
        ) from error
    with on_disk(target), whole_folder(target) as scratch:
        module.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        sizes = {path.name: path.stat().st_size for path in sorted(scratch.iterdir())}
        write_whole(scratch / COPY, json_of({"dtype": dtype, "from": gguf.name, "files": sizes}))


@contextmanager
def _counted(lines: ProgressLines) -> Generator[None]:
    """The bar that transformers draws over a GGUF file's tensors becomes lines of progress."""
    reader: Any = gguf_reader
    drawn = reader.tqdm

    def shown(tensors: Sequence[Any], **_: Any) -> Iterator[Any]:
        total = sum(int(tensor.n_elements) for tensor in tensors)
        done = 0
        for tensor in tensors:
            yield tensor
            done += int(tensor.n_elements)
            lines.show(done, total)

    reader.tqdm = shown
    try:
        yield
    finally:
        reader.tqdm = drawn


def _from_gguf(gguf: Path, dtype: str, lines: ProgressLines) -> tuple[Any, Any]:
    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    _quiet()
    module: Any
    with _counted(lines):
        auto: Any = transformers.AutoModelForCausalLM
        module, info = auto.from_pretrained(**where, dtype=getattr(torch, dtype), output_loading_info=True)
    lost = sorted({*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])})
    if lost:
        raise ReprlabError(
            f"'{gguf}' lacks tensors of its network, {lost[0]} among {len(lost)}: fetch it again"
        )
    del module.config.quantization_config
    module.hf_quantizer = None  # the weights are plain now; without this they cannot be saved
    return module, transformers.AutoTokenizer.from_pretrained(**where)


def _device(asked: str) -> str:
    if asked not in DEVICES:
        raise unknown("device", asked, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[asked]:
        raise ReprlabError(f"device '{asked}' is not on this machine: use auto or cpu")
    return asked


def _dtype(asked: str, device: str) -> torch.dtype | str:
    if asked == "auto":
        return torch.float32 if device == "cpu" else "auto"
    if asked not in DTYPES:
        raise unknown("dtype", asked, ["auto", *DTYPES])
    return getattr(torch, asked)


@dataclass(frozen=True)
class _Target:
    """How a checkpoint is to be loaded, and where."""

    dtype: torch.dtype | str
    device: str
    device_map: str | None
    trust: bool
    pooled: bool


def _tiny(weights: Weights, target: _Target) -> tuple[Any, Any]:
    """Module and tokenizer of a tiny model, whose configuration is data."""
    assert weights.tiny is not None
    config = tiny_config(weights.tiny)
    form = auto_class(config, weights.name, pooled=target.pooled)
    module = _untrained(config, target.dtype, form, seed=1 if weights.untrained else 0)
    return module.to(target.device), byte_tokenizer(weights.tiny)


def _from_folder(weights: Weights, target: _Target, say: Say) -> tuple[Any, Any]:
    """Module and tokenizer of a folder: judged before they are loaded, and tried on one token."""
    _quiet()
    folder = weights.folder
    assert folder is not None
    with _foreign(weights):
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=target.trust)
    form = auto_class(config, weights.name, pooled=target.pooled)
    stored = {} if weights.untrained else tensors_of(folder)
    check_config(config, weights.name, stored)
    if not any(folder.glob("tokenizer*")) and not any(folder.glob("vocab*")):
        raise ReprlabError(f"no tokenizer in '{folder}': copy tokenizer.json and tokenizer_config.json there")
    with _foreign(weights):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=target.trust)
        check_tokenizer(tokenizer, weights.name)
        _room(weights, config, form, target, stored, say)
        if weights.untrained:
            module = _untrained(config, target.dtype, form, seed=0)
        else:
            module = _pretrained(weights, config, form, target, stored, say)
        module = module if target.device_map else module.to(target.device)
        _tried(module)
    return module, tokenizer


def _room(
    weights: Weights, config: Any, form: Any, target: _Target, stored: Mapping[str, TensorEntry], say: Say
) -> None:
    """Raises `ReprlabError` where the weights do not fit into memory; said where they are large."""
    if target.device_map:
        return
    with torch.device("meta"), no_init_weights():
        asked = parameters(form.from_config(config, trust_remote_code=target.trust))
    if isinstance(target.dtype, torch.dtype):
        needed, dtype = asked * target.dtype.itemsize, str(target.dtype).removeprefix("torch.")
    else:
        needed = sum(entry.data_offsets[1] - entry.data_offsets[0] for entry in stored.values()) or 2 * asked
        dtype = "the checkpoint's own dtype"
    check_fits(needed, target.device, weights.name, dtype, say)


def _pretrained(
    weights: Weights, config: Any, form: Any, target: _Target, stored: Mapping[str, TensorEntry], say: Say
) -> Any:
    if getattr(config, "quantization_config", None) is None:
        check_kinds(weights.name, {name: entry.dtype for name, entry in stored.items()})
    module, info = form.from_pretrained(
        weights.folder,
        config=config,
        dtype=target.dtype,
        device_map=target.device_map,
        trust_remote_code=target.trust,
        use_safetensors=True,
        ignore_mismatched_sizes=True,  # they are refused by name, in one line
        output_loading_info=True,
    )
    shapes = {name: entry.shape for name, entry in stored.items()}
    module, notes = settled(weights.name, module, info, shapes)
    for note in notes:
        say(f"note: {note}")
    return module


def _untrained(config: Any, dtype: Any, form: Any, *, seed: int) -> Any:
    _quiet()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = form.from_config(config)
    return module.to(dtype) if isinstance(dtype, torch.dtype) else module


def _tried(module: Any) -> None:
    """Run one token, so that a configuration that loads and cannot run is refused here."""
    if "disk" in map(str, getattr(module, "hf_device_map", {}).values()):
        return
    with torch.no_grad():
        module(input_ids=torch.zeros(1, 1, dtype=torch.long, device=module.device))


def _ordinary(folder: Path) -> None:
    """Refuse what would block or never end when it is read: pipes, devices, sockets."""
    for file in sorted(folder.iterdir()):
        if not file.is_file() and not file.is_dir():
            raise ReprlabError(f"'{file}' is no ordinary file, or a link to nothing: take it away")
        if file.suffix == ".json" and file.is_dir():
            raise ReprlabError(f"'{file}' is a folder where a file is expected: take it away")


@contextmanager
def _foreign(weights: Weights) -> Generator[None]:
    """Whatever transformers, tokenizers and safetensors raise over a folder is one line here."""
    try:
        yield
    except (ReprlabError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of tokenizers is no Exception
        if out_of_memory(error):
            advice = "give --dtype bfloat16, or --device-map auto"
            raise ReprlabError(f"'{weights.name}' does not fit into memory: {advice}") from error
        raise ReprlabError(_load_advice(weights, error)) from error


def _load_advice(weights: Weights, error: BaseException) -> str:
    reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
    if isinstance(error, LookupError | AttributeError | TypeError | ArithmeticError | RecursionError):
        reason = f"{type(error).__name__}: {reason}"  # its text alone says little
    ask = " Its own code may run with --trust-remote-code." if "trust_remote_code" in reason else ""
    return f"transformers cannot load '{weights.name}' from '{weights.folder}': {reason}.{ask}"


def _needs_gguf(file: Path) -> None:
    missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise ReprlabError(
            f"'{file.name}' is a GGUF file, read with the packages gguf and accelerate: "
            f"pip install 'reprlab[gguf]' ({missing[0]} is missing)"
        )


def _quiet() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
