"""Newton's method on F_τ: barrier, regularization, line search, predictor, and samples for a fixed τ."""

from .method import Newton

__all__ = ["Newton"]
