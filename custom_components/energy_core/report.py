"""What one reading brought: who answered, who did not, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import EnergyError
from .points import Key, Raw, Source


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A wire's answer: raw values by key, and the keys that failed although the link lives.

    A key in neither is one that the unit does not have.
    """

    values: Mapping[Key, Raw] = field(default_factory=dict)
    failed: Mapping[Key, EnergyError] = field(default_factory=dict)

    def error(self, sources: Iterable[Source]) -> EnergyError | None:
        """Return why the first of ``sources`` that failed did so, None when all is well."""
        return next((self.failed[source.key] for source in sources if source.key in self.failed), None)


@dataclass(frozen=True, kw_only=True)
class UpdateReport:
    """A poll's outcome by block name, and when it was known by the device's clock; a block that was not due stands in neither."""

    updated: frozenset[str] = frozenset()
    failed: Mapping[str, EnergyError] = field(default_factory=dict)
    at: float = 0.0

    def after(self, earlier: UpdateReport) -> UpdateReport:
        """Return what holds now: blocks not read this time keep what the earlier report said."""
        if not self.failed and not earlier.failed and self.updated <= earlier.updated:
            # As it mostly is: nothing was asked that did not answer before.
            return earlier
        still_failed = {name: error for name, error in earlier.failed.items() if name not in self.updated}
        failed = {**still_failed, **self.failed}
        return UpdateReport(updated=(earlier.updated | self.updated) - failed.keys(), failed=failed)
