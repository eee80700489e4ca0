"""Products of domains:  X = X_1 × … × X_k, each over its own consecutive block of the variables."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from .._cached import cached_property
from .._typing import Array, Matrix
from .base import Domain, Linear, moved, same_size
from .blocks import joined
from .walled import Walled, walls_of

OPTIONAL = (
    "reach",
    "miss",
    "missed",
    "recedes",
    "normal",
    "prices",
)  # what a factor may lack, and then the product does


class Product:
    """{(x_1, …, x_k) : x_i ∈ X_i}: everything is asked block by block.

    The factors are anything that may stand where a domain does and knows its number of variables: the library's own,
    scipy Bounds and LinearConstraint, a user's. What one of them cannot do the product cannot; factors that are
    products themselves are taken apart.

    Parameters
    ----------
    factors : sequence of domains
        In the order of their variables.

    Raises
    ------
    TypeError, ValueError
        No sequence, no factor at all, something that is no domain.
    """

    def __init__(self, factors: Iterable[Any]) -> None:
        self.factors: tuple[Domain, ...] = tuple(_factors(factors))
        ends = np.cumsum([factor.d for factor in self.factors])
        self.blocks = tuple(slice(int(end) - f.d, int(end)) for f, end in zip(self.factors, ends))
        self.d = int(ends[-1])
        self.projects = all(getattr(factor, "projects", True) for factor in self.factors)
        self.separable = all(getattr(factor, "separable", False) for factor in self.factors)
        for name in OPTIONAL:
            if not all(callable(getattr(factor, name, None)) for factor in self.factors):
                setattr(self, name, None)

    def __repr__(self) -> str:
        some = [repr(factor) for factor in self.factors[:3]]
        more = [] if len(self.factors) <= 3 else [f"… {len(self.factors)} factors"]
        return f"Product([{', '.join(some + more)}])"

    @property
    def bounded(self) -> bool:
        """Every factor is; an AttributeError where one of them does not say."""
        return all(factor.bounded for factor in self.factors)  # type: ignore[attr-defined]

    def start(self) -> Array:
        """The factors' starts."""
        return np.concatenate([factor.start() for factor in self.factors])  # type: ignore[attr-defined]

    def project(self, x: ArrayLike) -> Array:
        """Each block by itself, since ‖x − y‖² = Σ ‖x_i − y_i‖²."""
        return np.concatenate([f.project(v) for f, v in self._split(x)])

    def moved(self, x: Array) -> Array:
        """The same, each factor of the user's looked at on the way."""
        return np.concatenate([moved(f, v) for f, v in self._split(x)])

    def contains(self, x: ArrayLike, tol: float = 1e-9) -> bool:
        """Every block lies in its factor."""
        return all(f.contains(v, tol) for f, v in self._split(x))

    def lmo(self, c: ArrayLike) -> Array:
        """Each block by itself, since ⟨c, y⟩ = Σ ⟨c_i, y_i⟩."""
        return np.concatenate([f.lmo(v) for f, v in self._split(c, "c")])

    def prices(self, c: Array) -> tuple[Array, Array]:
        """Of each block."""
        ub, eq = zip(*(f.prices(c[s]) for f, s in self._pairs()))
        return np.concatenate(ub), np.concatenate(eq)

    def parts(self, c: Array) -> Matrix:
        """lmo(c) as a sum of one row for each factor, sparse, (k, d)."""
        y = [np.asarray(f.lmo(v), dtype=np.float64) for f, v in self._split(c, "c")]
        ends = np.cumsum([0, *(v.size for v in y)])
        rows = sp.csr_array((np.concatenate(y), np.arange(self.d), ends), (len(y), self.d))
        rows.eliminate_zeros()
        return rows

    def linear(self) -> Linear | None:
        """The factors' descriptions with their rows block by block; None where a factor has none."""
        return self._linear

    @cached_property
    def _linear(self) -> Linear | None:
        walls = self.walls()
        return None if walls is None or walls.spheres else walls.linear

    def walls(self) -> Walled | None:
        """The factors' linear descriptions and spheres; None where a factor has neither."""
        return self._walls

    @cached_property
    def _walls(self) -> Walled | None:
        found = [walls for walls in map(walls_of, self.factors) if walls is not None]
        if len(found) < len(self.factors):
            return None
        spheres = [one.moved(s.start) for walls, s in zip(found, self.blocks) for one in walls.spheres]
        return Walled(joined([walls.linear for walls in found]), tuple(spheres))

    def reach(self, err: Array, x: Array) -> float:
        """Σ over the blocks."""
        return float(sum(f.reach(err[s], x[s]) for f, s in self._pairs()))

    def miss(self, x: Array) -> Array:
        """Of each block."""
        return self.missed(x)[0]

    def missed(self, x: Array) -> tuple[Array, bool]:
        """Of each block, and whether all are sure."""
        found = [f.missed(x[s]) for f, s in self._pairs()]
        return np.concatenate([off for off, _ in found]), all(sure for _, sure in found)

    def recedes(self, v: Array) -> bool:
        """v ≠ 0, and each block that is not zero is a ray of its factor."""
        return bool(np.any(v)) and all(f.recedes(v[s]) for f, s in self._pairs() if np.any(v[s]))

    def normal(self, x: Array, c: Array) -> Array:
        """Of each block."""
        return np.concatenate([f.normal(x[s], c[s]) for f, s in self._pairs()])

    def _pairs(self) -> Iterable[tuple[Any, slice]]:
        return zip(self.factors, self.blocks)

    def _split(self, x: ArrayLike, name: str = "x") -> Iterable[tuple[Domain, Array]]:
        x = same_size(x, self.d, name)
        return [(f, x[s]) for f, s in zip(self.factors, self.blocks)]


def _factors(given: Any) -> Iterable[Domain]:
    """The factors as domains, products taken apart."""
    from .coerce import as_domain  # which knows Product

    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"factors must be a sequence of domains; got {type(given).__name__}")
    found: list[Domain] = []
    for k, factor in enumerate(given):
        if factor is None:
            raise TypeError(f"factors[{k}] must be a domain; got None (write Free(d) for d free variables)")
        try:
            domain = as_domain(factor, None)
        except (TypeError, ValueError) as trouble:
            raise type(trouble)(f"factors[{k}]: {trouble}") from None
        found.extend(domain.factors if isinstance(domain, Product) else [domain])
    if not found:
        raise ValueError("factors must hold at least one domain; it is empty")
    return found
