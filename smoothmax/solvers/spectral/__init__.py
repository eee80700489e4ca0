"""Largest eigenvalues: Newton on τ·log tr exp(A(x)/τ) with falling τ, proven by density matrices."""

from .method import SpectralNewton

__all__ = ["SpectralNewton"]
