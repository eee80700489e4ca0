"""All experiments as one page that needs nothing else: no network, no script, no other file.

Those that measure time run one after another with the machine to themselves; the others before them, side by side.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from experiments._sections import Section, Wanted, section
from experiments._words import duration
from smoothmax._files import write_whole
from smoothmax.sweep.machine import machine

TEMPLATE = Path(__file__).with_name("_report.html.j2")
PAGE = "report.html"
CHAPTERS = {
    "The idea": ("tour", "surface", "equioscillation", "ball_map"),
    "Temperature": ("gap_vs_temperature", "cost_vs_temperature", "choosing_tau", "regularizers", "cvx_path"),
    "Laws": ("inequalities", "duality", "smoothing_error", "rates"),
    "Cost, and who else": (
        "cost",
        "scaling",
        "race",
        "cvx_speed",
        "conic_limits",
        "catalogue",
        "operators_speed",
        "cluster",
        "sweep_speed",
    ),
    "Applications": ("applications", "filters", "traffic"),
}
OTHERS = "More"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what HTML has no place for
LONGEST = ("catalogue", "conic_limits", "duality")  # begun first, so that no process is left with them at the end
SETTINGS = {
    "quick": "In the quick setting: sizes so small that everything runs in minutes. It shows that all works and what "
    "the figures look like; on such sizes nobody is faster by much.",
    "": "In the default setting.",
    "full": "In the full setting, with the largest sizes.",
}


def publish(wanted: Sequence[Wanted], out: Path, workers: int, command: str, say: Callable[[str], Any] = print) -> int:
    """Run what is wanted and write the page; 1 where an experiment failed."""
    found: dict[str, Section] = {}
    for done in sections(wanted, workers):
        found[done.name] = done
        state = f"failed: {done.error}" if done.error else duration(done.seconds)
        say(f"{len(found):2}/{len(wanted)}  {done.name:20} {state}")
    chosen = [found[one.name] for one in wanted]
    path = write_whole(out / PAGE, lambda file: file.write(page(chosen, wanted[0].level, command).encode()))
    say(f"Written: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    return int(any(one.error for one in chosen))


def sections(wanted: Sequence[Wanted], workers: int) -> Iterator[Section]:
    """As they are finished. With one worker everything is done here, else in processes of their own."""
    if workers == 1:
        yield from map(section, wanted)
        return
    together = [one for one in wanted if not one.alone]
    together.sort(key=lambda one: LONGEST.index(one.name) if one.name in LONGEST else len(LONGEST))
    yield from _processes(together, workers)
    yield from _processes([one for one in wanted if one.alone], 1)


def page(found: Sequence[Section], level: str, command: str) -> str:
    """The HTML."""
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    except ImportError as missing:  # pragma: no cover - Jinja2 is there wherever this is tested
        raise ImportError('the report needs Jinja2: pip install "smoothmax[report]"') from missing
    rooms = Environment(
        loader=FileSystemLoader(TEMPLATE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rooms.filters |= {"duration": duration, "code": _code, "tied": _tied, "anchor": lambda name: name.replace("_", "-")}
    facts = machine()
    drawn = rooms.get_template(TEMPLATE.name).render(
        chapters=chapters(found),
        sections=found,
        failed=[one for one in found if one.error],
        setting=SETTINGS[level],
        command=command,
        machine=facts,
        briefly=f"{facts['processor']}, {facts['cores']} cores, {facts['system']}, Python {facts['python']}",
        today=datetime.date.today().isoformat(),
        seconds=sum(one.seconds for one in found if one.seconds == one.seconds),
    )
    return CONTROL.sub("", drawn)


def chapters(found: Sequence[Section]) -> dict[str, list[Section]]:
    """In the order of CHAPTERS; what they do not know comes last."""
    by_name = {one.name: one for one in found}
    sorted_in = {title: [by_name.pop(n) for n in names if n in by_name] for title, names in CHAPTERS.items()}
    return {title: some for title, some in {**sorted_in, OTHERS: list(by_name.values())}.items() if some}


def _processes(wanted: Sequence[Wanted], workers: int) -> Iterator[Section]:
    """In processes of their own; one that dies is tried again by itself, since it takes the others with it."""
    if not wanted:
        return
    died = []
    with _pool(workers) as pool:
        running: dict[Future[Section], Wanted] = {pool.submit(section, one): one for one in wanted}
        for future in as_completed(running):
            try:
                yield future.result()
            except BrokenProcessPool:
                died.append(running[future])
    for one in died:
        with _pool(1) as pool:
            try:
                yield pool.submit(section, one).result()
            except BrokenProcessPool:
                said = "its process ended without a word: killed, or out of memory"
                yield Section(one.name, one.name, (), one.command, float("nan"), error=said)


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(min(workers, 60), mp_context=get_context("spawn"))


def _code(text: str) -> Any:
    """Escaped, with what stands between backticks as code."""
    from markupsafe import Markup

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


def _tied(text: str) -> str:
    """With no line broken around an equals sign, a multiplication sign or before a unit."""
    text = re.sub(r" ([=≤×]) ", "\u00a0\\1\u00a0", text)
    return re.sub(r"(\d) (%|(?:µs|ms|s|min|km|cores)\b)", "\\1\u00a0\\2", text)


def cores() -> int:
    """How many processes by default."""
    return os.cpu_count() or 1
