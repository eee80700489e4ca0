"""Which methods can do what is asked, and a problem in a form that a given method can take."""

import numpy as np

import smoothmax as sm
from smoothmax import solvers
from smoothmax.solvers import Direct, Method

METHODS = {name: method for name, method in solvers.METHODS.items() if name != "spectral"}  # which has its own tests

SMOOTHING = [name for name, method in METHODS.items() if issubclass(method, Method)]  # minimize F_τ, at a given τ too
DIRECT = [name for name, method in METHODS.items() if issubclass(method, Direct)]  # only the minimax itself


def fitting(problem, tau=None):
    """The methods that take the problem, or its surrogate at a given τ."""
    return [name for name in (METHODS if tau is None else SMOOTHING) if METHODS[name].refuses(problem) is None]


def asked(methods, tau):
    """(method, τ): every method for the minimax, and those that can for the surrogate at τ."""
    return [(name, None) for name in methods] + [(name, tau) for name in methods if name in SMOOTHING]


def within(method, problem, size=100.0):
    """The problem where the method takes it; else the same components in the box |x_j| ≤ size, so nothing changes.

    The box must hold a minimizer in its interior.
    """
    if METHODS[method].refuses(problem) is None:
        return problem
    return sm.Minimax(problem.components, sm.Box(np.full(problem.d, -size), np.full(problem.d, size)))
