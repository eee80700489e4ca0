"""The working set: a few rows solved by smoothing and finished exactly, the rest asked in passes."""

from .method import WorkingSet

__all__ = ["WorkingSet"]
