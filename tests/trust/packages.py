"""Distributions built, installed and looked into: what a user has who is not in a clone."""

import re
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def build(target, source=ROOT, *kinds):
    """The files that hatchling makes of `source`, in `target`."""
    wanted = [word for kind in kinds for word in ("-t", kind)]
    run(sys.executable, "-m", "hatchling", "build", *wanted, "-d", target, cwd=source)
    return sorted(Path(target).iterdir())


def run(*command, code=0, **options):
    """What a command prints; any other exit code fails with all of it."""
    words = [str(word) for word in command]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, **options)
    assert ran.returncode == code, (
        f"{' '.join(words)}\nexit code {ran.returncode}, not {code}\n{ran.stdout}{ran.stderr}"
    )
    return ran


def needed(requirements, extra=""):
    """Distributions by canonical name: those that `requirements` ask for here, and what these ask for in turn."""
    found: dict[str, Distribution] = {}
    asked = [(Requirement(text), extra) for text in requirements]
    done = set()
    while asked:
        requirement, active = asked.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": active}):
            continue
        name = canonicalize_name(requirement.name)
        for wish in ["", *requirement.extras]:
            if (name, wish) in done:
                continue
            done.add((name, wish))
            found[name] = dist = distribution(requirement.name)
            asked += [(Requirement(text), wish) for text in dist.requires or ()]
    return found


def linked(distributions, site):
    """Put installed distributions into another environment's `site` by links."""
    for dist in distributions:
        tops = {Path(file).parts[0] for file in dist.files or () if ".." not in Path(file).parts}
        for top in tops - {"__pycache__"}:
            place = Path(site) / top
            if not place.exists():
                place.symlink_to(Path(str(dist.locate_file(top))))


def pins(name):
    """name → version of a file of pins."""
    lines = (ROOT / name).read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in lines), f"{name}: names and versions"
    pairs = [line.split("==") for line in lines]
    return {canonicalize_name(package): version for package, version in pairs}


def environment(folder, wheel, requirements):
    """A virtual environment with the wheel, and of all that is installed here only what `requirements` need."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = Path(folder) / "bin" / "python"
    (site,) = Path(folder).glob("lib/python*/site-packages")
    linked(needed(requirements).values(), site)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    run(*pip, "--quiet", "--no-deps", "--no-index", "--no-compile", wheel)
    return python
