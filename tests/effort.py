"""How hard the tests try: a sample on every change, the whole on a night (`make nightly`)."""

import os

from hypothesis import HealthCheck, settings

NIGHT = bool(os.environ.get("SMOOTHMAX_NIGHTLY"))

settings.register_profile("change", deadline=None, derandomize=True, database=None)
settings.register_profile(
    "night", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def cases(change, night):
    """How many cases to try: `change` on every change, `night` on a night."""
    return night if NIGHT else change


def law(change, night):
    """A Hypothesis law tried on that many examples; on a night, with other seeds each time."""
    return settings(settings.get_profile("night" if NIGHT else "change"), max_examples=cases(change, night))


def seed():
    """The first seed of a random batch: 0 on every change, SMOOTHMAX_SEED or a new one on a night (it is printed)."""
    if not NIGHT:
        return 0
    given = os.environ.get("SMOOTHMAX_SEED")
    return int(given) if given else int.from_bytes(os.urandom(4))
