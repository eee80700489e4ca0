"""A user's typed program: everything public is used, and what is wrong on purpose says with which error.

Read by type checkers alone (tests/trust/test_types.py): each `type: ignore` must be needed, and each assertion hold.
"""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import smoothmax as sm
from smoothmax import cvx, losses, sweep
from smoothmax.duality import Conjugacy, MinimaxDuality

Floats = NDArray[np.float64]

A = np.eye(3)
problem = sm.Minimax(sm.Affine(A, [1.0, 2.0, 3.0], absolute=True), sm.Box(0, 1))
assert_type(problem.n, int)
assert_type(problem.convex, bool)
assert_type(problem.value([0, 0, 0]), float)


def components() -> None:
    sm.Minimax(A, sm.Free(3))
    sm.Minimax(sm.Stack([sm.Affine(A), sm.Quadratic(1.0, A)]), constraints=())
    sm.Minimax(sm.Smooth(lambda x: [x[0], -x[0]], jac=lambda x: [[1.0], [-1.0]], d=1, convex=True))
    sm.Minimax(sm.Spectral(A, [A, A]))
    sm.Affine(A, absolut=True)  # type: ignore[call-arg]
    sm.Stack([A])  # type: ignore[list-item]
    sm.Smooth(1.0, d=2)  # type: ignore[arg-type]


def domains() -> None:
    for domain in (sm.Box([0, 0, 0], 1), sm.Free(3), sm.Simplex(3, total=2.0), sm.Ball([0, 0, 0], 1)):
        assert_type(domain.project([1, 2, 3]), Floats)
        assert_type(domain.lmo((1.0, 2.0, 3.0)), Floats)
        assert_type(domain.contains(A[0], 1e-9), bool)
    walls = sm.Polyhedron(A_ub=A, b_ub=[1, 1, 1], bounds=(0, None))
    assert_type(sm.Product([walls, sm.Free(2)]).project([1, 2, 3, 4, 5]), Floats)
    sm.Simplex("3")  # type: ignore[arg-type]
    sm.Ball([0, 0])  # type: ignore[call-arg]


class Mine:
    """A domain of the user's own."""

    d = 3

    def project(self, x: Floats) -> Floats:
        return np.clip(x, 0, 1)

    def contains(self, x: Floats, tol: float = 1e-9) -> bool:
        return bool((np.abs(x - 0.5) <= 0.5 + tol).all())


def seen(intermediate_result: sm.MinimaxResult) -> None:
    if intermediate_result.gap < 1.0:
        raise StopIteration


def solving() -> sm.MinimaxResult:
    for method in ("auto", "newton"):
        sm.solve(problem, [0, 0, 0], tau=0.1, method=method, callback=seen, rng=1, options={})
    sm.solve(sm.Minimax(A, Mine()), regularizer="gini", prior=[1, 1, 1], max_passes=100, time_limit=1.0, atol=0.0)
    r = sm.minimax(lambda x: [x[0], -x[0]], [0.5], bounds=[(0, 1)], tol=1e-6, time_limit=1, callback=seen)
    assert_type(r, sm.MinimaxResult)
    assert_type(r.x, Floats)
    assert_type(r.fun, float)
    assert_type(r.success, bool)
    assert_type(r.status, int)
    assert_type(r.message, str)
    assert_type(r.gap_parts, tuple[float, float])
    assert_type(r.certificate, sm.Certificate)
    assert_type(r.active, NDArray[np.intp])
    assert_type(r.trace, list[dict[str, Any]])
    r.fun + "1"  # type: ignore[operator]
    sm.solve(A)  # type: ignore[arg-type]
    sm.solve(problem, tol="small")  # type: ignore[arg-type]
    sm.solve(problem, callback=1)  # type: ignore[arg-type]
    sm.solve(problem, None, 0.1)  # type: ignore[call-arg]
    sm.minimax(lambda x: x, [0.5], tolerance=1e-6)  # type: ignore[call-arg]
    sm.minimax(lambda x: x, [0.5], max_passes="100")  # type: ignore[arg-type]
    return r


