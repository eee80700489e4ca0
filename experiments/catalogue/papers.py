"""Evaluation counts from a paper: a derivative-free method on F_τ (Liuzzi, Lucidi, Sciandrone 2006)."""

from __future__ import annotations

from experiments._tables import Rows
from problems.tables import rows

DF = "DF 2006"
NOTES = {
    "DF": "τ falls from 1 with the step",
    "DFmod1": "the max itself, no smoothing",
    "DFmod2": "τ = 1 throughout",
    "DFmod3": "τ = 0.01 throughout",
}


def evaluations() -> dict[str, Rows]:
    """Rows of the paper by the name of the catalogue's case, and only those that begin where the catalogue does."""
    found: dict[str, Rows] = {}
    for row in rows("liuzzi2006.csv"):
        if row["problem"] == "polak 6.1":  # CB2 from another start
            continue
        value, optimum = float(row["f_found"]), float(row["f_star"])
        found.setdefault(row["case"], []).append(
            {
                "contender": row["variant"].replace("DF", DF, 1),
                "found": value,
                "error": (value - optimum) / (1 + abs(optimum)),  # the paper's measure
                "solved": "printed",
                "nfev": int(row["nF"]),
                "njev": 0,
                "said": NOTES[row["variant"]],
            }
        )
    return found
