"""Regularizers Ω of the simplex, and the smooth maxima they make: max_Ω(z) = max over p of ⟨p, z⟩ − τ·Ω(p)."""

from .base import Regularizer
from .gini import Gini, gini
from .named import named
from .shannon import Shannon, shannon
from .smooth_max import smooth_max
from .tsallis import Tsallis, tsallis

__all__ = ["Gini", "Regularizer", "Shannon", "Tsallis", "gini", "named", "shannon", "smooth_max", "tsallis"]
