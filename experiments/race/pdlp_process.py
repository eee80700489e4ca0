"""A script: the linear program of one .npz by PDLP, answer and time into another; it imports ortools alone."""

import sys
import time

import numpy as np
import scipy.sparse as sp
from ortools.pdlp import solve_log_pb2, solvers_pb2
from ortools.pdlp.python import pdlp


def main(stated: str, answer: str) -> None:
    """min t with low ≤ A z ≤ high and z ≥ bounds, t the last of z."""
    with np.load(stated) as p:
        program = pdlp.QuadraticProgram()
        program.objective_vector = np.eye(1, p["shape"][1], p["shape"][1] - 1)[0]
        program.constraint_matrix = sp.csc_matrix((p["data"], p["indices"], p["indptr"]), p["shape"])
        program.constraint_lower_bounds, program.constraint_upper_bounds = p["low"], p["high"]
        program.variable_lower_bounds = p["bounds"]
        program.variable_upper_bounds = np.full(p["shape"][1], np.inf)
        settings = solvers_pb2.PrimalDualHybridGradientParams()
        ends = settings.termination_criteria
        ends.simple_optimality_criteria.eps_optimal_absolute = float(p["tol"])
        ends.simple_optimality_criteria.eps_optimal_relative = float(p["tol"])
        ends.time_sec_limit, settings.num_threads = float(p["limit"]), 1
    begun = time.perf_counter()
    found = pdlp.primal_dual_hybrid_gradient(program, settings)
    seconds = time.perf_counter() - begun
    said = solve_log_pb2.TerminationReason.Name(found.solve_log.termination_reason)
    np.savez(answer, x=found.primal_solution, seconds=seconds, said=said.removeprefix("TERMINATION_REASON_").lower())


if __name__ == "__main__":
    main(*sys.argv[1:])
