"""The tests of a change are the same every time; those of a night are new ones (tests/effort.py)."""

from hypothesis import settings

from .effort import PROFILE

settings.load_profile(PROFILE)
