"""How often properties are tried."""

from hypothesis import settings

# Other examples in every run, so that many runs see much; `--hypothesis-profile thorough` sees much in one.
settings.register_profile("usual", max_examples=30, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("usual")
