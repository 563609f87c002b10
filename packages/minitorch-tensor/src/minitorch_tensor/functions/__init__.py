"""The differentiable functions, by family; each pairs its forward with its backward."""
