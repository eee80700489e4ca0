"""The linear program behind affine components, with a hot basis: rows are added where they are violated.

    min s   subject to   J_i v − s ≤ −r_i,   v ∈ (X − c)/unit,         f_i(x) = scale·(r_i + J_i v),   x = c + unit∘v

Everything is measured from a centre c that smoothing has found and in units of what is left to decide there, so that
HiGHS's absolute tolerances are relative to the gap. The first basis is read off the weights: the heaviest rows are
active. The only place that speaks to highspy (Huangfu and Hall 2018); it is loaded when first needed.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._linalg import all_finite
from .._typing import Array, Matrix
from ..certificate import Multipliers
from ..domains import Linear

TOLERANCE = 1e-10  # the least that HiGHS takes


class Vertex(NamedTuple):
    """An optimum of the program: x, the weights of its rows in the order of adding, and multipliers of the domain."""

    x: Array
    weights: Array
    multipliers: Multipliers


def available() -> bool:
    """highspy is installed, and can be loaded."""
    try:
        import_module("highspy")
    except ImportError:
        return False
    return True


class Epigraph:
    """min over x ∈ X of max_i f_i over rows that can be added, from a basis that stays hot."""

    def __init__(self, linear: Linear, center: Array, unit: Array, scale: float) -> None:
        self.highspy: Any = import_module("highspy")
        self.linear, self.center, self.unit, self.scale = linear, center, unit, scale
        self.d, self.count = center.size, 0
        self.top = center.size  # the column of s
        self.h = self.highspy.Highs()
        self.sound = True  # HiGHS has taken everything; it refuses numbers from 1e15 on
        self._ask("setOptionValue", "output_flag", False)
        self._ask("setOptionValue", "presolve", "off")
        self._ask("setOptionValue", "threads", 1)
        self._ask("setOptionValue", "primal_feasibility_tolerance", TOLERANCE)
        self._ask("setOptionValue", "dual_feasibility_tolerance", TOLERANCE)
        self.infinity = self.highspy.kHighsInf
        lower = np.append((linear.lb - center) / unit, -np.inf)
        upper = np.append((linear.ub - center) / unit, np.inf)
        none = np.zeros(0, np.int32)
        cost = np.append(np.zeros(self.d), 1.0)
        self._ask("addCols", self.d + 1, cost, self._finite(lower), self._finite(upper), 0, none, none, np.zeros(0))
        self.fixed = 0
        for A, b, least in ((linear.A_ub, linear.b_ub, -np.inf), (linear.A_eq, linear.b_eq, 0.0)):
            if A is not None and b is not None:
                room = b - A @ center
                self._rows(sp.csr_array(A) * unit, None, room + least, room)
                self.fixed += b.size

    def add(self, J: Matrix, f: Array) -> None:
        """Components with Jacobian rows J (k, d) and values f (k,) at the centre."""
        unit = self.unit / self.scale
        scaled = J.multiply(unit).tocsr() if sp.issparse(J) else J * unit
        self._rows(scaled, -1.0, np.full(f.size, -np.inf), -f / self.scale)
        self.count += f.size

    def widen(self, linear: Linear, J: Matrix) -> None:
        """More variables, in units of their own from zero on: X is now `linear`, the first d variables as they were.

        J (count, k) is the Jacobian of all rows so far along the k new ones.
        """
        new = np.arange(self.d, linear.lb.size)
        rows = [A[:, new] for A in (linear.A_ub, linear.A_eq) if A is not None]
        full = sp.csc_array(sp.vstack([*map(sp.csr_array, rows), sp.csr_array(J) / self.scale]))
        lower, upper, none = self._finite(linear.lb[new]), self._finite(linear.ub[new]), np.zeros(new.size)
        starts, indices = full.indptr[:-1].astype(np.int32), full.indices.astype(np.int32)
        self._ask("addCols", new.size, none, lower, upper, full.data.size, starts, indices, full.data)
        self.linear, self.d = linear, linear.lb.size
        self.center, self.unit = np.append(self.center, none), np.append(self.unit, none + 1.0)

    def begin(self, weights: Array, multipliers: Multipliers | None) -> None:
        """The basis in which the heaviest rows and the bounds with the largest multipliers are active."""
        K = self.highspy.HighsBasisStatus
        columns, rows = [K.kBasic] * (self.d + 1), [K.kBasic] * (self.fixed + self.count)
        share = [weights / (weights.max() or 1.0)]
        m = multipliers
        bounds = np.zeros(2 * self.d) if m is None else np.concatenate([m.lower, m.upper])
        outer = np.zeros(self.fixed) if m is None else np.concatenate([m.ub, np.abs(m.eq)])
        if m is not None and m.eq.size:
            outer[-m.eq.size :] = np.inf  # equalities are always active
        for part in (bounds, outer):
            share.append(part / (part[np.isfinite(part)].max(initial=0.0) or 1.0))
        order = np.argsort(-np.concatenate(share), kind="stable")[: self.d + 1]
        for i in order:
            if i < self.count:
                rows[self.fixed + i] = K.kUpper
            elif i < self.count + 2 * self.d:
                j = (i - self.count) % self.d
                if np.isfinite((self.linear.lb if i - self.count < self.d else self.linear.ub)[j]):
                    columns[j] = K.kLower if i - self.count < self.d else K.kUpper
            else:
                rows[i - self.count - 2 * self.d] = K.kUpper
        basis = self.highspy.HighsBasis()
        basis.col_status, basis.row_status, basis.valid, basis.alien = columns, rows, True, True
        self._ask("setBasis", basis)

    def solve(self, seconds: float = np.inf) -> Vertex | None:
        """The optimum; None where HiGHS does not find one (unbounded, out of time, too large numbers, any failure)."""
        if self.sound and np.isfinite(seconds):
            run_time = self._ask("getRunTime")
            self._ask("setOptionValue", "time_limit", (run_time or 0.0) + max(seconds, 0.0))
        if not self.sound:
            return None
        self._ask("run")
        if self._ask("getModelStatus") != self.highspy.HighsModelStatus.kOptimal:
            return None
        vertex: Vertex | None = self._sure(self._vertex, self._ask("getSolution"))
        return vertex

    def _vertex(self, found: Any) -> Vertex | None:
        """What HiGHS calls optimal; None where it is no numbers."""
        v = np.delete(np.asarray(found.col_value), self.top)
        p = np.maximum(-np.asarray(found.row_dual)[self.fixed :], 0.0)
        m = self._multipliers(found, float(p.sum()) or 1.0)
        if v.shape != (self.d,) or p.shape != (self.count,) or not p.any():
            return None
        if not all_finite(v, p, *m):
            return None
        x = np.clip(self.center + self.unit * v, self.linear.lb, self.linear.ub)
        return Vertex(x, p / p.sum(), m)

    def _multipliers(self, found: Any, total: float) -> Multipliers:
        """Reduced costs and row duals in the units of f per unit of x."""
        price = np.delete(np.asarray(found.col_dual), self.top) * self.scale / self.unit / total
        rows = -np.asarray(found.row_dual)[: self.fixed] * self.scale / total
        k = 0 if self.linear.b_ub is None else self.linear.b_ub.size
        return Multipliers(np.maximum(rows[:k], 0.0), rows[k:], np.maximum(price, 0.0), np.maximum(-price, 0.0))

    def _rows(self, A: Matrix, last: float | None, lower: Array, upper: Array) -> None:
        """Append rows lower ≤ A v + last·s ≤ upper."""
        k = upper.size
        s = 0.0 if last is None else last
        if sp.issparse(A):
            A = sp.csr_array(A)  # before SciPy 1.16 the coordinates that products leave cannot be sliced
            full = sp.csr_array(sp.hstack([A[:, : self.top], np.full((k, 1), s), A[:, self.top :]]))
            starts, indices, data = full.indptr[:-1], full.indices, full.data
        else:
            full = np.insert(A, self.top, s, axis=1)
            starts = np.arange(k) * full.shape[1]
            indices, data = np.tile(np.arange(full.shape[1]), k), full.ravel()
        starts, indices = starts.astype(np.int32), indices.astype(np.int32)
        lower, upper = self._finite(lower), self._finite(upper)
        data = np.ascontiguousarray(data, dtype=np.float64)
        self._ask("addRows", k, lower, upper, data.size, starts, indices, data)

    def _ask(self, verb: str, *arguments: Any) -> Any:
        """HiGHS's answer; what it refuses, or fails at, makes all that follows unsound."""
        answer = self._sure(getattr(self.h, verb), *arguments)
        self.sound &= answer is None or answer != self.highspy.HighsStatus.kError
        return answer

    def _sure(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """The call's value; None where it fails."""
        try:
            return call(*arguments)
        except MemoryError:
            raise
        except Exception:  # of a solver anything may be expected
            self.sound = False
            return None

    def _finite(self, bound: Array) -> Array:
        return np.clip(bound, -self.infinity, self.infinity)
