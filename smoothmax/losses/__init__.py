"""What the log-sum-exp is for in machine learning: cross-entropy, attention, and the lifted structured loss.

Arrays of NumPy or any array-API library; what the library can differentiate it can here too, and closed gradients are
given for those that cannot.
"""

from .blocks import attention, attention_vjp
from .entropies import cross_entropy, cross_entropy_grad
from .lifted import Lifted, lifted_structured

__all__ = ["Lifted", "attention", "attention_vjp", "cross_entropy", "cross_entropy_grad", "lifted_structured"]
