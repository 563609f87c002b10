"""Layers: modules with parameters or settings of their own, one family a file."""
