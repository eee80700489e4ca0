"""Every wrong argument of every public callable is refused by name, and no argument is left out of the table."""

import inspect
import re

import pytest

import smoothmax as sm
from smoothmax import cvx, losses, sweep
from smoothmax.regularizers import named

from .doors import table
from .doors_outside import SIGNATURES

DOORS = table()
MODULES = {"": sm, "cvx.": cvx, "losses.": losses, "sweep.": sweep}
# What the library hands out: nobody needs to make one, and whoever takes one looks into it.
RECORDS = """Bracket Certificate Curve Interrupted Kept Lifted MinimaxResult Multipliers NotMinimax Path Replacement
    Results Smoothing"""
# The rooms' own verbs, which are asked what the doors have checked.
COMPONENTS = """at blur bound cheaper check column_peaks curvature_slack data_sizes density derivative derivatives
    evaluate hess inside inspect known matrix rounding rounding_limit siblings slope_rounding soft_hess
    spectrum subset turned values visit within"""
DOMAINS = "linear miss missed moved normal parts prices reach recedes walls"
INSIDE = {
    **dict.fromkeys(("Affine", "Quadratic", "Smooth", "Spectral", "Stack"), COMPONENTS),
    **dict.fromkeys(("Ball", "Box", "Free", "Polyhedron", "Product", "Simplex"), DOMAINS),
    "Minimax": "at only placed",
    "Smoothed": "maximum point value",
    "sweep.Results": "of",
}


def complaint(door, argument, value):
    """What is wrong with the refusal of that value; None where nothing is."""
    try:
        door.with_(**{argument: value})
    except (TypeError, ValueError) as error:
        named = re.search(rf"(?<!\w){re.escape(argument)}(?!\w)", str(error))
        return None if named else f"{type(error).__name__} without its name: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "is taken"


def objection(door, argument, value):
    """The error that a legitimate value meets; None where it is taken."""
    try:
        door.with_(**{argument: value})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def told(name, found):
    """The cases in which something was found, with what to call to see it."""
    return [f"{name}({argument}={label}): {what}" for argument, label, what in found if what is not None]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Names of files are meant below a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", DOORS)
def test_a_wrong_argument_is_refused_by_name(name):
    door = DOORS[name]
    bad = told(name, [(argument, label, complaint(door, argument, value)) for argument, label, value in door.cases()])
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("name", DOORS)
def test_right_arguments_and_what_only_looks_wrong_are_taken(name):
    door = DOORS[name]
    door.with_()
    bad = told(
        name, [(argument, label, objection(door, argument, value)) for argument, label, value in door.exceptions()]
    )
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("name", [name for name in DOORS if "solver_options" not in DOORS[name].wrong])
def test_an_unknown_keyword_is_refused(name):
    with pytest.raises(TypeError, match="nonsense"):
        DOORS[name].with_(nonsense=1)


def exported(module):
    """(name, object) of the public functions and classes of a module."""
    names = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    found = {name: getattr(module, name) for name in names}
    return {name: one for name, one in found.items() if inspect.isfunction(one) or inspect.isclass(one)}


def doors_wanted():
    """Every public callable by the name of its door, with its signature's owner."""
    for prefix, module in MODULES.items():
        for name, one in exported(module).items():
            if name != "register" and name not in RECORDS.split():
                yield prefix + name, one.__init__ if inspect.isclass(one) else one
            if inspect.isclass(one):
                yield from methods(prefix + name, one)
    for kind in {type(omega) for omega in (named("shannon"), named("gini"), sm.tsallis(1.5))}:
        yield from methods(kind.__name__, kind)
    yield from SIGNATURES.items()


def methods(owner, kind):
    """The public methods of a class that have arguments, but for those inside the house."""
    for name in dir(kind):
        method = inspect.getattr_static(kind, name)
        ours = any(name in vars(base) for base in kind.__mro__ if base.__module__.startswith("smoothmax"))
        if name.startswith("_") or name in INSIDE.get(owner, "").split() or not (ours and callable(method)):
            continue
        if len(inspect.signature(method).parameters) > 1:
            yield f"{owner}.{name}", method


def test_every_argument_of_every_public_callable_is_in_the_table():
    missing = []
    for name, one in doors_wanted():
        if name not in DOORS and "." in name and same_as_another(name):
            continue
        door = DOORS.get(name)
        if door is None:
            missing.append(name)
            continue
        known = {*door.wrong, *door.open, "self", "cls"}
        missing += [f"{name}({argument})" for argument in inspect.signature(one).parameters if argument not in known]
    assert not missing, f"no wrong argument is tried of {', '.join(missing)}"


def same_as_another(name):
    """A method that a class has from another one whose door is in the table."""
    owner, _, method = name.rpartition(".")
    return owner == "cvx.Curve" and f"Path.{method}" in DOORS


def test_every_door_in_the_table_is_one_of_the_library():
    wanted = {name for name, _ in doors_wanted()}
    extra = [name for name in DOORS if name not in wanted and " " not in name]
    assert not extra, f"no public callable is called {', '.join(extra)}"
