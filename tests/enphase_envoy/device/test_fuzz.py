"""Whatever a gateway says and whatever a file holds: values that make sense, or one of our errors, and soon."""

import copy
import json
import math
import time
from typing import Any, Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceProtocolError, EnergyError
from custom_components.enphase_envoy.envoy import parse
from custom_components.enphase_envoy.envoy.auth import Digest
from custom_components.enphase_envoy.envoy.device import Envoy
from custom_components.enphase_envoy.envoy.endpoints import ENDPOINTS, PAGE
from custom_components.enphase_envoy.envoy.families import FAMILIES
from custom_components.enphase_envoy.envoy.firmware import version
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.enphase_envoy.envoy.local import Local
from custom_components.enphase_envoy.envoy.points import WIRE, Site
from tests.enphase_envoy.capture_gateway import OWN, CaptureGateway, captures
from tests.enphase_envoy.device.rig import Clock, captured

fuzz = settings(derandomize=True, deadline=None, max_examples=500)
# What a fuzzed answer takes at most (s); hostile ones would take minutes.
SOON: Final = 2.0
SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["NaN", "-inf", "1e999", "1_6", 1e308, -1e308, 2**32 - 4, "PCU", "ENCHARGE", "production", "eim", 11, "11"])
)
ANYTHING: Final = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def bodies() -> list[tuple[str, bytes]]:
    """Return an answer of each endpoint, of one capture or another, richest first."""
    found: dict[str, bytes] = {}
    for folder in captures(OWN):
        gateway = CaptureGateway(folder)
        for name, endpoint in ENDPOINTS.items():
            answer = gateway.captured(endpoint.path)
            if answer is not None and answer.status == 200 and len(answer.body) > len(found.get(name, b"")):
                found[name] = answer.body
    return sorted(found.items())


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every node of a document."""
    inner = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another node in one place."""
    if not path:
        return value
    made = copy.copy(document)
    made[path[0]] = changed(document[path[0]], path[1:], value)
    return made


def blocks(read: parse.Flat, name: str) -> None:
    """Take an answer over as a device does; every value must make sense."""
    assert all(isinstance(key, tuple) and key[0] for key in read)
    device = Envoy(Local(Link(None, "http://nowhere", Digest()), clock=Clock()), serial="1", now=Clock().now)  # type: ignore[arg-type]
    device.local.seen[name] = read
    device.local.answered = {name}
    if name in FAMILIES:
        device.sync(name, FAMILIES[name](read))
    for block in device.blocks.values():
        block.decode(WIRE, read)
        for value in block.values.values():
            assert value is None or isinstance(value, str | bool) or math.isfinite(value)


@pytest.mark.parametrize(("name", "body"), bodies(), ids=[name for name, _ in bodies()])
def test_trap_8_any_node_of_an_answer_may_be_anything(name: str, body: bytes):
    """Dropped, retyped, nested, hostile: an answer of ours or an error of ours."""
    if name == "info":
        pytest.skip("it is XML, and has its own test")
    document = json.loads(body)
    spots = places(document)

    @given(spot=st.sampled_from(spots), other=st.sampled_from(spots), value=ANYTHING)
    @fuzz
    def tried(spot: tuple[Any, ...], other: tuple[Any, ...], value: Any) -> None:
        spoiled = changed(document, spot, value)
        try:
            spoiled = changed(spoiled, other, value)
        except KeyError, IndexError, TypeError:
            spoiled = changed(document, other, value)
        try:
            read = ENDPOINTS[name].read(json.dumps(spoiled).encode())
        except EnergyError:
            return
        blocks(read, name)

    tried()


