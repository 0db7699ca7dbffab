"""Energy counters of the simulated house, in Wh."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counter:
    """One energy counter: a lifetime total and the part of it counted since midnight."""

    total: float = 0.0
    day: float = 0.0

    def add(self, wh: float) -> None:
        """Count some more energy; what is negative is not energy of this counter and is left out."""
        if wh > 0:
            self.total += wh
            self.day += wh


@dataclass(slots=True)
class Energies:
    """Every counter of the house; the starting totals are those of a public capture of a real unit."""

    pv: Counter = field(default_factory=lambda: Counter(321134.0))
    charge: Counter = field(default_factory=lambda: Counter(380580.0))
    discharge: Counter = field(default_factory=lambda: Counter(338070.0))
    grid_import: Counter = field(default_factory=lambda: Counter(1500000.0))
    grid_export: Counter = field(default_factory=lambda: Counter(120000.0))
    load: Counter = field(default_factory=lambda: Counter(2300000.0))
    ev: Counter = field(default_factory=lambda: Counter(400000.0))
    ac_in: Counter = field(default_factory=lambda: Counter(289970.0))
    ac_out: Counter = field(default_factory=lambda: Counter(512000.0))
    bypass: Counter = field(default_factory=lambda: Counter(12000.0))
    micro: Counter = field(default_factory=lambda: Counter(3000.0))

    def all(self) -> dict[str, Counter]:
        """Give every counter by its name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def midnight(self) -> None:
        """Start a new day: daily parts return to zero, totals stay."""
        for counter in self.all().values():
            counter.day = 0.0

    def count(self, hours: float, *, pv: float, load: float, ev: float, bypass: float, battery: float) -> None:
        """Integrate these powers over some hours; opposite counters always differ by the net energy."""
        inverter = -(pv + battery)
        grid = load + ev - pv - battery
        flows = {
            "pv": pv,
            "charge": -battery,
            "discharge": battery,
            "grid_import": grid,
            "grid_export": -grid,
            "load": load,
            "ev": ev,
            "ac_in": inverter,
            "ac_out": -inverter,
            "bypass": bypass,
            "micro": -bypass,
        }
        for name, watts in flows.items():
            getattr(self, name).add(watts * hours)
