"""Weights on the Hugging Face hub: safetensors only, sizes said first, errors in one line."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from reprlab.errors import ReprlabError
from reprlab.files import slug
from reprlab.models.adapters import ADAPTER
from reprlab.models.digests import TOKENIZER
from reprlab.models.disk import enough_disk, in_words
from reprlab.models.registry import Hub, Name
from reprlab.models.weights import PICKLES, pickle_advice
from reprlab.progress import ProgressLines

ASK_ABOVE = 2 << 30  # a download above two gibibytes is asked for, not just begun

_CONFIG = ("config.json", "generation_config.json", *TOKENIZER)
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")


def _wanted(name: Name) -> dict[str, Any]:
    """Which of a repository's files are taken: no folder inside it, no pickle, no code."""
    return {"allow_patterns": [*_CONFIG, *(() if name.untrained else _WEIGHTS)], "ignore_patterns": "*/*"}


def in_hub_cache(hub: Hub, name: Name) -> Path | None:
    """The snapshot's folder if the hub's cache on this disk has the revision; its name is the commit."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    revision = None if name.untrained else name.revision
    try:
        return Path(snapshot_download(hub.repo, revision=revision, local_files_only=True, **_wanted(name)))
    except LocalEntryNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ReprlabError(
            f"the hub's cache of '{hub.repo}' is damaged: remove its folder in HF_HOME"
        ) from error
    except HFValidationError as error:
        raise ReprlabError(
            f"'{hub.repo}' is no hub id (org/name of letters, digits, '-', '_' and '.'), and no folder"
        ) from error


def fetch_hub(
    hub: Hub, name: Name, confirm: Callable[[str], bool] | None, say: Callable[[str], None]
) -> None:
    from huggingface_hub import HfApi, constants, snapshot_download

    revision = None if name.untrained else name.revision
    with _HubErrors(hub, name):
        files = HfApi().model_info(hub.repo, revision=revision, files_metadata=True).siblings or []
        sizes = {str(f.rfilename): int(f.size or 0) for f in files if "/" not in f.rfilename}
        if min(sizes.values(), default=0) < 0:
            raise ValueError("a file has a negative size")
        weights = {f: n for f, n in sizes.items() if f.endswith(".safetensors")}
        if ADAPTER in sizes:
            raise ReprlabError(
                f"'{hub.repo}' holds a PEFT adapter: merge it into its base model with the package peft, "
                "and give the folder of the merged weights"
            )
        pickles = [f for f in sizes if any(PurePosixPath(f).match(glob) for glob in PICKLES)]
        if not weights and not name.untrained:
            where = f"'{hub.repo}' at revision '{revision or 'main'}'"
            raise ReprlabError(
                pickle_advice(where, pickles[0]) if pickles else f"{where} holds no *.safetensors"
            )
        wanted = _wanted(name)
        total = sum(
            n for f, n in sizes.items() if any(PurePosixPath(f).match(g) for g in wanted["allow_patterns"])
        )
        enough_disk(total, Path(constants.HF_HUB_CACHE), str(name))
        _allowed(total, name, confirm)
        say(f"{name}: downloading {in_words(total)} ({hub.repo}, from the hub)")
        lines = ProgressLines(f"{name}: download", say)
        snapshot_download(hub.repo, revision=revision, tqdm_class=_bars(lines, total), **wanted)


def _bars(lines: ProgressLines, total: int) -> type:
    """The bars of the hub's library, of which the one that counts files' bytes becomes lines of progress."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *given: Any, **options: Any) -> None:
            self.counts = options.get("unit") == "B" and "transfer" not in str(options.get("name"))
            self.done = 0.0
            super().__init__(*given, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.done += n or 0
            if self.counts:
                lines.show(self.done, total)

    return Bar


def _allowed(size: int, name: Name, confirm: Callable[[str], bool] | None) -> None:
    if size > ASK_ABOVE and not (confirm and confirm(f"Download {in_words(size)} for {name}?")):
        raise ReprlabError(f"'{name}' is a download of {in_words(size)}: add --yes to begin it")


class _HubErrors:
    """Turns what the hub and its transport raise into one line that says what to set."""

    def __init__(self, hub: Hub, name: Name) -> None:
        self.hub, self.name = hub, name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from huggingface_hub import errors

        if error is None or isinstance(error, (ReprlabError, KeyboardInterrupt)):
            return
        repo = self.hub.repo
        transport = type(error).__module__.split(".")[0] in {"httpx", "httpx2", "httpcore", "requests"}
        if isinstance(error, errors.GatedRepoError):
            text = f"'{repo}' is gated: accept its licence on the hub and set HF_TOKEN"
        elif isinstance(error, errors.RevisionNotFoundError):
            text = f"'{repo}' has no revision '{self.name.revision}'"
        elif isinstance(error, errors.RepositoryNotFoundError):
            text = f"the hub has no model '{repo}', or it is private: check the name, or set HF_TOKEN"
        elif isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EACCES, errno.EROFS}:
            text = f"cannot write '{repo}' to the hub's cache: {error.strerror}; make room, or set HF_HOME"
        elif isinstance(error, errors.HfHubHTTPError):
            status = error.response.status_code
            text = f"the hub refused '{repo}' with HTTP status {status}: try later, or check HF_TOKEN"
        elif isinstance(error, OSError) or transport:
            folder = slug(self.name.base if self.name.untrained else str(self.name))
            text = (
                f"the hub cannot be reached for '{self.name}' ({repo}): check the network; or set HF_HOME to "
                f"a folder that holds its files, or put weights into <models folder>/{folder} "
                "(--models-dir or $REPRLAB_MODELS)"
                + (", and set HF_TOKEN: it is gated" if self.hub.gated else "")
            )
        elif isinstance(error, LookupError | TypeError | ValueError | AttributeError):
            said = " ".join(str(error).split())[:120]
            text = f"the hub's reply on '{repo}' is not understood ({said}): try later"
        else:
            return
        raise ReprlabError(text) from error
