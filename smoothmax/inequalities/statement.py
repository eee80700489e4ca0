"""What a statement is: two sides that are computed separately, and what the theory says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .data import Data

Sides = tuple[float, float, bool]  # left, right, and whether the theory has them equal at these data


@dataclass(frozen=True)
class Inequality:
    """left ≤ right, or left = right, at given data.

    Attributes
    ----------
    name, formula : str
        F is τ·log Σ exp(x_i/τ), p a distribution, H its entropy.
    left, right : float
        Computed each from its own definition.
    relation : "≤" or "="
    attained : bool
        By the theory the two sides are equal at these data: always for an identity.
    equality : str
        Where they are.
    tolerance : float
        What rounding may make of a slack of zero.
    source : str
    """

    name: str
    formula: str
    left: float
    right: float
    relation: str
    attained: bool
    equality: str
    tolerance: float
    source: str

    @property
    def slack(self) -> float:
        """right − left; 0 where both are the same infinity."""
        return 0.0 if self.left == self.right else self.right - self.left

    @property
    def strict(self) -> bool:
        """By the theory left < right at these data, though the difference may be below rounding."""
        return not self.attained

    @property
    def ok(self) -> bool:
        """It holds, up to rounding; where the sides are equal by the theory, they are."""
        return abs(self.slack) <= self.tolerance if self.attained else self.slack >= -self.tolerance


@dataclass(frozen=True)
class Inequalities:
    """All of them at one x, y, p, τ and t: `ok` when all hold; `[name]` is one, `str()` a table, `to_dict()` plain."""

    tau: float
    n: int
    rows: tuple[Inequality, ...]

    @property
    def ok(self) -> bool:
        """Every one holds."""
        return all(row.ok for row in self.rows)

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Inequality:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no inequality is called {name!r}; there are {', '.join(row.name for row in self.rows)}")

    def __str__(self) -> str:
        table = [("statement", "formula", "left", "right", "slack", "")]
        for row in self.rows:
            verdict = "FAILS" if not row.ok else "=" if row.attained else "<"
            table.append(
                (row.name, row.formula, f"{row.left:.8g}", f"{row.right:.8g}", f"{max(row.slack, 0.0):.2e}", verdict)
            )
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        return "\n".join([f"n = {self.n}, tau = {self.tau:g}: {'all hold' if self.ok else 'FAILS'}", *lines])

    def to_dict(self) -> list[dict[str, Any]]:
        """One dictionary an inequality: its attributes with `slack`, `strict` and `ok`."""
        return [{**vars(row), "slack": row.slack, "strict": row.strict, "ok": row.ok} for row in self.rows]


class Statement:
    """A statement before it meets data."""

    def __init__(self, name: str, formula: str, equality: str, source: str, of: str, sides: Callable[[Data], Sides]):
        self.name, self.formula, self.equality, self.source = name, formula, equality, source
        self.of, self.sides = of, sides

    def at(self, data: Data) -> Inequality:
        """Both sides at the data."""
        left, right, attained = self.sides(data)
        relation = "=" if self.equality == ALWAYS else "≤"
        tolerance = data.rounding(self.of)
        sides = float(left), float(right)
        return Inequality(
            self.name, self.formula, *sides, relation, bool(attained), self.equality, tolerance, self.source
        )


ALWAYS = "always"
STATEMENTS: list[Statement] = []


def states(
    name: str, formula: str, equality: str, source: str, of: str = "x"
) -> Callable[[Callable[[Data], Sides]], Callable[[Data], Sides]]:
    """Enter a function of the data in the list; `of` says what its rounding is in proportion to."""

    def enter(sides: Callable[[Data], Sides]) -> Callable[[Data], Sides]:
        STATEMENTS.append(Statement(name, formula, equality, source, of, sides))
        return sides

    return enter


BOYD = "Boyd and Vandenberghe, Convex Optimization, 2004, section 3.1.5"
ENTROPY = "Boyd and Vandenberghe, Convex Optimization, 2004, example 3.25"
DEFINITION = "by the definition of F"
