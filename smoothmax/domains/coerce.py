"""Everything that may stand where a domain is expected, as a domain."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

from .. import _doors
from .base import Domain, Set
from .boxes import Box, Free
from .oracle import Oracle
from .own import Own
from .polyhedron import Polyhedron
from .product import Product

VERBS = ("d", "project", "contains", "lmo")


def as_domain(domain: Any, d: int | None, name: str = "domain") -> Domain:
    """`domain` as a Domain: None is Free(d); scipy Bounds and LinearConstraint are taken as they are meant.

    `name` is what it is called where it is refused. An object that only has `lmo` stands for the set it minimizes over.

    Raises
    ------
    TypeError, ValueError
        Something that is no domain, or one with another number of variables than d.
    """
    _doors.no_class(name, domain)
    if domain is None:
        if d is None:
            raise ValueError(f"{name}: the number of variables is not known: give a domain, or d (Smooth(…, d=…))")
        return Free(d)
    if isinstance(domain, Bounds):
        lb, ub = np.asarray(domain.lb), np.asarray(domain.ub)
        if d is not None and lb.size == ub.size == 1:
            lb, ub = np.broadcast_to(lb.ravel(), d), np.broadcast_to(ub.ravel(), d)
        with _doors.about(name):
            domain = Box(lb, ub)
    elif isinstance(domain, LinearConstraint):
        with _doors.about(name):
            domain = polyhedron([domain], None)
    elif callable(getattr(domain, "lmo", None)) and not isinstance(domain, Domain):
        domain = Oracle(domain, d)
    elif not isinstance(domain, Domain):
        lacking = [verb for verb in VERBS if not hasattr(domain, verb)]
        half = f", which lacks {' and '.join(lacking)}" if len(lacking) < len(VERBS) else ""
        raise TypeError(
            f"{name} must be a Domain (Free, Box, Simplex, Ball, Polyhedron, Product, an object with lmo(c), or one "
            f"with d, project, contains and lmo), scipy Bounds or LinearConstraint; got {type(domain).__name__}{half}"
        )
    found = _plain(_guarded(domain))
    if d is not None and found.d != d:
        raise ValueError(f"{name} must have d = {d} variables like the components; it has {found.d}")
    return found


def _guarded(domain: Domain) -> Domain:
    """A user's own domain behind a guard; the library's as they are."""
    ours = isinstance(domain, Set | Product | Oracle | Own)
    return domain if ours else Own(domain)


def _plain(domain: Domain) -> Domain:
    """The one factor of a product, the box that a product of boxes is; every other domain itself."""
    if not isinstance(domain, Product):
        return domain
    if len(domain.factors) == 1:
        return domain.factors[0]
    boxes = [factor for factor in domain.factors if isinstance(factor, Box)]
    if len(boxes) < len(domain.factors):
        return domain
    return Box(np.concatenate([box.lb for box in boxes]), np.concatenate([box.ub for box in boxes]))


def intersect(domain: Domain, constraints: Any) -> Domain:
    """X ∩ {lb ≤ A x ≤ ub} for scipy LinearConstraints.

    Raises
    ------
    TypeError
        A constraint that is not linear, or a domain without a linear description.
    """
    one = isinstance(constraints, LinearConstraint) or not isinstance(constraints, Iterable)
    items = [constraints] if one else list(constraints)
    for item in items:
        if not isinstance(item, LinearConstraint):
            raise TypeError(f"constraints must be scipy LinearConstraint objects; got {type(item).__name__}")
    if not items:
        return domain
    linear = getattr(domain, "linear", lambda: None)()
    if linear is None:
        raise TypeError(f"linear constraints cannot be added to {domain!r}, which has no linear description")
    with _doors.about("constraints"):
        return polyhedron(items, linear)


def polyhedron(items: list[LinearConstraint], linear: Any) -> Polyhedron:
    """One polyhedron from two-sided rows and a linear description to start from."""
    ub_rows: list[Any] = [] if linear is None or linear.A_ub is None else [(linear.A_ub, linear.b_ub)]
    eq_rows: list[Any] = [] if linear is None or linear.A_eq is None else [(linear.A_eq, linear.b_eq)]
    d = np.shape(items[0].A)[-1] if linear is None else linear.lb.size
    for item in items:
        A = np.atleast_2d(item.A.toarray() if hasattr(item.A, "toarray") else np.asarray(item.A, np.float64))
        if A.shape[1] != d:
            raise ValueError(f"constraints must have rows of {d} entries, one a variable; one has shape {A.shape}")
        lb, ub = (np.broadcast_to(np.asarray(side, np.float64), A.shape[:1]) for side in (item.lb, item.ub))
        if not np.all(lb <= ub):
            raise ValueError("constraints are inconsistent: a LinearConstraint has lb > ub")
        equal = lb == ub
        eq_rows.append((A[equal], ub[equal]))
        ub_rows.append((A[~equal & np.isfinite(ub)], ub[~equal & np.isfinite(ub)]))
        ub_rows.append((-A[~equal & np.isfinite(lb)], -lb[~equal & np.isfinite(lb)]))
    bounds = (np.full(d, -np.inf), np.full(d, np.inf)) if linear is None else (linear.lb, linear.ub)
    return Polyhedron(*_pile(ub_rows), *_pile(eq_rows), bounds=bounds)


def _pile(parts: list[Any]) -> tuple[Any, Any]:
    dense = [(A.toarray() if hasattr(A, "toarray") else A, b) for A, b in parts if len(b)]
    if not dense:
        return None, None
    return np.vstack([A for A, _ in dense]), np.concatenate([b for _, b in dense])


def from_pairs(bounds: Any, d: int) -> Any:
    """SciPy's other form of bounds, a sequence of d pairs (low, high) with None for open ends, as Bounds; what has no
    entries as it is, for `as_domain`.

    Raises
    ------
    TypeError, ValueError
        Not d pairs of numbers.
    """
    if not isinstance(bounds, Iterable) or callable(getattr(bounds, "lmo", None)):
        return bounds
    if hasattr(bounds, "__array__"):  # entries of other libraries' arrays are arrays
        bounds = np.asanyarray(bounds)
    try:
        pairs = [(low, high) for low, high in bounds]
    except (TypeError, ValueError):
        raise ValueError(f"bounds must be scipy Bounds or {d} pairs (low, high); got {bounds!r}") from None
    if len(pairs) != d:
        raise ValueError(f"bounds must be {d} pairs (low, high), one a variable; got {len(pairs)}")
    lb = [-np.inf if low is None else _doors.number(f"bounds[{j}][0]", low) for j, (low, _) in enumerate(pairs)]
    ub = [np.inf if high is None else _doors.number(f"bounds[{j}][1]", high) for j, (_, high) in enumerate(pairs)]
    return Bounds(lb, ub)