@given(body=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@fuzz
def test_any_bytes_are_an_answer_or_an_error(body: bytes):
    """For every endpoint, and for the page of old firmware."""
    for name, endpoint in {**ENDPOINTS, "v1": PAGE}.items():
        try:
            blocks(endpoint.read(body), name)
        except EnergyError:
            continue


@pytest.mark.parametrize(
    "body",
    [
        b"<device>" * 250_000,
        b"<device>" + b"<sn>" * 500_000 + b"</device>",
        b"<" * 2_000_000,
        b"<device><sn>" + b"&amp;" * 300_000 + b"</sn></device>",
    ],
)
def test_f32_a_hostile_page_is_read_in_no_time(body: bytes):
    """Nothing looks at the same letters over and over."""
    start = time.process_time()
    for read in (parse.info, parse.page_production):
        try:
            read(body)
        except DeviceProtocolError:
            continue
    assert time.process_time() - start < SOON


@pytest.mark.parametrize("serial", ["", "   ", "\x00\x07", None])
def test_f45_a_gateway_without_a_serial_number_is_none(serial: str | None):
    """Nobody could tell it from another."""
    tag = "" if serial is None else f"<sn>{serial}</sn>"
    page = f"<envoy_info><device>{tag}<software>D8.3.1</software></device></envoy_info>"
    with pytest.raises(DeviceProtocolError) as caught:
        parse.info(page.encode())
    assert caught.value.key == "not_envoy"


def test_f45_a_hostile_serial_number_is_cut_and_cleaned():
    """It becomes a part of ids and of names."""
    page = f"<device><sn>12\r\n{'9' * 5000}</sn><software>D8.3.1</software></device>"
    assert parse.info(page.encode())["info", "serial"] == "12" + "9" * 62


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("D8.3.5433", (8, 3, 5433)),
        ("R4.10.35", (4, 10, 35)),
        ("3.9.36", (3, 9, 36)),
        ("", ()),
        ("D", ()),
        ("garbage 8.3", ()),
        ("9" * 50, (999999,)),
    ],
)
def test_versions_are_numbers(text: str, numbers: tuple[int, ...]):
    """And so 3.9 is older than 3.17, which is older than 4.2."""
    assert version(text) == numbers
    assert version("3.7.0") < version("3.9.36") < version("3.17.3") < version("4.2.33") < version("8.2.127")


class TestMemory:
    """What an earlier life saved may have been written by anybody."""

    @staticmethod
    def device() -> Envoy:
        """Return a device that talks to nobody."""
        clock = Clock()
        return Envoy(Local(Link(None, "http://nowhere", Digest()), clock=clock), serial="1", clock=clock, now=clock.now)  # type: ignore[arg-type]

    @given(saved=st.dictionaries(st.sampled_from(["counters", "ledger", "estimates", "sum", "?"]), ANYTHING))
    @fuzz
    def test_f40_garbage_is_forgotten(self, saved: dict[str, Any]):
        """Nothing raises, and what is saved next can be written."""
        device = self.device()
        device.restore(saved)
        json.dumps(device.saved())

    @given(place=st.integers(0, 10**6), value=ANYTHING)
    @fuzz
    def test_f40_one_spoiled_entry_spoils_no_other(self, place: int, value: Any):
        """A real memory with garbage in one place is restored, and goes on."""
        memory = json.loads(MEMORY)
        spots = places(memory)
        spoiled = changed(memory, spots[place % len(spots)], value)
        if not isinstance(spoiled, dict):
            return
        device = self.device()
        device.restore(json.loads(json.dumps(spoiled)))
        now = Clock().now()
        for slot in list(device.ledger.accounts):
            device.ledger.observe(slot, 5000.0, now)
            counted = device.ledger.days(slot, 1, now)
            assert counted is None or isinstance(counted, float | int)
        for counter in device.counters.values():
            assert isinstance(counter.accept(5000.0, now), float | int)
        json.dumps(device.saved())

    @pytest.mark.parametrize("name", ["8.2.127_battery", "5.0.62", "8.2.4382_acb"])
    async def test_f40_a_restart_changes_nothing(self, name: str):
        """Every value of the site is there again, with the same days and registers."""
        async with captured(OWN / name) as rig:
            await rig.all_at_once(3)
            saved = json.loads(json.dumps(rig.envoy.saved()))
            again = rig.reborn(saved)
            await again.all_at_once(3)
            assert again.site.values == rig.site.values
            assert json.loads(json.dumps(again.envoy.saved())).keys() == saved.keys()
            assert again.envoy.saved()["sum"] == saved["sum"]
            assert {Site.production_today.name, Site.production_lifetime.name} <= again.site.values.keys()


def _memory() -> str:
    now = Clock().now().isoformat()
    account = {
        "marks": {"2026-06-14": 10.0, "2026-06-15": 20.0},
        "estimated": ["2026-06-15"],
        "level": 25.0,
        "read": now,
        "begun": None,
    }
    counter = {"value": 25.0, "seen": now, "reset": now, "wrapped": 1193046.5}
    return json.dumps(
        {
            "counters": {
                "meter_production.delivered": counter,
                "inverterdetail_1.energy_today": counter,
                "site.production_lifetime": counter,
            },
            "ledger": {"site.production": account, "site.net": account},
            "estimates": {"1": {"at": 1.0, "watts": 2.0, "day": "2026-06-15", "energy": 3.0}},
            "sum": ["8.3.1", True],
        }
    )


MEMORY: Final = _memory()
