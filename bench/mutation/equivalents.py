"""Mutants that no test can notice, because they do the same; each with its reason."""

from typing import Final

# Module, function, and the mutated line.
EQUIVALENT: Final[dict[tuple[str, str, str], str]] = {}
