"""The two backends that need nothing but numpy: `simple` to read, `numpy` to use."""
