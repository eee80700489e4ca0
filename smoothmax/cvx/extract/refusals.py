"""Why an atom is not a maximum of affine and quadratic functions, and what would be right instead."""

from typing import Any

from ..errors import NotMinimax

SMOOTH = "cvx.smooth with one of cvxpy's solvers, or an affine or quadratic expression,"
_WHY = {
    "Pnorm": ("a p-norm is neither quadratic nor piecewise linear", "its square (sum_squares) or norm_inf"),
    "norm1": ("the 1-norm of m entries is a maximum of 2^m affine functions", "norm_inf, or cvx.smooth"),
    "sum_largest": ("the sum of the k largest is a maximum over all subsets of k entries", "k = 1, or cvx.smooth"),
    "dotsort": ("a sorted product is a maximum over all orders of the entries", "max, or cvx.smooth"),
    "cummax": ("a running maximum has about m²/2 affine pieces", "max, or cvx.smooth"),
    "lambda_max": ("the largest eigenvalue is a maximum of infinitely many affine functions", "one of cvxpy's solvers"),
    "sigma_max": ("the spectral norm is a maximum of infinitely many affine functions", "one of cvxpy's solvers"),
    "Power": ("only squares of affine expressions are quadratic", "square of an affine expression"),
    "quad_over_lin": (
        "it is quadratic only for an affine numerator and a positive constant denominator",
        "sum_squares of an affine expression",
    ),
    "abs": ("the absolute value of this is no maximum known here", "abs of an affine or a nonnegative expression"),
}
_ALIKE = {"PnormApprox": "Pnorm", "PowerApprox": "Power", "power": "Power", "norm_inf": "abs"}


def refusal(expr: Any) -> NotMinimax:
    """The error for one atom."""
    name = type(expr).__name__
    why = f"{name} is neither affine, nor convex quadratic, nor a maximum of such"
    return NotMinimax(expr, *_WHY.get(_ALIKE.get(name, name), (why, SMOOTH)))


def several(expr: Any) -> NotMinimax:
    """The error for sums of maxima."""
    return NotMinimax(
        expr,
        "it adds up several maxima, whose pieces multiply",
        "at most one maximum in a sum (the others as epigraph variables), or cvx.smooth,",
    )


def too_dense(expr: Any) -> NotMinimax:
    """The error for quadratics that take more numbers than the problem holds."""
    return NotMinimax(
        expr,
        "its quadratic pieces would fill far more numbers than the problem holds (a matrix for each piece)",
        "max |·| in the place of max (·)², or pieces that share one matrix,",
    )
