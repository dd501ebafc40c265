"""`leakline demo`: a simulated org with planted leaks through the whole pipeline, and a verdict on the result."""

from agent.demo.run import run

__all__ = ["run"]
