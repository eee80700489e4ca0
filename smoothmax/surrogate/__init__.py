"""The surrogate F_τ(x) = max over p of ⟨p, f(x)⟩ − τ·Ω(p), and all there is to know at a point."""

from .kinds import SMOOTHINGS, check_prior, kind_of
from .points import Point, Seen, spread_matrix
from .smoothed import Smoothed

__all__ = ["SMOOTHINGS", "Point", "Seen", "Smoothed", "check_prior", "kind_of", "spread_matrix"]
