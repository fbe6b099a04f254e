"""How hard hypothesis tries: the same examples every time, so that a red build is red again.

`pytest tests/properties --hypothesis-profile=deep` looks further, with other examples each time.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", deadline=None, max_examples=3_000, suppress_health_check=list(HealthCheck))
if settings.get_current_profile_name() == "default":
    settings.load_profile("ci")
