"""Firmware versions as numbers: 3.9 is older than 3.17."""

import re
from typing import Final

# From here on a request needs a token, and travels by HTTPS.
TOKEN_SINCE: Final = (7, 0, 0)
# Older firmware has a page for people and no JSON.
JSON_SINCE: Final = (3, 9)
# Older firmware has no production report, only sums.
REPORT_SINCE: Final = (4,)
# From here on ``/api/v1/production`` of metered hardware without CTs stands still.
STALE_SUM_SINCE: Final = (8, 2, 4264)


def version(text: str) -> tuple[int, ...]:
    """Return e.g. ``D8.2.4345`` as ``(8, 2, 4345)``; nothing readable is ``()``."""
    found = re.match(r"[A-Za-z]*(\d{1,6}(?:\.\d{1,6})*)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
