"""The two backends that need only numpy: `simple`, the readable reference, and `numpy`."""
