"""Grids of solves: problem × method × τ × seed, each judged by the certificate.

Every cell is one `solve`, and its row says what came of it: bounds recomputed by `certify`, steps, passes, the verdict.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from .. import _doors
from ..certificate import certify
from ..choose import named
from ..front import solve
from ..problem import Minimax
from ..reading import Stated, Wishes, read
from ..settings import Settings, SolveOptions
from ..solvers import METHODS
from .fingerprint import fingerprint
from .results import Results
from .run import Sweep

REFUSED = ("tau", "method", "rng", "callback", "progress")  # options that the grid itself decides
PLAIN = Wishes()
Context = dict[str, Stated | tuple[str, Wishes]]


@dataclass(frozen=True)
class Grid:
    """Every problem with every method at every temperature, so many times.

    Parameters
    ----------
    problems : names, or a dictionary of names to problems
        "module:attribute" or a file, as on the command line; or a dictionary whose values are these or `Minimax`.
    methods : sequence of str
        As in `solve`; "auto" by default.
    taus : sequence of float or None
        Temperatures (units of f); None asks for the minimax itself. [None] by default.
    seeds : int
        How often each is solved, with random numbers of its own.
    options : dict
        What else `solve` takes, in plain values: tol, max_passes, time_limit, regularizer …
    wishes : Wishes
        How files are read.

    Raises
    ------
    TypeError, ValueError
        An empty axis, an unknown method, τ ≤ 0, options that `solve` does not take or that the grid decides, problems
        that cannot be read; two problems of one name, the same cell twice.
    """

    problems: Any
    methods: Sequence[str] = ("auto",)
    taus: Sequence[float | None] = (None,)
    seeds: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    wishes: Wishes = PLAIN

    def sweep(self) -> Sweep:
        """The declaration: its cells, and the problems they share.

        Returns
        -------
        Sweep

        Raises
        ------
        TypeError, ValueError
            As the class says.
        """
        if not isinstance(self.options, Mapping):
            raise TypeError(f"options must be a dict; got {type(self.options).__name__}")
        if not isinstance(self.wishes, Wishes):
            raise TypeError(f"wishes must be Wishes; got {type(self.wishes).__name__}")
        shared = dict(self.options)
        for name in (*REFUSED, "x0"):
            if name in shared:
                raise ValueError(f"options must not hold {name!r}, which the grid itself decides")
        for name in shared:
            if name not in SolveOptions.__annotations__:
                known = ", ".join(sorted(set(SolveOptions.__annotations__) - {*REFUSED}))
                raise TypeError(f"options may hold {known}, which go to every solve; got {name!r}")
        axes = (_axis("methods", self.methods), _axis("taus", self.taus), range(_doors.count("seeds", self.seeds)))
        for method in axes[0]:
            if method != "auto" and method not in METHODS:
                raise ValueError(f"methods must be 'auto' or of {', '.join(map(repr, METHODS))}; got {method!r}")
        taus = [None if tau is None else _doors.positive("taus", tau) for tau in axes[1]]
        problems = self._stated(list(product(axes[0], taus)))
        cells = [
            {
                "problem": name,
                "method": method,
                "tau": tau,
                "seed": seed,
                **shared,
                "fingerprint": print_,
            }
            for (name, (_, print_)), method, tau, seed in product(problems.items(), axes[0], taus, axes[2])
        ]
        return Sweep(solve_cell, cells, {name: source for name, (source, _) in problems.items()})

    def run(self, out: Any = None, **options: Any) -> Results:
        """`sweep().run(out, …)`: workers, fresh, retry, progress; see `Sweep.run`.

        Problems of Dask arrays are solved one after another (workers=1): each pass is on the cluster already.
        """
        sweep = self.sweep()
        held = [stated.problem for stated in sweep.context.values() if isinstance(stated, Stated)]
        if options.get("workers", 1) != 1 and any(problem.components.remote for problem in held):
            raise ValueError("workers must be 1 for problems of Dask arrays, whose passes use the cluster already")
        return sweep.run(out, **options)

    def _stated(self, asked: list[tuple[str, float | None]]) -> dict[str, tuple[Stated | tuple[str, Wishes], str]]:
        """By name: where each worker finds the problem, and the hash of what it holds."""
        given = self.problems
        if isinstance(given, str | Minimax):
            raise TypeError("problems must be a list of names, or a dictionary; got one alone")
        pairs = given.items() if isinstance(given, Mapping) else [(name, name) for name in _axis("problems", given)]
        found: dict[str, tuple[Stated | tuple[str, Wishes], str]] = {}
        names: dict[str, Any] = {}
        for name, source in pairs:
            first = names.setdefault(str(name), name)
            if str(name) in found:
                raise ValueError(f"problems must have different names; {first!r} and {name!r} are both {str(name)!r}")
            if isinstance(source, str):
                stated: Stated | tuple[str, Wishes] = (source, self.wishes)
                print_, problem, _ = _read(source, self.wishes)
            elif isinstance(source, Minimax):
                stated, problem = Stated(source), source
                print_ = fingerprint([problem.components, problem.domain, problem.constraints, None])
            else:
                kind = type(source).__name__
                raise TypeError(f"problems[{name!r}] must be a Minimax, module:attribute or a file; got {kind}")
            with _doors.about("options"):
                _check(problem, asked, dict(self.options))
            found[str(name)] = (stated, print_)
        if not found:
            raise ValueError("problems must hold at least one problem; it is empty")
        return found


def _check(problem: Minimax, asked: list[tuple[str, float | None]], options: dict[str, Any]) -> None:
    """Bad options are told here, and not cell by cell; of a method that cannot take the problem the cells tell."""
    own = options.pop("options", None)
    smoothing = Settings.of(problem, **options).regularizer.name
    for method, tau in asked:
        try:
            named(method, problem, tau is not None, smoothing)
        except ValueError:
            continue
        Settings.of(problem, method=method, tau=tau, options=own, **options)


def solve_cell(cell: dict[str, Any], rng: np.random.Generator, context: Context) -> dict[str, Any]:
    """One solve, judged by `certify`: what its row says."""
    options = {k: v for k, v in cell.items() if k not in ("problem", "fingerprint", "seed")}
    stated = context[cell["problem"]]
    if isinstance(stated, Stated):
        problem, x0 = stated.problem, stated.x0
    else:
        problem, x0 = _known(*stated, cell["fingerprint"])
    r = solve(problem, x0, rng=rng, **options)
    c = certify(problem, r.x, r.weights, r.multipliers)
    return {
        "n": problem.n,
        "d": problem.d,
        "success": bool(r.success),
        "outcome": r.message.split(". ")[0],
        "solved_by": r.method,
        "fun": float(r.fun),
        "lower_bound": float(c.lower),
        "gap": float(c.gap),
        "kind": c.kind,
        "smoothed_fun": float(r.smoothed_fun),
        "smoothed_lower_bound": float(r.smoothed_lower_bound),
        "last_tau": float(r.tau),
        "nit": int(r.nit),
        "npass": float(r.npass),
        "nfev": int(r.nfev),
    }


_READ: dict[tuple[str, Wishes], tuple[str, Minimax, Any]] = {}  # of this process, with the fingerprint


def _read(source: str, wishes: Wishes) -> tuple[str, Minimax, Any]:
    """From a file or a module, as it is now."""
    stated = read(source, wishes)
    problem = stated.problem
    found = fingerprint([problem.components, problem.domain, problem.constraints, stated.x0])
    _READ[source, wishes] = found, problem, stated.x0
    return _READ[source, wishes]


def _known(source: str, wishes: Wishes, wanted: str) -> tuple[Minimax, Any]:
    """The problem that was declared, read once in each process."""
    found, problem, x0 = _READ.get((source, wishes)) or _read(source, wishes)
    if found != wanted:
        found, problem, x0 = _read(source, wishes)
    if found != wanted:
        raise ValueError(f"{source} is not what it was when the grid was declared")
    return problem, x0


def _axis(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str | bytes):
        raise TypeError(f"{name} must be a list; got the text {values!r}")
    try:
        listed = list(values)
    except TypeError:
        raise TypeError(f"{name} must be a list; got {values!r}") from None
    if not listed:
        raise ValueError(f"{name} must hold at least one value; it is empty")
    return listed
