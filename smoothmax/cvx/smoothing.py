"""Any DCP problem with its maxima smoothed, and a proven bound on what that changes.

Conservative surrogates lie above each max and below each min. In a DCP problem a max stands only where larger is worse,
and a min where smaller is worse (its composition rules say just that), so no value gets better and no constraint
looser; for the optimistic ones it is the other way round (Nesterov 2005; Beck and Teboulle 2012).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import cvxpy as cp
import numpy as np

from .. import _doors
from .bound import Bound, bound_of
from .doors import check_parameters, check_problem, check_solver, temperature, temperature_now
from .errors import shortened
from .rewrites import EXACT, REWRITES, Rewritten, names_of, refusal
from .solving import attempt, clear

SIDES = {"conservative": 0.0, "center": 0.5, "optimistic": 1.0}  # the share of the excess that is taken off


@dataclass(frozen=True)
class Replacement:
    """One atom and what stands in its place; |surrogate − atom| ≤ `bound` entry by entry, at equal arguments.

    Attributes
    ----------
    atom, surrogate : str
        As cvxpy prints them.
    per_tau : float
        The bound per unit of τ.
    tau : float or cvxpy.Parameter
    """

    atom: str
    surrogate: str
    per_tau: float
    tau: Any = field(repr=False)

    @property
    def bound(self) -> float:
        """At the present τ."""
        return self.per_tau * temperature_now(self.tau)

    def __str__(self) -> str:
        return f"{shortened(self.atom)}  ->  {shortened(self.surrogate)}, within {self.per_tau:.4g}*tau"


@dataclass(frozen=True)
class Kept:
    """An atom with kinks that was left exact, and why.

    Attributes
    ----------
    atom, reason : str
    """

    atom: str
    reason: str

    def __str__(self) -> str:
        return f"{shortened(self.atom)}  kept: {self.reason}"


@dataclass(frozen=True)
class Smoothing:
    """A smoothed problem in the variables of the original one.

    Attributes
    ----------
    problem : cvxpy.Problem
        Solving it sets the user's variables, so that `original.objective.value` is the true value there.
    replaced : tuple of Replacement
    kept : tuple of Kept
        Atoms with kinks that were left exact.
    original, side, tau
    """

    problem: cp.Problem
    replaced: tuple[Replacement, ...]
    kept: tuple[Kept, ...]
    original: cp.Problem = field(repr=False)
    side: str
    tau: Any
    rewritten: dict[int, Rewritten] = field(repr=False)
    loose: str | None = field(repr=False)  # a constraint that was smoothed

    @property
    def error_bound(self) -> float:
        """B with |p*_τ − p*| ≤ B at the present τ, known before any solve; inf where there is none (see `reason`)."""
        return self._bound().value

    @property
    def reason(self) -> str:
        """Why `error_bound` is what it is."""
        return self._bound().reason

    def solve(self, solver: str | None = None, **solver_options: Any) -> float:
        """Solve the smoothed problem with more patience than `problem.solve()`, and return its value.

        Without a solver's name Clarabel, with shorter steps where its long ones break down. Sets the variables, and the
        status and value of `problem`.

        Raises
        ------
        cvxpy.error.SolverError
            No trustworthy answer.
        """
        check_parameters(self.problem)
        temperature_now(self.tau)
        found = attempt(self.problem, check_solver(solver), **solver_options)
        if found.status in (cp.INFEASIBLE, cp.UNBOUNDED) or found.usable:
            return float(self.problem.value)
        clear(self.problem)
        raise cp.error.SolverError(
            f"no trustworthy answer ({found.status}); try another tau, solver, or scale of the data"
        )

    def _bound(self) -> Bound:
        tau = temperature_now(self.tau)
        check_parameters(self.original)
        if self.loose is not None:
            return Bound(np.inf, f"{self.loose} is smoothed, which moves the feasible set; use cvx.bracket")
        return bound_of(self.original.objective.expr, self.rewritten, tau)

    def __str__(self) -> str:
        try:
            bound = f"{self.error_bound:.6g} ({self.reason})"
        except cp.error.ParameterError:
            bound = "not known before all parameters have values"
        head = f"{self.side} smoothing, tau = {self.tau if self.tau.value is None else self.tau.value}"
        return "\n".join([head, f"error bound {bound}", *map(str, self.replaced), *map(str, self.kept)])


def smooth(problem: Any, tau: Any, *, side: str = "conservative", atoms: Iterable[Any] | None = None) -> Smoothing:
    """Replace every piecewise-linear max by τ·log Σ exp(·/τ), in objective and constraints, nested ones too.

    Parameters
    ----------
    problem : cvxpy.Problem
        DCP.
    tau : float or scalar cvxpy.Parameter
        Temperature τ > 0 in the units of the expressions under the atoms. With a Parameter the smoothed problem is DPP:
        it is compiled once for all its values.
    side : "conservative" | "optimistic" | "center"
        No value better than the true one, and every feasible point feasible for the original; the other way round; or
        the least error.
    atoms : iterable, optional
        Which atoms, by name or as cvxpy offers them: max, maximum, norm_inf, abs, norm1, pos, neg, min, minimum,
        sum_largest, sum_smallest, dotsort, cummax. All by default.

    Returns
    -------
    Smoothing
        A DCP problem in the same variables, with a bound on what that changed.

    Raises
    ------
    cvxpy.error.DCPError
        The problem is not DCP.
    TypeError, ValueError
        Bad arguments, named; an atom without exponential-cone surrogate among `atoms`.
    """
    check_problem(problem, values=False)
    _doors.one_of("side", side, tuple(SIDES))
    tree = _Tree(temperature(tau), SIDES[side], _wanted(atoms))
    objective = problem.objective.copy([tree.rewrite(problem.objective.expr)])
    constraints = [tree.constraint(one) for one in problem.constraints]
    found = cp.Problem(objective, constraints)
    if not found.is_dcp():
        raise cp.error.DCPError(f"the smoothed problem would not be DCP; leave some of {tree.replaced} out of atoms=")
    moved = [a for a, b in zip(problem.constraints, constraints, strict=True) if a is not b]
    loose = f"the constraint {shortened(str(moved[0]))}" if moved else None
    return Smoothing(found, tuple(tree.replaced), tuple(tree.kept), problem, side, tree.tau, tree.rewritten, loose)


class _Tree:
    """The walk: each shared sub-expression once."""

    def __init__(self, tau: Any, lift: float, wanted: frozenset[str] | None) -> None:
        self.tau, self.lift, self.wanted = tau, lift, wanted
        self.replaced: list[Replacement] = []
        self.kept: list[Kept] = []
        self.rewritten: dict[int, Rewritten] = {}  # by the identity of atoms that the original keeps alive
        self._done: dict[int, Any] = {}

    def constraint(self, constraint: Any) -> Any:
        """With its sides rewritten; itself where nothing changes."""
        args = [self.rewrite(arg) for arg in constraint.args]
        same = all(a is b for a, b in zip(args, constraint.args, strict=True))
        return constraint if same else constraint.copy(args)

    def rewrite(self, expr: Any) -> Any:
        """The expression with all atoms below it replaced."""
        if id(expr) not in self._done:
            self._done[id(expr)] = self._rewrite(expr)
        return self._done[id(expr)]

    def _rewrite(self, expr: Any) -> Any:
        if not expr.args or not expr.variables():
            return expr
        if not all(isinstance(arg, cp.Expression) for arg in expr.args):
            self.kept.append(Kept(str(expr), "it is a problem of its own, not an expression of its arguments"))
            return expr
        args = [self.rewrite(arg) for arg in expr.args]
        same = all(a is b for a, b in zip(args, expr.args, strict=True))
        if type(expr) in EXACT:
            self.kept.append(Kept(str(expr), EXACT[type(expr)]))
        if type(expr) in REWRITES:
            reason = self._keeps(expr)
            if reason is None:
                return self._replace(expr, args)
            self.kept.append(Kept(str(expr), reason))
        return expr if same else expr.copy(args)

    def _keeps(self, expr: Any) -> str | None:
        if self.wanted is not None and not names_of(expr) & self.wanted:
            return "it is not among atoms="
        return refusal(expr)

    def _replace(self, expr: Any, args: list[Any]) -> Any:
        found = REWRITES[type(expr)](expr, args, self.tau, self.lift)
        self.rewritten[id(expr)] = found
        if np.any(found.error):
            self.replaced.append(Replacement(str(expr), str(found.expression), float(np.max(found.error)), self.tau))
        return found.expression


def _wanted(atoms: Any) -> frozenset[str] | None:
    """The names in `atoms`."""
    if atoms is None:
        return None
    known = {kind.__name__ for kind in REWRITES} | {"pos", "neg", "sum_smallest"}
    spectral = {kind.__name__: why for kind, why in EXACT.items()}
    names = set()
    for atom in [atoms] if isinstance(atoms, str) or not isinstance(atoms, Iterable) else atoms:
        name = atom if isinstance(atom, str) else getattr(atom, "__name__", repr(atom))
        if name in spectral:
            raise ValueError(f"atoms holds {name!r}: {spectral[name]}")
        if name not in known:
            raise ValueError(f"atoms may hold {', '.join(sorted(known))}; got {atom!r}")
        names.add(name)
    return frozenset(names)
