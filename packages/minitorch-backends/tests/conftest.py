"""Settings of hypothesis: compiling a kernel takes seconds, so no example has a deadline."""

from hypothesis import settings

settings.register_profile("compiled", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("compiled")
