"""How hard the tests try: a sample on every change, the whole on a night (`make nightly`), a little for each mutant."""

import os

from hypothesis import HealthCheck, Phase, settings

NIGHT = bool(os.environ.get("SMOOTHMAX_NIGHTLY"))
MUTANTS = bool(os.environ.get("SMOOTHMAX_MUTANTS"))
LITTLE = 8  # for a mutant one case in so many is tried first

settings.register_profile("change", deadline=None, derandomize=True, database=None)
settings.register_profile(
    "night", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

settings.register_profile("mutants", settings.get_profile("change"), phases=[Phase.explicit, Phase.generate])
PROFILE = "night" if NIGHT else "mutants" if MUTANTS else "change"


def cases(change, night):
    """How many cases to try: `change` on every change, `night` on a night."""
    return night if NIGHT else max(change // LITTLE, 1) if MUTANTS else change


def law(change, night):
    """A Hypothesis law tried on that many examples; on a night, with other seeds each time."""
    return settings(settings.get_profile(PROFILE), max_examples=cases(change, night))


def seed():
    """The first seed of a random batch: 0 on every change, SMOOTHMAX_SEED or a new one on a night (it is printed)."""
    if not NIGHT:
        return 0
    given = os.environ.get("SMOOTHMAX_SEED")
    return int(given) if given else int.from_bytes(os.urandom(4))
