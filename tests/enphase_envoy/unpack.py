"""Turn a capture file into a folder that the capture gateway serves: python -m tests.enphase_envoy.unpack FILE FOLDER.

Only answers with a body become files. Read what is in them, take out what a test does not need, and add a line to
``captures/README.md``.
"""

import json
from pathlib import Path
import sys
from typing import Any

from custom_components.energy_core.capture import replay
from tests.enphase_envoy.capture_gateway import file_name


def unpack(capture: Any, folder: Path) -> list[Path]:
    """Write each answer of a capture into ``folder``, and its status beside it where it was not 200."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for request, (status, body) in replay(capture).items():
        path = folder / file_name(request.removeprefix("GET "))
        if body is not None:
            path.write_text(body if isinstance(body, str) else json.dumps(body, indent=1), encoding="utf-8")
            written.append(path)
        if status != 200:
            path.with_name(f"{path.name}_log.json").write_text(json.dumps({"code": status}), encoding="utf-8")
    return written


if __name__ == "__main__":
    unpack(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
