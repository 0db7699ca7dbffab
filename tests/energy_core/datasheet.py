"""The datasheet of an invented unit, with one of everything that the core can describe."""

from custom_components.energy_core.counters import CounterPolicy
from custom_components.energy_core.device import Device
from custom_components.energy_core.points import Block, Point, Source

MODES = {1: "eco", 2: "boost", 3: "eco", 9: "service"}


class Meter(Block):
    """Read with each poll that wants it."""

    power = Point(float, "W", low=-5000, high=5000, fake=Source(key="power", sign=-1))
    voltage = Point(float, "V", low=0, high=1000, fake=Source(key="voltage", scale=0.1, missing=frozenset({65535.0})))
    state = Point(str, fake=Source(key="state", codes={0: "idle", 1: "running"}))
    total = Point(float, "Wh", low=0, high=1e9, counter=CounterPolicy.LIFETIME, fake=Source(key="total"))
    today = Point(float, "Wh", low=0, high=1e9, counter=CounterPolicy.DAILY, fake=Source(key="today"))
    serial = Point(str, secret=True, fake=Source(key="serial"))
    # Derived: nothing on any wire.
    half = Point(float, "W")


class Options(Block):
    """Settings: read rarely, and always."""

    every = 300
    essential = True

    limit = Point(float, "W", low=0, high=9000, write_low=100, write_high=8000, step=50, fake=Source(key="limit", rw=True))
    mode = Point(str, fake=Source(key="mode", codes=MODES, write_key="set_mode", write_codes={"eco": 1, "boost": 5}))
    locked = Point(bool, fake=Source(key="locked", codes={0: False, 1: True}, rw=True))
    start = Point(float, low=0, write_high=0x173B, fake=Source(key="start", rw=True))
    label = Point(str, fake=Source(key="label", rw=True))
    firmware = Point(str, fake=Source(key="firmware"))


class Input(Block):
    """One of two equal inputs."""

    late = True

    current = Point(float, "A", low=0, high=100, fake=(Source(key="current_1", scale=0.01), Source(key="current_2", scale=0.01)))
    alarm = Point(bool, fake=(Source(key="alarm_1", codes={0: False, 1: True}), None))


SEED = {
    "power": 1200,
    "voltage": 2301,
    "state": 1,
    "total": 50_000,
    "today": 900,
    "serial": "SN12345678",
    "limit": 4000,
    "mode": 1,
    "locked": 0,
    "start": 0x071E,
    "label": "roof",
    "firmware": "1.2",
    "current_1": 512,
    "current_2": 498,
    "alarm_1": 0,
}


class Unit(Device):
    """The unit with its blocks; looks for a written value at once and twice more."""

    settle = (0.0, 0.001, 0.002)

    def __init__(self, wire, **more):
        super().__init__(wire, **more)
        self.meter = self.add(Meter("meter"))
        self.options = self.add(Options("options"))
        self.inputs = [self.add(Input(f"input_{index + 1}", index)) for index in range(2)]

    def digest(self, report):
        if self.meter.power is not None:
            self.meter.set(Meter.half, self.meter.power / 2)
