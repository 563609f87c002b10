"""Settings of hypothesis for all tests of this layer."""

from hypothesis import settings

# No deadline: a busy machine is no error. Fewer examples than the default: there are many laws.
settings.register_profile("layer", deadline=None, max_examples=50)
settings.load_profile("layer")
