"""What pySigma may do while it reads a rule."""

from __future__ import annotations

import re

import re2
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern


class QuietRegexEngine(RE2RegexEngine):
    """RE2, without its complaints on standard error."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(letter for letter in "ims" if flags & getattr(re, letter.upper()))
        options = re2.Options()
        options.log_errors = False
        compiled: RegexPattern = re2.compile(f"(?{letters}){pattern}" if letters else pattern, options)
        return compiled

    def __deepcopy__(self, memo: dict[int, object]) -> QuietRegexEngine:
        """Itself: pySigma copies filters with all they hold, and a module cannot be copied."""
        return self


POLICY = SigmaPolicy(regex_engine=QuietRegexEngine())
"""pySigma's safe policy: RE2 only, nothing is read from files or the network."""
