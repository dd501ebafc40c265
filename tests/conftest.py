"""For all tests: no property test fails because the machine is slow."""

from hypothesis import HealthCheck, settings

settings.register_profile("leakline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leakline")