def proofs() -> sm.Certificate:
    r = solving()
    c = sm.certify(problem, r.x, r.weights, r.multipliers)
    assert_type(c.lower, float)
    assert_type(c.gap, float)
    assert_type(c.kind, str)
    assert_type(c.vector, Floats | None)
    assert_type(c.parts, tuple[float, float])
    assert_type(c.multipliers, sm.Multipliers | None)
    c.lower = 0.0  # type: ignore[misc]
    c.vector.sum()  # type: ignore[union-attr]
    repaired = sm.repair(problem, r.x, r.weights)
    if repaired is not None:
        p, multipliers = repaired
        assert_type(p, Floats)
        c = sm.certify(problem, r.x, p, multipliers)
    try:
        sm.solve(problem)
    except sm.Interrupted as stop:
        assert_type(stop.result, sm.MinimaxResult)
    return c


def temperatures() -> None:
    path = sm.path(problem, [1, 0.1], x0=A[0], max_passes=100)
    assert_type(path, sm.Path)
    assert_type(path.best, float)
    assert_type(path.records, tuple[dict[str, Any], ...])
    assert_type(path.results, tuple[sm.MinimaxResult, ...])
    assert_type(path.to_csv(), str)
    path.plot("path.png")
    sm.path(problem, eps=1e-3, max_pass=1)  # type: ignore[call-arg]
    sm.path(problem, 0.1)  # type: ignore[arg-type]
    s = sm.Smoothed(problem, 0.1, regularizer=sm.tsallis(1.5))
    assert_type(s.fun([0, 0, 0]), float)
    assert_type(s.jac(A[0]), Floats)
    assert_type(s.fun_and_jac(A[0]), tuple[float, Floats])
    assert_type(s.hessp(A[0], A[1]), Floats)
    assert_type(s.weights(A[0]), Floats)
    assert_type(s.bound, float)
    s.as_constraint(1.0)
    sm.Smoothed(problem)  # type: ignore[call-arg]


def checks() -> None:
    agreement = sm.verify(problem, 0.1, routes=["auto"])
    assert_type(agreement.agree, bool)
    assert_type(agreement.value, tuple[float, float])
    duality = sm.check_duality(problem, 0.1)
    assert_type(duality, MinimaxDuality)
    assert_type(duality.primal, float)
    conjugacy = sm.check_duality([1.0, 2.0], 0.1, q=[0.5, 0.5])
    assert_type(conjugacy, Conjugacy)
    assert_type(conjugacy.ok, bool)
    sm.check_duality(problem, 0.1, q=[0.5, 0.5])  # type: ignore[call-overload]
    row = sm.check_inequalities([0, 1, 2, 3], tau=0.5)["mean"]
    assert_type(row.formula, str)
    assert_type(row.left, float)
    assert_type(sm.__version__, str)
    sm.nonsense  # type: ignore[attr-defined]  # noqa: B018


def operators() -> None:
    x = [1.0, 2.0]
    for reduced in (sm.logsumexp, sm.smooth_min, sm.mellowmax):
        reduced(x, tau=0.5, axis=0, where=[True, False], keepdims=True)
    sm.softmax(x, tau=0.5).sum() + sm.log_softmax(x, prior=[0.5, 0.5]).sum()
    sm.smooth_max(x, regularizer=sm.tsallis(1.5)) + sm.entropy([0.5, 0.5]) + sm.kl_divergence([0.5, 0.5], [0.1, 0.9])
    sm.logsumexp_hessian(x) @ sm.logsumexp_hvp(x, x) + sm.logsumexp_dtau(x) + sm.logsumexp_plus(x)
    sm.logaddexp(x, 1.0) + sm.log_matmul(A, A, tau=0.5)
    assert_type(sm.LogSumExpAccumulator(0.5).update(x).value, float)
    sm.logsumexp(x, 0.5)  # type: ignore[call-arg]
    sm.logsumexp(x, tau="1")  # type: ignore[arg-type]


def rooms(stated: Any) -> None:
    """`stated` is a problem of cvxpy."""
    assert_type(cvx.from_cvxpy(stated), sm.Minimax)
    assert_type(cvx.smooth(stated, 0.1, side="conservative"), cvx.Smoothing)
    lower, upper = cvx.bracket(stated, 0.1)
    assert_type(upper - lower, float)
    assert_type(cvx.path(stated, [1.0, 0.1]), cvx.Curve)
    losses.cross_entropy(A, [0, 1, 2]) + losses.attention(A, A, A, causal=True)
    assert_type(losses.lifted_structured(A, [0, 0, 1]), losses.Lifted)
    assert_type(sweep.Grid([problem], ["newton"], [1.0]).run("folder"), sweep.Results)
    sweep.Grid([problem], method="newton")  # type: ignore[call-arg]
