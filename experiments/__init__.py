"""Experiments: one question per file, run as `python -m experiments NAME`.

Linear algebra runs on one thread unless the environment says otherwise: on small matrices a thread pool that shares
its cores with anything else can take a hundred times as long, and then a clock measures the neighbours.
"""

import os

for _pool in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")  # read when NumPy is loaded, so before it is
