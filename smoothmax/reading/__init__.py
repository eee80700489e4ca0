"""What the user names on the command line, made into a problem: a file of data, or module:attribute."""

from .domain import DOMAINS
from .named import read
from .stated import Stated, Wishes
from .told import printable, shortened, told, users_line

__all__ = ["DOMAINS", "Stated", "Wishes", "printable", "read", "shortened", "told", "users_line"]
