"""What tests of the daemon take from those of its loops."""

from tests.pipeline.conftest import loops

__all__ = ["loops"]
