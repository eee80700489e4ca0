from .method import Saddle

__all__ = ["Saddle"]
