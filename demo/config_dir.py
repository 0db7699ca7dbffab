"""The throw-away configuration folder of the demo's Home Assistant."""

import base64
from collections.abc import Iterable, Mapping
import json
from pathlib import Path

import bcrypt

from .console import DemoError
from .processes import LOOPBACK

USER = "demo"
PASSWORD = "demo"  # noqa: S105 a throw-away server on the loopback interface

# No default_config: it brings discovery and cloud services, which talk to the network.
CONFIGURATION = """\
homeassistant:
  name: Demo house
  latitude: 48.8566
  longitude: 2.3522
  elevation: 35
  time_zone: Europe/Paris
  country: FR
  currency: EUR
  unit_system: metric
frontend:
config:
history:
logbook:
energy:
input_boolean:
  water_heater:
    name: Water heater
    icon: mdi:water-boiler
recorder:
  commit_interval: 1
logger:
  default: warning
  logs:
    custom_components: info
"""
# An integration of the demo's own; see its docstring.
CLOUDS = """\
demo_cloud:
  enphase: {enphase}
"""


def storage_seeds(port: int) -> dict[str, dict[str, object]]:
    """Return the content of the .storage files that stand for a finished onboarding.

    The HTTP settings live here since Home Assistant 2026.9: in YAML they are only a trial of five minutes.
    The first user who logs in becomes the owner.
    """
    http = {
        "server_host": [LOOPBACK],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    http_data = {"stable": http, "pending": None, "yaml_migration_done": True}
    secret = base64.b64encode(bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4))).decode()
    return {
        "http": _stored("http", 2, 2, http_data),
        "onboarding": _stored("onboarding", 4, 1, {"done": ["user", "core_config", "analytics", "integration"]}),
        "auth_provider.homeassistant": _stored(
            "auth_provider.homeassistant", 1, 1, {"users": [{"username": USER, "password": secret}]}
        ),
    }


def write_config(folder: Path, sources: Iterable[Path], port: int, enphase_cloud: str) -> None:
    """Fill the folder with everything that Home Assistant needs to start with our integrations."""
    (folder / "configuration.yaml").write_text(CONFIGURATION + CLOUDS.format(enphase=enphase_cloud))
    custom = folder / "custom_components"
    custom.mkdir()
    for source in sources:
        if not source.is_dir():
            raise DemoError(f"no integrations found at {source}")
        for one in source.iterdir():
            if one.name != "__pycache__":
                (custom / one.name).symlink_to(one)
    storage = folder / ".storage"
    storage.mkdir()
    for name, content in storage_seeds(port).items():
        (storage / name).write_text(json.dumps(content))


def _stored(key: str, version: int, minor_version: int, data: Mapping[str, object]) -> dict[str, object]:
    """Return data in the envelope of Home Assistant's storage helper."""
    return {"version": version, "minor_version": minor_version, "key": key, "data": data}
