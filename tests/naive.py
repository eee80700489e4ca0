"""Slow, obvious twins of the clever functions: the definition, written down."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np

# --- operators: many digits, and a loop over slices

DIGITS = 400  # so that 1 + exp(-745) is not 1


def exact_logsumexp(x, tau=1.0, prior=None):
    """tau * log(sum prior*exp(x/tau)) of finite numbers, as an mpmath number."""
    with mpmath.workdps(DIGITS):
        w = [1] * len(x) if prior is None else [mpmath.mpf(float(v)) for v in prior]
        terms = [mpmath.mpf(float(v)) for v in x]
        top = max(v for v, u in zip(terms, w, strict=True) if u > 0)
        t = mpmath.mpf(float(tau))
        return top + t * mpmath.log(mpmath.fsum(u * mpmath.exp((v - top) / t) for v, u in zip(terms, w, strict=True)))


def exact_softmax(x, tau=1.0, prior=None):
    """prior*exp((x - lse)/tau) of finite numbers, as a list of mpmath numbers."""
    with mpmath.workdps(DIGITS):
        w = [1] * len(x) if prior is None else [mpmath.mpf(float(v)) for v in prior]
        lse, t = exact_logsumexp(x, tau, prior), mpmath.mpf(float(tau))
        return [u * mpmath.exp((mpmath.mpf(float(v)) - lse) / t) for v, u in zip(x, w, strict=True)]


def exact_log_softmax(x, tau=1.0):
    """(x - lse)/tau of finite numbers, as a list of mpmath numbers."""
    with mpmath.workdps(DIGITS):
        lse, t = exact_logsumexp(x, tau), mpmath.mpf(float(tau))
        return [(mpmath.mpf(float(v)) - lse) / t for v in x]


def exact_entropy(x, tau=1.0):
    """-sum p log p at p = softmax(x/tau)."""
    with mpmath.workdps(DIGITS):
        return -mpmath.fsum(mpmath.exp(v) * v for v in exact_log_softmax(x, tau))


def exact_entmax(z, tau, alpha, digits=300):
    """(p*, max_Omega) of the Tsallis regularizer, by bisection on the largest weight, as mpmath numbers."""
    with mpmath.workdps(digits):
        t, c = mpmath.mpf(float(tau)), mpmath.mpf(float(alpha)) - 1
        y = [(mpmath.mpf(float(v)) - mpmath.mpf(float(max(z)))) / t for v in z]

        def weights(mu):
            return [max(mu + c * v, 0) ** (1 / c) for v in y]

        low, high = mpmath.mpf(len(y)) ** (-c), mpmath.mpf(1)
        for _ in range(int(3.4 * digits)):
            middle = (low + high) / 2 if high < 4 * low else mpmath.sqrt(low * high)
            low, high = (low, middle) if mpmath.fsum(weights(middle)) > 1 else (middle, high)
        p = weights(high)
        omega = (mpmath.fsum(v ** (c + 1) for v in p) - 1) / (c * (c + 1))
        return p, mpmath.mpf(float(max(z))) + t * (mpmath.fsum(u * v for u, v in zip(p, y, strict=True)) - omega)


def sparsemax(z, tau=1.0):
    """The projection of z/tau onto the simplex: every support size is tried."""
    y = np.sort(np.asarray(z, dtype=float) / tau)[::-1]
    theta = max((y[:k].sum() - 1) / k for k in range(1, y.size + 1))
    return np.maximum(np.asarray(z) / tau - theta, 0.0)


def over_slices(function, x, axis=None, keepdims=False):
    """A reduction of 1-d arrays applied to every slice of x over ``axis``, one after another."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = {a % x.ndim for a in axes}
    kept = tuple(1 if a in axes else size for a, size in enumerate(x.shape))
    out = np.empty(kept)
    for place in itertools.product(*(range(size) for size in kept)):
        cut = tuple(slice(None) if a in axes else i for a, i in enumerate(place))
        out[place] = function(x[cut].ravel())
    return out if keepdims else out.reshape([s for a, s in enumerate(x.shape) if a not in axes])


# --- problems: components by their formulas, one component and one variable at a time

UNARY = {False: (1,), True: (1, -1)}


