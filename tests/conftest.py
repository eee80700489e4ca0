"""The tests of a change are the same every time; those of a night are new ones (tests/effort.py)."""

from hypothesis import settings

from .effort import NIGHT

settings.load_profile("night" if NIGHT else "change")
