"""Random nested DCP expressions for Hypothesis: convex ones of a shared variable, maxima inside each other."""

import cvxpy as cp
import numpy as np
from hypothesis import strategies as st

VARIABLE = cp.Variable(3, name="v")
LENGTH = 4


@st.composite
def convex_expressions(draw, depth=3):
    """A scalar convex expression."""
    return _scalar(draw, draw(st.integers(1, depth)))


def _matrix(draw, rows):
    seed = draw(st.integers(0, 10**6))
    return np.round(np.random.default_rng(seed).standard_normal((rows, VARIABLE.size)), 2)


def _affine(draw):
    M = _matrix(draw, LENGTH)
    return M @ VARIABLE - draw(st.sampled_from([0.0, 0.5, -2.0]))


def _vector(draw, depth):
    """A convex vector of LENGTH."""
    if depth == 0:
        return _affine(draw)
    kind = draw(st.sampled_from(VECTORS))
    below = _vector(draw, depth - 1)
    if kind == "maximum":
        return cp.maximum(below, _vector(draw, depth - 1), draw(st.sampled_from([-1.0, 0.0, 2.0])))
    if kind == "abs":
        return cp.abs(_affine(draw)) + below
    if kind == "pos":
        return cp.pos(below)
    if kind == "neg":
        return cp.neg(-below)
    if kind == "minimum":
        return -cp.minimum(-below, _affine(draw))
    if kind == "cummax":
        return cp.cummax(below)
    if kind == "scaled":
        return cp.multiply(np.array([0.0, 0.5, 1.0, 3.0]), below)
    if kind == "mixed":
        return np.abs(np.round(_matrix(draw, LENGTH) @ np.ones((3, LENGTH)), 1)) @ below
    if kind == "turned":
        return cp.hstack([below[::-1][:2], below[2:]])
    if kind == "logistic":
        return cp.logistic(below)
    if kind == "abs of pos":
        return cp.abs(cp.pos(below))
    return cp.square(cp.pos(below)) / 50


def _scalar(draw, depth):
    kind, below = draw(st.sampled_from(SCALARS)), _vector(draw, depth - 1)
    if kind == "max":
        return cp.max(below)
    if kind == "max axis":
        return cp.sum(cp.max(cp.reshape(below, (2, 2), order="F"), axis=draw(st.sampled_from([0, 1]))))
    if kind == "min":
        return -2 * cp.min(-below)
    if kind == "norm1":
        return cp.norm1(_affine(draw)) + cp.max(below)
    if kind == "norm_inf":
        return cp.norm_inf(cp.pos(below))
    if kind == "norm2":
        return cp.norm(cp.pos(below), 2)
    if kind == "sum_largest":
        return cp.sum_largest(below, draw(st.sampled_from([1, 2, 2.5, 3, 4])))
    if kind == "sum_smallest":
        return -cp.sum_smallest(-below, 2)
    if kind == "dotsort":
        return cp.dotsort(below, np.array([2.0, 0.5, 0.5]))
    if kind == "huber":
        return cp.sum(cp.huber(cp.pos(below)))
    if kind == "log_sum_exp":
        return cp.log_sum_exp(below)
    return cp.exp(cp.max(below) / 50)


VECTORS = ["maximum", "abs", "pos", "neg", "minimum", "cummax", "scaled", "mixed", "turned", "logistic", "abs of pos",
           "square of pos"]  # fmt: skip
SCALARS = ["max", "max axis", "min", "norm1", "norm_inf", "norm2", "sum_largest", "sum_smallest", "dotsort", "huber",
           "log_sum_exp", "exp of max"]  # fmt: skip
