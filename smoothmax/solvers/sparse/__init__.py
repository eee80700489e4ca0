"""Truncated Newton for affine components in too many variables to factorize."""

from .method import TruncatedNewton

__all__ = ["TruncatedNewton"]
