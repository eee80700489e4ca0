"""smoothmax: min over x in X of max_i f_i(x), by log-sum-exp smoothing, with a proof of how close the answer is."""


__version__ = "0.1.0"