def dense(A):
    """A matrix in any of its forms, as float64."""
    if hasattr(A, "toarray"):
        A = A.toarray()
    elif hasattr(A, "matmat") and not isinstance(A, np.ndarray):
        A = A @ np.eye(A.shape[1])
    return np.array(A, dtype=np.float64)


def affine(A, b, x, absolute=False):
    """(A x + b, its Jacobian); with absolute the rows of -A x - b after them."""
    A, b = dense(A), np.zeros(A.shape[0]) if b is None else np.asarray(b)
    f = [s * (sum(A[i, j] * x[j] for j in range(len(x))) + b[i]) for s in UNARY[absolute] for i in range(len(A))]
    return np.array(f), np.vstack([s * A for s in UNARY[absolute]])


def quadratic(P, q, r, x):
    """(0.5 x'P_i x + q_i'x + r_i, (P_i + P_i')x/2 + q_i), with one P_i per row of q."""
    f = [0.5 * x @ Pi @ x + qi @ x + ri for Pi, qi, ri in zip(P, q, r, strict=True)]
    return np.array(f), np.array([0.5 * (Pi + Pi.T) @ x + qi for Pi, qi in zip(P, q, strict=True)])


def exact_affine(A, b, x, absolute=False):
    """A x + b (and its negative) as fractions: nothing is rounded."""
    A, x = dense(A), [Fraction(float(v)) for v in x]
    base = [
        sum((Fraction(float(a)) * v for a, v in zip(row, x, strict=True)), Fraction(float(c)))
        for row, c in zip(A, b, strict=True)
    ]
    return [s * v for s in UNARY[absolute] for v in base]


def exact_quadratic(P, q, r, x):
    """0.5 x'P_i x + q_i'x + r_i as fractions."""
    x = [Fraction(float(v)) for v in x]
    out = []
    for Pi, qi, ri in zip(P, q, r, strict=True):
        curve = sum(Fraction(float(Pi[j, k])) * x[j] * x[k] for j in range(len(x)) for k in range(len(x)))
        out.append(curve / 2 + sum(Fraction(float(a)) * v for a, v in zip(qi, x, strict=True)) + Fraction(float(ri)))
    return out


def surrogate_hessian(f, J, tau, prior=None, own=None):
    """sum p_i H_i + J'(diag p - pp')J/tau, p summed from its definition."""
    w = np.ones(len(f)) if prior is None else np.asarray(prior)
    e = w * np.exp((f - f.max()) / tau)
    p = e / e.sum()
    H = np.zeros((J.shape[1], J.shape[1])) if own is None else sum(pi * Hi for pi, Hi in zip(p, own, strict=True))
    for i in range(len(p)):
        H = H + p[i] * np.outer(J[i], J[i]) / tau
    return H - np.outer(p @ J, p @ J) / tau


def exact_minimax(A, b, active):
    """(optimum, x, weights) of min max_i (A x + b)_i as fractions, from its d + 1 active rows, and proven here.

    The active rows give x and the optimum, their transpose the weights; no other row may be larger at x, and no
    weight negative.
    """
    d = A.shape[1]
    F = [[Fraction(float(v)) for v in row] for row in A]
    c = [Fraction(float(v)) for v in b]
    *x, t = exact_solve([[*F[i], Fraction(-1)] for i in active], [-c[i] for i in active])
    columns = [[F[i][j] for i in active] for j in range(d)] + [[Fraction(1)] * len(active)]
    p = exact_solve(columns, [Fraction(0)] * d + [Fraction(1)])
    assert min(p) >= 0
    assert all(sum((a * v for a, v in zip(row, x, strict=True)), ci) <= t for row, ci in zip(F, c, strict=True))
    assert sum(pi * c[i] for pi, i in zip(p, active, strict=True)) == t
    return t, x, p


def exact_solve(A, b):
    """The solution of a square system of fractions (Gauss and Jordan)."""
    M = [[*row, right] for row, right in zip(A, b, strict=True)]
    for k in range(len(M)):
        pivot = next(r for r in range(k, len(M)) if M[r][k])
        M[k], M[pivot] = M[pivot], M[k]
        M[k] = [v / M[k][k] for v in M[k]]
        for r in range(len(M)):
            if r != k and M[r][k]:
                M[r] = [v - M[r][k] * w for v, w in zip(M[r], M[k], strict=True)]
    return [row[-1] for row in M]
