"""Everything that is known at one x: values, Jacobian, constraints."""

from dataclasses import dataclass

import numpy as np

from ..._cached import cached_property
from ..._typing import Array
from ...certificate import Multipliers
from ...components import Components, Linearization, Meter
from ...constraints import Constraints, Held
from ...surrogate import Seen
from .merit import Values
from .model import Move, Rows


@dataclass(frozen=True)
class Site:
    """One point of the walk."""

    lin: Linearization
    held: Held | None

    @classmethod
    def at(cls, x: Array, components: Components, constraints: Constraints | None, meter: Meter) -> "Site":
        """The site at x; nothing is evaluated yet."""
        return cls(Linearization(components, x, meter), None if constraints is None else constraints.at(x))

    @property
    def x(self) -> Array:
        """(d,)."""
        return self.lin.x

    @cached_property
    def seen(self) -> Seen:
        """What the loop is shown."""
        seen = Seen(self.lin)
        if self.held is not None:
            seen.excess, seen.violation = self.held.excess, float(np.nan_to_num(self.held.violation, nan=np.inf))
        return seen

    @cached_property
    def values(self) -> Values:
        """f, h, e."""
        none = np.zeros(0)
        return Values(self.lin.f, *((none, none) if self.held is None else (self.held.h, self.held.e)))

    @cached_property
    def J(self) -> Array:
        """The Jacobian of the components, (n, d)."""
        return self.lin.jac(np.arange(self.lin.components.n))

    @cached_property
    def rows(self) -> Rows:
        """The constraints made linear."""
        if self.held is None:
            return Rows.none(self.x.size)
        return Rows(self.held.h, self.held.H, self.held.e, self.held.E)

    @cached_property
    def slopes(self) -> Array:
        """The Jacobians of f, h and e below each other."""
        return self.J if self.held is None else np.vstack([self.J, self.rows.H, self.rows.E])

    @property
    def finite(self) -> bool:
        """All numbers are finite: there is a model."""
        return bool(np.isfinite(self.lin.f).all() and np.isfinite(self.slopes).all())

    def corrected(self, s: Array, there: Values) -> tuple[Array, Rows]:
        """f and constraints that would make the linear model right at x + s (second-order correction)."""
        r = self.rows
        return there.f - self.J @ s, r._replace(h=there.h - r.H @ s, e=there.e - r.E @ s)

    def folded(self, rest: Array) -> Array:
        """Multipliers (λ of h, ν of e) as one number for each constraint."""
        assert self.held is not None
        return self.held.constraints.fold(*np.split(rest, [self.values.h.size]))

    def multipliers(self, move: Move) -> Multipliers:
        """Those of the domain with those of the nonlinear constraints."""
        if self.held is None:
            return move.multipliers
        return move.multipliers._replace(nonlinear=self.folded(np.concatenate([move.lam, move.nu])))
