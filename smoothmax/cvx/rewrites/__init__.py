"""One file per atom that has an exponential-cone surrogate; the table from atom to rewrite.

Each rewrite takes (atom, args, τ, lift), the arguments being rewritten already, and returns a `Rewritten`: the
surrogate and how far it errs per unit of τ. lift = 0 gives surrogates above a max (below a min), lift = 1 the other
side.
"""

from .rewritten import Rewritten
from .table import EXACT, REWRITES, names_of, refusal

__all__ = ["EXACT", "REWRITES", "Rewritten", "names_of", "refusal"]
