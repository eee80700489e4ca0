"""One step on: tried, corrected to second order where a curved kink has spoilt it, then in smaller boxes."""

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from ..._linalg import all_finite
from ..._typing import Array
from ..base import Step
from .curvature import convexified
from .equations import solve_active
from .merit import Promise, Values
from .model import Model, Move
from .site import Site
from .walk import Walk

GOOD, FAIR, POOR = 0.75, 0.25, 1e-3  # ratios of what a step gains to what the model promised
GROW, SHRINK = 4.0, 0.25
WIDER = 2.0  # box in which a step of the equations is corrected: along the rest it must stay what it was
AHEAD = 2  # corrections before a step is tried
NEAR = 0.9  # of the step: how far a correction may lie from it
COARSE = 1e-6  # residual at which cheap derivatives have done what they can
SMALLEST = 1e-15  # box


class Trial(NamedTuple):
    """A step, where it leads, and the ratio of what it gains to what was promised."""

    s: Array
    site: Site
    ratio: float


def onward(walk: Walk) -> Generator[Step, None, Move | None]:
    """Steps for as long as one gains anything, and to the end with the best derivatives; the last move."""
    going = True
    while going:
        move = walk.propose()
        yield walk.step(move)
        going = (move is not None and advance(walk, move)) or walk.sharpen()
    return move


def advance(walk: Walk, move: Move | None) -> bool:
    """Move the walk on; False where no step is left that gains anything."""
    if not walk.sharp and walk.residual <= COARSE:
        return False
    while move is not None and not walk.tired(move):
        walk.merit.weigh(move.lam, move.nu)
        promise = walk.merit.promise(walk.site.values, walk.model_of(move.s), move.bend(move.s), walk.faint)
        first = _tried(walk, promise, _foreseen(walk, move))
        best = first if first.ratio >= POOR else _corrected(walk, promise, move, first) or first
        length = float(np.max(np.abs(move.s) / walk.unit))
        if best.ratio >= POOR and best.site.finite:
            _accept(walk, best, length)
            return True
        walk.delta = length * _shorter(walk.site, first.s, first.site.values)
        _learn_refused(walk, first.s, first.site.values)
        move = walk.propose() if walk.delta > SMALLEST else None
    return False


def _tried(walk: Walk, promise: Promise, s: Array) -> Trial:
    new = walk.look(walk.site.x + s)
    return Trial(s, new, walk.merit.ratio(promise, new.values))


def _foreseen(walk: Walk, move: Move) -> Array:
    """The step, corrected by the curvature that each active component is known to have: it costs no evaluation."""
    s = move.s
    for _ in range(AHEAD):
        bent = walk.bends(move, s)
        found = _aimed(walk, move, s, Values(*(a + b for a, b in zip(walk.model_of(s), bent, strict=True))))
        if found is None:
            break
        s = found
    return s


def _corrected(walk: Walk, promise: Promise, move: Move, first: Trial) -> Trial | None:
    """The same with the values that were found at x + s; None where that has little to do with s, or gains nothing."""
    if not all_finite(*first.site.values):
        return None
    s = _aimed(walk, move, first.s, first.site.values)
    return None if s is None else _tried(walk, promise, s)


def _aimed(walk: Walk, move: Move, s: Array, there: Values) -> Array | None:
    """The step of the model that is right at x + s, where the values are `there`: near s, and with a gain."""
    site, unit = walk.site, walk.unit
    f, rows = site.corrected(s, there)
    model = Model(site.x, f, site.J, convexified(move.B, unit), rows, walk.linear)
    found = None if model.B is move.B else solve_active(model, move.B, move, WIDER * walk.box)
    found = found or model.minimize(walk.box)
    if found is None or np.max(np.abs(found.s - s) / unit) > NEAR * np.max(np.abs(s) / unit):
        return None
    gain = float(site.values.f.max() - np.max(f + site.J @ found.s)) - move.bend(found.s) + move.bend(s)
    return found.s if gain > 0 or site.held is not None else None


def _shorter(site: Site, s: Array, there: Values) -> float:
    """The share of s at which the parabolas through what is known of each component have the least maximum."""
    if not np.isfinite(there.f).all() or site.held is not None:
        return SHRINK
    slope, f = site.J @ s, site.values.f
    t = np.linspace(0.1, 0.5, 41)[:, None]
    return float(t[np.argmin(np.max(f + t * slope + t * t * (there.f - f - slope), axis=1)), 0])


def _learn_refused(walk: Walk, s: Array, there: Values) -> None:
    """The curvature along a step that was refused, from the values at its end."""
    model = walk.model_of(s)
    bent = 2 * np.concatenate([new - linear for new, linear in zip(there, model, strict=True)])
    if np.isfinite(bent).all():
        walk.secants.learn(s, bent)


def _accept(walk: Walk, new: Trial, length: float) -> None:
    old = walk.site
    walk.secants.learn(new.site.x - old.x, new.site.slopes - old.slopes)
    if new.ratio > GOOD and length > 0.9 * walk.delta:
        walk.delta *= GROW
    elif new.ratio < FAIR:
        walk.delta = max(0.5 * length, SHRINK * walk.delta)
    walk.site = new.site
