"""One problem by every route that can take it, side by side, each judged by the certificate of its own point."""

from .compare import ROUTES, verify
from .rational import Rational, rational_bound
from .report import Agreement, Row

__all__ = ["ROUTES", "Agreement", "Rational", "Row", "rational_bound", "verify"]
