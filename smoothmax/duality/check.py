"""Identities held against numbers: a value by some route, what it should be, and how far off it may be."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..regularizers import Regularizer

EPS = float(np.finfo(float).eps)
ROUTE = {"CLARABEL": 1e-7, "SCS": 1e-4}  # what a solver's value is trusted to, relative to the scale of the problem


@dataclass(frozen=True)
class Check:
    """One identity: `value` by `route` against `expected`, which are equal up to `tolerance`.

    `scale` is the size of what is added up on both sides, in their unit (1 for weights).
    """

    identity: str
    route: str
    value: float
    expected: float
    tolerance: float
    scale: float = 1.0

    @property
    def error(self) -> float:
        """|value − expected|; 0 where both are the same infinity."""
        return 0.0 if self.value == self.expected else abs(self.value - self.expected)

    @property
    def residual(self) -> float:
        """The error in units of `scale`."""
        return self.error / self.scale

    @property
    def ok(self) -> bool:
        """Within the tolerance (never for nan)."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Duality:
    """The checks at one temperature: `ok` when all hold, `str()` is a table, `to_dict()` plain numbers and lists."""

    tau: float
    regularizer: Regularizer
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Every check holds."""
        return all(check.ok for check in self.checks)

    def __str__(self) -> str:
        rows = [("identity", "by", "value", "expected", "error", "tolerance", "")]
        for c in self.checks:
            numbers = (f"{c.value:.12g}", f"{c.expected:.12g}", f"{c.error:.1e}", f"{c.tolerance:.1e}")
            rows.append((c.identity, c.route, *numbers, "ok" if c.ok else "FAILS"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join(
            [f"Duality of {self.regularizer!r} at tau = {self.tau:g}: {'ok' if self.ok else 'FAILS'}", *lines]
        )

    def to_dict(self) -> dict[str, Any]:
        """Every field; arrays as lists, checks as dictionaries with `error` and `ok`."""
        plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}
        checks = [{**vars(check), "error": check.error, "ok": check.ok} for check in self.checks]
        return {**plain, "regularizer": repr(self.regularizer), "checks": checks, "ok": self.ok}
