"""A script: ℓ∞ regression on a memory-mapped A.npy and b.npy in a folder; prints the passes and the relative gap."""

import sys
from pathlib import Path

import numpy as np

import smoothmax as sm

folder = Path(sys.argv[1])
A, b = np.load(folder / "A.npy", mmap_mode="r"), np.load(folder / "b.npy")
print("ready", flush=True)
result = sm.solve(sm.Minimax(sm.Affine(A, b, absolute=True)), tol=1e-9, time_limit=float(sys.argv[2]))
print(result.npass, result.gap / result.fun)
