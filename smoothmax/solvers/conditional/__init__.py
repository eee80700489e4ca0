"""Conditional gradients: one answer of a linear minimization oracle a step."""

from .method import ConditionalGradient

__all__ = ["ConditionalGradient"]
