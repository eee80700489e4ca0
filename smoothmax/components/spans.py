"""Vectors with an entry for every component, of which only some are at hand, addressed by slices as the whole ones."""

from collections.abc import Sequence

import numpy as np

from .._typing import Array


class Section:
    """The entries in `spans`, slices of the whole; what is written beside them is kept as well."""

    def __init__(self, spans: Sequence[slice], parts: Sequence[Array]) -> None:
        self.spans, self.parts = list(spans), list(parts)

    @classmethod
    def of(cls, v: "Array | Section | Even", spans: Sequence[slice]) -> "Section":
        """A copy of those entries of v."""
        return cls(spans, [np.array(v[s]) for s in spans])

    @classmethod
    def empty(cls, spans: Sequence[slice]) -> "Section":
        """Room for those entries."""
        return cls(spans, [np.empty(s.stop - s.start) for s in spans])

    def __getitem__(self, s: slice) -> Array:
        found = self._find(s)
        if found is None:
            raise KeyError(f"the components {s.start} to {s.stop} are not here")
        return found

    def __setitem__(self, s: slice, values: Array) -> None:
        found = self._find(s)
        if found is None:
            self.spans.append(s)
            self.parts.append(np.array(values))
        else:
            found[:] = values

    def _find(self, s: slice) -> Array | None:
        for span, part in zip(self.spans, self.parts):
            if span.start <= s.start and s.stop <= span.stop:
                return part[s.start - span.start : s.stop - span.start]
        return None


class Even:
    """One number for every component."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __getitem__(self, s: slice) -> Array:
        return np.full(s.stop - s.start, self.value)


Entries = Array | Section | Even  # whatever gives an array for a slice
