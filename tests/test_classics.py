"""The classics: formulas against independent numbers, Jacobians against differences, prints against optima."""

import numpy as np
import pytest

import problems
import smoothmax as sm

CASES = problems.cases("classics")
SMOOTH = [c for c in CASES if isinstance(c.problem.components, sm.Smooth)]

# max f at the start, from the formulas in 30 digits and independent of this code.
START = {
    "CB2": "20",
    "CB3": "20",
    "WF": "7.33870967742",
    "SPIRAL": "0.124999921053",
    "LQ": "1",
    "Mifflin1": "-0.8",
    "Crescent": "4.25",
    "POLAK4": "21000.01",
    "MINMAXRB": "4.4",
    "MADSEN": "13",
    "Davidon2": "822.277756851",
    "RosenSuzuki": "0",
    "Polak6": "12",
    "Polak2": "91.8447819971",
    "Bard": "4.11",
    "OET5": "9",
    "OET5-501": "9",
    "PRW6.3": "9",
    "PRW6.4": "9",
    "PRW6.5": "9",
    "OET1-501": "4",
    "OET2-501": "2",
    "OET3-501": "0.841470984808",
    "PRW6.7": "2.15852901519",
    "PRW6.8": "2.15852901519",
    "OET4-501": "2.71828182846",
    "OET7-501": "0.0205604806257",
    "PT-501": "0.25",
    "PRW6.12": "5",
    "PBC1": "1.53427165964",
    "GAMMA": "0.112264930935",
    "Watson": "1",
    "Transformer": "0.388132327038",
    "Wong1": "714",
    "Wong3": "901",
    "Colville1": "20",
    "Maxquad": "5337.06642931",
    "Gill": "189.022517567",
    "Maxq": "400",
    "MXHILB": "4.49920533833",
    "L1HILB": "68.817217931",
    "POLAK3": "75.0937691051",
    "MADSSCHJ4": "229",
    "MADSSCHJ10": "289",
    "MADSSCHJ20": "389",
    "MADSSCHJ30": "489",
    "MAD1": "6",
    "MAD4": "3.60517018599",
    "PENTAGON": "-1.41421356237",
    "EQUIL": "9.78783044415",
    "MAD8": "21899",
    "BPfilter": "2.14900665457",
    "Dembo3": "2478.554",
    "Dembo7": "428.122102301",
}
# sum_i i f_i at 1.01 x0 + 0.01 (Dembo's: 1.01 x0), by a reading of the formulas independent of this code: a start shows
# only one of the components.
EVERY = {
    "CB2": "27.10631681",
    "CB3": "27.10631681",
    "WF": "9.2824",
    "LQ": "1.9501",
    "Mifflin1": "-0.5108",
    "Crescent": "3.764075",
    "POLAK4": "50568.1288646",
    "MINMAXRB": "4.09208",
    "MADSEN": "-42.0227518127",
    "RosenSuzuki": "-662.957",
    "Polak6": "-290.946909735",
    "Polak2": "179.902181061",
    "Wong1": "-4497.92750885",
    "Wong3": "67415.9976849",
    "MAD1": "9.2658192909",
    "MAD4": "-0.893173306425",
    "PENTAGON": "-10.345067094",
    "Dembo3": "-9877092.88601",
    "Dembo7": "30958.0771468",
}
# A minimizer where one is known in closed form.
MINIMIZERS = {
    "CB3": [1, 1],
    "WF": [0, 0],
    "SPIRAL": [0, 0],
    "LQ": np.sqrt([0.5, 0.5]),
    "Mifflin1": [1, 0],
    "Crescent": [0, 0],
    "POLAK4": [1, 0],
    "MINMAXRB": [1, 1],
    "RosenSuzuki": [0, 1, 2, -1],
    "Polak6": [0, 1, 2, -1],
    "Polak2": np.zeros(10),
    "Maxq": np.zeros(20),
    "MXHILB": np.zeros(50),
    "L1HILB": np.zeros(100),
}


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=[c.name for c in cases])


def near(case, count=5):
    """Points of the domain around the start, where the pieces are smooth."""
    rng = np.random.default_rng(1)
    size = np.maximum(np.abs(case.x0), 1e-3)
    moved = [case.x0 + 0.05 * size * rng.standard_normal(case.x0.size) for _ in range(count)]
    return [case.problem.domain.project(x) for x in moved]


def jacobian(case, x):
    return case.problem.components.derivative(x)


def test_all_of_them_are_here():
    assert len(CASES) == 54
    assert [c.name for c in CASES] == [c.name for c in CASES if c.name in START]


@each(CASES)
def test_the_formulas_give_the_value_at_the_start(case):
    digits = 11 if case.name == "GAMMA" else 12
    assert case.problem.domain.contains(case.x0)
    assert case.problem.value(case.x0) == pytest.approx(float(START[case.name]), rel=6 * 10.0**-digits, abs=1e-14)


@each([c for c in CASES if c.name in EVERY])
def test_the_formulas_give_every_component(case):
    x = 1.01 * case.x0 + (0.0 if case.name.startswith("Dembo") else 0.01)
    found = np.arange(1, case.problem.n + 1) @ case.problem.components.value(x)
    assert found == pytest.approx(float(EVERY[case.name]), rel=6e-12)


