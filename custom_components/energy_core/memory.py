"""What an earlier life wrote down: a disk may have made anything of it."""

from typing import Any


def section(saved: object) -> dict[str, Any]:
    """Return a part of what was saved, empty when it is no longer one."""
    return saved if isinstance(saved, dict) else {}
