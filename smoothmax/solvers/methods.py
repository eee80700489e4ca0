"""A table of methods, name → class, that reads a method's own files when it is first asked for."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from importlib import import_module

from .base import Direct, Method

Maker = type[Method] | type[Direct]


class Methods(MutableMapping[str, Maker]):
    """A dictionary; `later` says of further names in which file and under what name the class is."""

    def __init__(self, given: Iterable[Maker], later: Mapping[str, tuple[str, str]]) -> None:
        self._held: dict[str, Maker | tuple[str, str]] = {**{method.name: method for method in given}, **later}

    def __getitem__(self, name: str) -> Maker:
        held = self._held[name]
        if isinstance(held, tuple):
            file, which = held
            self._held[name] = held = getattr(import_module(f".{file}", __package__), which)
        return held

    def __setitem__(self, name: str, method: Maker) -> None:
        self._held[name] = method

    def __delitem__(self, name: str) -> None:
        del self._held[name]

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
