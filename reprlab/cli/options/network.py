"""Which models a command takes, and how their networks are loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reprlab.cli.options.command import how, what, where
from reprlab.cli.options.pieces import separate
from reprlab.cli.terminal import confirm, possible, say, working
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import DEVICE_MAPS, DEVICES, DTYPES, expand

if TYPE_CHECKING:
    from reprlab.network.network import Network

_NAMES = "tiny-neox, a pattern 'pythia-*', a hub id org/name, a folder or a .gguf file"


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """Models by argument and by option, and how their networks are loaded."""

    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help=f"Models: {_NAMES}. Spaces separate several.")
    ] = None
    model: Annotated[
        list[str] | None,
        what("--model", help="Models by option: names or patterns; commas or repetition.", callback=separate),
    ] = None
    dtype: Annotated[str, how(help="Number type: auto (float32 on a CPU), float32, bfloat16 or float16.")] = (
        "auto"
    )
    device: Annotated[str, where(help="Where the network runs: auto, cpu, cuda or mps.")] = "auto"
    device_map: Annotated[
        str | None,
        where(help="auto, balanced, balanced_low_0 or sequential: layers on several devices. Default: one."),
    ] = None
    models_dir: Annotated[
        Path | None,
        where(
            help="Folder of weights, one folder a name. "
            "Default: $REPRLAB_MODELS, else ~/.cache/reprlab/models."
        ),
    ] = None
    trust_remote_code: Annotated[
        bool, where("--trust-remote-code", help="Run the Python that a model's folder brings.")
    ] = False
    yes: Annotated[bool, where("--yes", "-y", help="Do not ask before a large download.")] = False

    def __post_init__(self) -> None:
        for kind, name, allowed in (
            ("dtype", self.dtype, ("auto", *DTYPES)),
            ("device", self.device, DEVICES),
            ("device map", self.device_map, (None, *DEVICE_MAPS)),
        ):
            if name not in allowed:
                raise unknown(kind, str(name), [each for each in allowed if each])

    @property
    def patterns(self) -> list[str]:
        """The models given, arguments first."""
        return [*(self.models or ()), *(self.model or ())]

    def names(self, *, new_folder: bool = False) -> list[str]:
        """The names of the models given, at least one; `new_folder`: --models-dir need not be there."""
        from reprlab.models.locations import known, locate

        if not new_folder:
            self.check_models_dir()
        if "" in self.patterns:
            raise ReprlabError("a model's name is empty: `reprlab models` lists the names")
        if not self.patterns:
            raise ReprlabError("give a model, as in --model tiny-neox; `reprlab models` lists the names")
        names = expand(self.patterns, known(self.models_dir))
        possible(names, lambda name: locate(name, self.models_dir))
        return names

    def check_models_dir(self) -> None:
        """Refuse a folder of models that is not there."""
        if self.models_dir is not None and not self.models_dir.is_dir():
            raise ReprlabError(f"--models-dir '{self.models_dir}' is no folder")

    def check_layers(self, names: Sequence[str], check: Callable[[int], object]) -> None:
        """Refuse what the models' numbers of layers do not allow, as far as these are known unloaded."""
        from reprlab.models.layer_counts import layers_of

        self._check(names, layers_of, check)

    def check_widths(self, names: Sequence[str], check: Callable[[int], object]) -> None:
        """Refuse what the widths of the models' states do not allow, as far as these are known unloaded."""
        from reprlab.models.layer_counts import width_of

        self._check(names, width_of, check)

    def _check(
        self,
        names: Sequence[str],
        size_of: Callable[[str, Path | None], int | None],
        check: Callable[[int], object],
    ) -> None:
        def one(name: str) -> None:
            size = size_of(name, self.models_dir)
            if size is not None:
                check(size)

        possible(names, one)

    def load(
        self, name: str, *, dtype: str | None = None, pooled: bool = False, reports: Path | None = None
    ) -> Network:
        """The network of a name, with a word while it loads; `reports` is where its results will lie."""
        import reprlab as rl
        from reprlab.reports.homes import named

        with working(f"loading {name}"):
            network = rl.load(
                name,
                dtype=dtype or self.dtype,
                device=self.device,
                device_map=self.device_map,
                models_dir=self.models_dir,
                trust_remote_code=self.trust_remote_code,
                pooled=pooled,
                confirm=confirm(self.yes),
                say=say,
            )
        return named(network, reports, say)

    def home(self, reports: Path, name: str) -> Path:
        """The folder that holds a model's results; of a path, those of the weights that lie there."""
        from reprlab.models.locations import local_weights
        from reprlab.reports.homes import Owner, home_of

        weights = local_weights(name, self.models_dir)
        if weights is None or weights.folder is None:
            return reports / slug(name)
        return home_of(reports, Owner(model=weights.name, weights=weights.identified(say), local=True))
