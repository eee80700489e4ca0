"""The smooth maximum of any regularizer."""

from __future__ import annotations

from typing import Any

from ..operators.door import Axis, as_real
from .base import Regularizer
from .named import named


def smooth_max(x: Any, *, tau: float = 1.0, axis: Axis = None, regularizer: str | Regularizer = "shannon") -> Any:
    """max_Ω(x) = max over p on the simplex of ⟨p, x⟩ − τ·Ω(p), an upper smooth maximum.

    Parameters
    ----------
    x : array
        Real numbers, of NumPy or any array-API library.
    tau : float
        Temperature, finite and ≥ 0, in the units of x; 0 is the maximum.
    axis : None, int or tuple of ints
        None: all.
    regularizer : str or Regularizer
        "shannon" (``logsumexp``), "gini" (τ/2·(1 − ‖p‖²) with p = sparsemax), or an object: ``tsallis(1.5)``.

    Returns
    -------
    array or scalar
        As of ``np.sum``, in the dtype of x: max x ≤ result ≤ max x + τ·max(−Ω).

    Raises
    ------
    TypeError, ValueError
        Arguments that do not fit, by name.
    """
    return named(regularizer).maximum(as_real(x), tau, axis=axis)[0]
