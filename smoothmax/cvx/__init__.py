"""For those who have their problem in cvxpy: smoothed with a proven bound, or solved by one word.

Importing this makes `problem.solve(method="smoothmax")` known to cvxpy.
"""

from .curve import Curve, path
from .enclosure import Bracket, bracket
from .errors import NotMinimax
from .extract import from_cvxpy
from .method import register
from .smoothing import Kept, Replacement, Smoothing, smooth

__all__ = [
    "Bracket",
    "Curve",
    "Kept",
    "NotMinimax",
    "Replacement",
    "Smoothing",
    "bracket",
    "from_cvxpy",
    "path",
    "register",
    "smooth",
]

register()
