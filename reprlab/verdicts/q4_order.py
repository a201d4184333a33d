"""Question 4: whether the order of the layers matters."""

from __future__ import annotations

from dataclasses import replace

from reprlab.verdicts.q4_tau import LABEL, chance, slope
from reprlab.verdicts.rules import ALPHA, asked, difference
from reprlab.verdicts.values import CONTRADICTED, SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.view import View, all_of, compared


def order(view: View) -> tuple[Finding, ...]:
    """Question 4. h: full above both orders, both above skip; b: random - reverse; c: by Kendall's tau."""
    return (*_curves(view), asked("c", LABEL, lambda: _by_tau(view)))


def sure_order(view: View) -> tuple[Finding, ...]:
    """Question 4 by version 2: shuffled orders are asked whichever way the slope goes."""
    return (*_curves(view), asked("c", LABEL, lambda: _surely_by_tau(view)))


def _curves(view: View) -> tuple[Finding, ...]:
    pairs = [("full", "reverse"), ("full", "random"), ("reverse", "skip"), ("random", "skip")]
    return (all_of(view, "h", pairs), compared(view, "b", "random", "reverse"))


def _by_tau(view: View) -> Finding:
    """The slope on Kendall's tau; supported only where shuffled orders seldom have as large a one."""
    finding, p = difference("c", slope(view), view.margin), chance(view)
    if finding.answer == SUPPORTED and p > ALPHA:
        return replace(finding, answer=UNDECIDED, reason="orders by chance", detail=f"p = {p:.2g}", p=p)
    return finding


def _surely_by_tau(view: View) -> Finding:
    """The slope on Kendall's tau; a sure sign only where shuffled orders seldom have as large a slope."""
    finding, p = view.decisions.difference("c", slope(view), view.margin), chance(view)
    if finding.answer not in {SUPPORTED, CONTRADICTED}:
        return finding
    if p > ALPHA:
        return replace(finding, answer=UNDECIDED, reason="orders by chance", detail=f"p = {p:.2g}", p=p)
    return replace(finding, p=max(p, finding.p))
