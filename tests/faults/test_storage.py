"""What is remembered may be gone, damaged, or not be written at all: on real files, and every device works all the same."""

from collections.abc import AsyncIterator, Callable
import errno
import json
import logging
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import file as files
import pytest

from tests.faults.columns import CLOUD, COLUMNS, Column, Site, site
from tests.faults.commands import COMMANDS, Command, errors
from tests.faults.test_matrix import Watch, said, shown
from tests.virtual_time import VirtualTime

# As they are before the test plugin keeps everything in memory.
REAL: Final = {name: getattr(Store, name) for name in ("_async_load", "_async_write_data", "async_remove")}
# Home Assistant says itself that a file is damaged, or that there is no room.
DISK: Final = ("homeassistant.helpers.storage", "homeassistant.util.file", "homeassistant.util.json")
# Without its memory a session begins when it is first seen.
REMEMBERED: Final = "_session_start"
# Home Assistant tries again to set up what was not there; how long its own pauses take to add up (s).
PATIENCE: Final = 200.0


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Have a folder of one's own."""
    return hass_tmp_config_dir


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house, with a battery behind the gateway, and real files."""
    hass.loop.set_debug(False)
    with patch.multiple(Store, **REAL):
        async with site() as found:
            found.envoy.change(encharges=1, enpower=True)
            yield found


def memory(hass: HomeAssistant, entry_id: str) -> Path:
    """Return the file that an entry is remembered in."""
    (found,) = (each for each in Path(hass.config.path(".storage")).glob(f"*.{entry_id}") if ".loops." not in each.name)
    return found


def restore(hass: HomeAssistant, key: str, kept: bytes, damage: Callable[[Path], object]) -> None:
    """Put a file back as it was, and damage it."""
    file = Path(hass.config.path(".storage", key))
    file.write_bytes(kept)
    damage(file)


def strange(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Return what leaves a file that can be read, with something else in it."""

    def damage(file: Path) -> None:
        kept = json.loads(file.read_text())
        kept["data"] = change(kept["data"])
        file.write_text(json.dumps(kept))

    return damage


def names(found: object) -> list[str]:
    """Return the keys of what has any."""
    return list(found) if isinstance(found, dict) else ["x"]


DAMAGES: Final[dict[str, Callable[[Path], object]]] = {
    "gone": Path.unlink,
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "zeros": lambda file: file.write_bytes(b"\0" * 4096),
    "a list": strange(lambda _: [1]),
    "lists": strange(lambda kept: {key: [1] for key in kept}),
    "words": strange(lambda kept: dict.fromkeys(kept, "x")),
    "other shapes": strange(
        lambda kept: {
            key: [[1]] * 2 if isinstance(found, list) else dict.fromkeys(names(found), 7) for key, found in kept.items()
        }
    ),
}


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_memory(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever has become of the file, the device is shown as it was."""
    entry = await column.add(hass, there)
    await virtual_time.run(max(40.0, 2 * column.interval))
    watch = Watch(hass, {name: value for name, value in shown(hass, entry.entry_id).items() if not name.endswith(REMEMBERED)})
    assert await hass.config_entries.async_unload(entry.entry_id)
    kept = memory(hass, entry.entry_id).read_bytes()
    hass.bus.async_listen("state_changed", watch.see)
    caplog.clear()
    for name, damage in DAMAGES.items():
        restore(hass, f"{column.domain}.{entry.entry_id}", kept, damage)
        assert await hass.config_entries.async_setup(entry.entry_id), name
        await virtual_time.until(lambda: watch.missing() == set(), within=40 + column.interval, every=1)
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert (watch.wrong, errors(caplog, *DISK), said(caplog, logging.WARNING)) == ([], [], []), name


@pytest.mark.parametrize("column", COLUMNS, ids=str)
async def test_restart_in_an_outage(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant starts while the device is away: nothing is made up, and nobody has to do anything."""
    entry = await column.add(hass, there)
    await virtual_time.run(max(40.0, 2 * column.interval))
    watch = Watch(hass, shown(hass, entry.entry_id))
    hass.bus.async_listen("state_changed", watch.see)
    await column.fail(there, "refuse")
    await virtual_time.run(column.grace)
    assert await hass.config_entries.async_unload(entry.entry_id)
    caplog.clear()
    loaded = await hass.config_entries.async_setup(entry.entry_id)
    await virtual_time.run(120)
    assert entry.state is (ConfigEntryState.LOADED if loaded else ConfigEntryState.SETUP_RETRY)
    # What the cloud said is written down, and stands for a while.
    assert bool(watch.missing()) == (column is not CLOUD)
    await column.heal(there)
    await virtual_time.until(lambda: watch.missing() == set(), within=PATIENCE + column.back, every=1)
    assert (watch.wrong, errors(caplog, *DISK)) == ([], [])
    assert len(said(caplog, logging.WARNING)) <= 1
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
async def test_disk_full(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """No room for a single byte: values go on, commands are done, and when there is room everything is written."""
    column = command.column
    full = OSError(errno.ENOSPC, "No space left on device")
    with patch.object(files.tempfile, "NamedTemporaryFile", side_effect=full):
        entry = await column.add(hass, there)
        await virtual_time.run(max(200.0, 2 * column.interval))
        assert await command.told(hass, command.values[0]) is None
        assert command.has(there) == command.values[0]
        await virtual_time.run(max(40.0, 2 * column.interval))
        watch = Watch(hass, shown(hass, entry.entry_id))
        hass.bus.async_listen("state_changed", watch.see)
        await virtual_time.run(200)
        assert (watch.wrong, watch.missing(), watch.gone_at) == ([], set(), None)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await virtual_time.until(lambda: watch.missing() == set(), within=40 + column.interval, every=1)
    assert (errors(caplog, *DISK), said(caplog, logging.WARNING)) == ([], [])
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert json.loads(memory(hass, entry.entry_id).read_text())["data"]
