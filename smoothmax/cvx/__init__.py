"""For those who have their problem in cvxpy: smoothed with a proven bound, or solved by one word.

Importing this makes `problem.solve(method="smoothmax")` known to cvxpy.
"""

try:
    from .curve import Curve, path
    from .enclosure import Bracket, bracket
    from .errors import NotMinimax
    from .extract import from_cvxpy
    from .method import register
    from .smoothing import Kept, Replacement, Smoothing, smooth
except ModuleNotFoundError as missing:
    if missing.name != "cvxpy":
        raise
    raise ImportError('smoothmax.cvx needs cvxpy: pip install "smoothmax[cvx]"') from missing

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
