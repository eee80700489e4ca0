"""The linearized equations of the central path, reduced to the sides of x and of the rows of A.

    ds = (c_s − s∘dp)/p,     dz = (c_y − z∘dx)/y,     dy' = −dx,     dz' = (c_u − z'∘dy')/y'

    A dx − dp/Σ − dt·1 = r_f − c_s/p,      Θ dx + Aᵀdp + dν·1 = r_x + c_y/y − c_u/y',      Σ = p/s,  Θ = z/y + z'/y'

Of two signed copies of a row only q = dp⁺ − dp⁻ is left (see `fold`). Either side may be the kept one of `normal`.
"""

from typing import NamedTuple

import numpy as np

from ..._typing import Array
from ...components import Meter
from .iterate import Game, Iterate, Residuals
from .normal import Diagonals, Factor

WRONG = 1e-3  # of the gap: residuals above it come from the factorization, and its solutions are refined


class Right(NamedTuple):
    """The right side of the reduced equations, or their solution (dx, dν, q, dt)."""

    x: Array
    sum_x: float
    rows: Array
    sum_p: float


class Newton:
    """The equations at an iterate, factorized once."""

    def __init__(self, game: Game, it: Iterate, res: Residuals, meter: Meter) -> None:
        self.game, self.it, self.res, self.meter = game, it, res, meter
        meter.spend(2.0)
        self.sigma = it.p / it.s
        self.theta = it.z / it.y if game.width is None else it.z / it.y + it.zup / it.up
        self.w = game.rows.total(self.sigma)
        self.c = game.rows.fold(self.sigma) / self.w
        self.eta = float(self.w @ ((1.0 - self.c) * (1.0 + self.c))) if game.rows.absolute else 0.0
        self.ones = np.ones(game.d) if game.width is None else None
        self.kept_x = not game.gram.transposed
        if self.kept_x:
            D = Diagonals(self.theta, self.w, self.ones, 0.0, self.c, self.eta)
        else:
            D = Diagonals(1.0 / self.w, 1.0 / self.theta, self.c, self.eta, self.ones, 0.0)
        self.factor = Factor(game.gram, D)
        self.refined = res.largest > WRONG * float(it.products.sum())

    def direction(self, target: Array) -> Iterate:
        """The direction along which the linearized complementary products change by `target`."""
        it, res, rows = self.it, self.res, self.game.rows
        cs, cy, cu = np.split(target, [it.p.size, it.p.size + it.y.size])
        r = res.f - cs / it.p
        dx, dnu, q, dt = self._reduced(self._right(r, res.x + cy / it.y, cu))
        slope = q / self.w + self.c * dt + rows.fold(self.sigma * r) / self.w  # A dx
        dp = self.sigma * (rows.both(slope) - dt - r)
        ds, dz = (cs - it.s * dp) / it.p, (cy - it.z * dx) / it.y
        if self.game.width is None:
            return Iterate(dx, it.up, dt, ds, dp, dnu, dz, it.zup)
        dup = res.up - dx
        return Iterate(dx, dup, dt, ds, dp, dnu, dz, (cu - it.zup * dup) / it.up)

    def _right(self, r: Array, x: Array, cu: Array) -> Right:
        it, res, rows = self.it, self.res, self.game.rows
        if self.game.width is not None:
            x = x - (cu - it.zup * res.up) / it.up
        weighted = self.sigma * r
        folded = rows.fold(weighted) / self.w
        rest = float(np.sum(rows.total(weighted) - self.w * self.c * folded)) if rows.absolute else 0.0
        return Right(x, res.sum_x, folded, res.sum_p + rest)

    def _reduced(self, right: Right) -> Right:
        """The solution, refined once where the factorization has shown its rounding."""
        found = self._solve(right)
        if not self.refined:
            return found
        self.meter.spend(2.0)
        A, scale, (dx, dnu, q, dt) = self.game.rows.A, self.game.scale, found
        more = self._solve(
            Right(
                right.x - self.theta * dx - scale * np.asarray(A.T @ q) - (0.0 if self.ones is None else dnu),
                0.0 if self.ones is None else right.sum_x - float(dx.sum()),
                right.rows - (scale * np.asarray(A @ dx) - q / self.w - self.c * dt),
                right.sum_p - (float(self.c @ q) - self.eta * dt),
            )
        )
        return Right(dx + more.x, dnu + more.sum_x, q + more.rows, dt + more.sum_p)

    def _solve(self, right: Right) -> Right:
        self.meter.spend(2.0)
        if self.kept_x:
            dx, dnu, q, minus = self.factor.solve(*right)
            return Right(dx, dnu, q, -minus)
        q, dt, minus_x, dnu = self.factor.solve(-right.rows, right.sum_p, right.x, -right.sum_x)
        return Right(-minus_x, dnu, q, dt)
