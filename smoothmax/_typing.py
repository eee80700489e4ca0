"""Names for the types that run through every room."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]  # row numbers
Matrix = Any  # a dense array, a scipy.sparse matrix or array, or a LinearOperator: whatever multiplies

__all__ = ["Array", "Index", "Matrix"]
