"""Smooth components that need not be convex, under linear and nonlinear constraints."""

from .method import TrustRegion

__all__ = ["TrustRegion"]
