"""Which tokens count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from reprlab.cli.options.command import how, what

if TYPE_CHECKING:
    from reprlab.similarity.policy import Policy


@dataclass(frozen=True, kw_only=True)
class TokenOptions:
    """The token policy, and the norm from which on a token is a sink."""

    tokens: Annotated[str, what(help="Which tokens count: all or no-sinks.")] = "all"
    sink_factor: Annotated[
        float, how(help="A sink's norm is above this many medians of its depth; 1 or more.")
    ] = 4.0

    @property
    def given(self) -> dict[str, Any]:
        """The arguments of a comparison."""
        return {"tokens": self.tokens, "sink_factor": self.sink_factor}

    def policy(self, **others: str) -> Policy:
        """The policy, checked."""
        from reprlab.similarity.policy import Policy

        policy = Policy(self.tokens, self.sink_factor, **others)
        policy.check()
        return policy

    @property
    def suffix(self) -> str:
        """What a file's name says of a policy that is not the usual one."""
        factor = "" if self.sink_factor == 4 else f"-{self.sink_factor:g}"
        return "" if self.tokens == "all" else f"-{self.tokens}{factor}"