@each([c for c in CASES if c.name in MINIMIZERS])
def test_a_minimizer_in_closed_form_has_the_optimum(case):
    x = np.asarray(MINIMIZERS[case.name], dtype=float)
    assert case.problem.domain.contains(x)
    assert case.problem.value(x) == pytest.approx(case.optimum, rel=1e-14, abs=1e-15)


@each(SMOOTH)
def test_jacobians_agree_with_differences(case):
    """The complex step, exact to rounding; central differences for the two that take moduli."""
    (fun,), moduli = case.problem.components._functions, case.name in ("GAMMA", "Transformer")
    for x in [case.x0.astype(float), *near(case)]:
        h = 1e-6 * np.maximum(1.0, np.abs(x)) if moduli else np.full(x.size, 1e-100)
        rows = [fun(x + s) - fun(x - s) if moduli else 2 * fun(x + 1j * s).imag for s in np.diag(h)]
        J, slow, close = jacobian(case, x), np.column_stack(rows) / (2 * h), 1e-7 if moduli else 1e-12
        size = np.abs(slow).max(axis=0) + 1e-300
        np.testing.assert_allclose(J / size, slow / size, rtol=0, atol=close)


@each([c for c in SMOOTH if c.problem.components.exact_hess])
def test_hessians_agree_with_differences_of_jacobians(case):
    v = np.random.default_rng(2).standard_normal(case.problem.n)
    for x in near(case, 2):
        h = 1e-5 * np.maximum(np.abs(x), 1.0)
        pull = [(jacobian(case, x + step).T @ v - jacobian(case, x - step).T @ v) for step in np.diag(h)]
        slow = np.column_stack(pull) / (2 * h)
        np.testing.assert_allclose(case.problem.components.hess(x, v), slow, atol=1e-7 * max(1, np.abs(slow).max()))


@each([c for c in SMOOTH if c.convex])
def test_components_called_convex_are(case):
    rng = np.random.default_rng(3)
    for _ in range(50):
        a, b = (case.x0 * rng.uniform(-0.2, 0.2) + rng.standard_normal(case.x0.size) for _ in range(2))
        f = case.problem.components.value
        assert np.all(f((a + b) / 2) <= (f(a) + f(b)) / 2 * (1 + 1e-14) + 1e-12)


@each([c for c in CASES if not c.convex])
def test_some_component_called_not_convex_is_not(case):
    """A point of the domain where a component has a negative eigenvalue."""
    rng, parts = np.random.default_rng(4), case.problem.components
    for width in np.repeat([0.1, 0.5, 2.0], 60):
        x = case.problem.domain.project(case.x0 + width * (1 + np.abs(case.x0)) * rng.standard_normal(case.x0.size))
        H = parts.hess(x, np.eye(case.problem.n)[rng.integers(case.problem.n)])
        if np.isfinite(H).all() and np.linalg.eigvalsh(H)[0] < -1e-4 * np.abs(H).max():
            return
    pytest.fail(f"{case.name} looks convex")


@each([c for c in CASES if isinstance(c.problem.components, sm.Quadratic)])
def test_a_cone_solver_finds_the_same_optimum_of_quadratics(case):
    """cvxpy on the epigraph; its dual weights p give the bound p.r - |q'p|^2/2 in the norm of (sum p_i P_i)^-1."""
    cp = pytest.importorskip("cvxpy")
    parts, x, t = case.problem.components, cp.Variable(case.problem.d), cp.Variable()
    curved = [
        cp.quad_form(x, cp.psd_wrap(P)) / 2 + q @ x + r for P, q, r in zip(parts.P, parts.q, parts.r, strict=True)
    ]
    below = [f <= t for f in curved]
    cp.Problem(cp.Minimize(t), below).solve(solver=cp.CLARABEL)
    size = max(1.0, abs(case.optimum))
    assert case.problem.value(x.value) == pytest.approx(case.optimum, abs=1e-6 * size)
    p = np.concatenate([np.ravel(constraint.dual_value) for constraint in below])
    p /= p.sum()
    pull = p @ parts.q
    lower = p @ parts.r - pull @ np.linalg.lstsq(np.tensordot(p, parts.P, 1), pull)[0] / 2
    assert lower == pytest.approx(case.optimum, abs=1e-6 * size)


def test_rounding_in_gamma_stays_far_below_its_optimum():
    """The formula as it is written, in 40 digits, at the optimum."""
    mpmath = pytest.importorskip("mpmath")
    from problems.classics.hard import T

    case, x = problems.get("GAMMA"), [2.5066288, 0.49999, 12.0, 0.5]
    f = case.problem.components.value(np.array(x))[: T.size]
    with mpmath.workdps(40):
        for t, found in zip(T, f, strict=True):
            t, (x1, x2, x3, x4) = mpmath.mpf(t), map(mpmath.mpf, x)
            r = x1 * abs(t + x2 + 1 / (x3 * t + x4)) ** (t + 0.5) * mpmath.exp(-t) / mpmath.gamma(t + 1) - 1
            assert abs(r - mpmath.mpf(found)) < 1e-14
