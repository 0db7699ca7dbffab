"""What follows from a part's own values, and what the gateway gets wrong about it."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ...energy_core.points import Point
from .parse import Flat
from .points import (
    Acb,
    AcbPower,
    AcbStore,
    AcbSum,
    Contact,
    ContactSettings,
    Eim,
    Encharge,
    EnchargePower,
    Enpower,
    Inventory,
    Inverter,
    InverterDetail,
    Meter,
    MeterDetail,
    MeterState,
    MeterTotal,
    Part,
    Site,
    Storage,
)

if TYPE_CHECKING:
    from .device import Envoy
    from .owner import PartOwner

# What is about the site as a whole, or a phase of it, belongs to the gateway.
OF_GATEWAY: Final = (Meter, MeterDetail, MeterTotal, MeterState, Eim, Site, AcbSum, AcbStore)
# Sums that mean something only where there is what they sum up.
OF_BATTERIES: Final = (
    *(Storage.level, Storage.reserve, Storage.health),
    *(Storage.available, Storage.reserve_energy, Storage.capacity),
)
OF_ACBS: Final = (Storage.all_level, Storage.all_capacity, Storage.acb_available)
# What the inventory calls inverters.
INVERTERS: Final = "PCU"
# Admin states with one of these words are those of a battery that is still being set up.
NOT_READY: Final = ("UNKNOWN", "DISCOVER", "PROVISION", "COMMISSION")


def prefix(owner: PartOwner, part: Part) -> str | None:
    """Return what the ids of the entities of ``part`` begin with, as HA core has them; None while that is not known."""
    if isinstance(part, OF_GATEWAY):
        return owner.serial
    if isinstance(part, Contact | ContactSettings):
        enpower = next(iter(owner.parts(Enpower)), None)
        return f"{enpower.item}_relay_{part.item}" if enpower else None
    return part.item


def derive(envoy: Envoy, now: datetime) -> None:
    """Bring everything up to date that a part's own values tell."""
    if "device_data" in envoy.local.health.absent:
        _inverters(envoy, now)
    if "inventory" in envoy.local.answered:
        _silent(envoy.inventory, envoy.local.seen["inventory"])
    for battery in envoy.parts(Encharge):
        _encharge(envoy, battery)
    acbs = envoy.parts(Acb)
    for acb in acbs:
        _acb(acb)
    if acbs:
        envoy.acbs.set(type(envoy.acbs).sleep_state, _together(acb.sleep_state for acb in acbs))
        envoy.depends(envoy.acbs, "sleep_state", frozenset(acb.name for acb in acbs))
    _storage(envoy, envoy.storage)
    if envoy.generator.enabled is None:
        # Also where there is none the gateway answers, that it is present and off, with an admin state of "unknown".
        envoy.generator.values.clear()


def _inverters(envoy: Envoy, now: datetime) -> None:
    """Estimate each inverter's day where the gateway has no such figure."""
    known = (envoy.local.seen.get("inverters"), now.date())
    if known == envoy.estimated_by and all(detail.estimated for detail in envoy.parts(InverterDetail)):
        return
    envoy.estimated_by = known
    details = {detail.item: detail for detail in envoy.parts(InverterDetail)}
    for inverter in envoy.parts(Inverter):
        if inverter.power is None or inverter.last_reported is None or inverter.item not in details:
            continue
        energy = envoy.estimates.report(inverter.item, inverter.last_reported, inverter.power, now)
        details[inverter.item].estimated = True
        details[inverter.item].set(InverterDetail.energy_today, round(energy))


def _silent(inventory: Inventory, told: Flat) -> None:
    """Name the inverters that the gateway does not hear, where it tells."""
    heard = {str(key[1]): raw for key, raw in told.items() if isinstance(key, tuple) and key[-1] == "communicating"}
    inverters = sorted(item for item in heard if told.get(("inventory", item, "kind")) == INVERTERS)
    if inverters:
        silent = [item for item in inverters if heard[item] is False]
        inventory.set(Inventory.silent, len(silent))
        inventory.set(Inventory.who, ",".join(silent))


def _storage(envoy: Envoy, storage: Storage) -> None:
    """Show sums only of what there is: gateways without batteries give them out as zero."""
    if not envoy.batteries_there():
        _hide(storage, OF_BATTERIES)
    if envoy.part(AcbSum, "acb") is None:
        _hide(storage, OF_ACBS)
    elif storage.available is not None and storage.acb_available is not None:
        storage.set(Storage.all_available, storage.available + storage.acb_available)


def _hide(storage: Storage, points: Iterable[Point[float]]) -> None:
    for point in points:
        storage.values.pop(point.name, None)


def _encharge(envoy: Envoy, battery: Encharge) -> None:
    if battery.dc_switch_off is not None:
        battery.set(Encharge.dc_switch, not battery.dc_switch_off)
    state = battery.state_text
    if state is not None:
        battery.set(Encharge.provisioned, not any(word in state.upper() for word in NOT_READY))
    power = next((unit for unit in envoy.parts(EnchargePower) if unit.item == battery.item), None)
    if power is None or power.real_power is None:
        return
    battery.set(Encharge.producing, power.real_power > 0)
    power.set(EnchargePower.max_power, round(max(power.max_power or 0, abs(power.real_power))))


def _acb(acb: Acb) -> None:
    asked, asleep = acb.sleep_enabled or False, acb.sleeping or False
    names = {(True, True): "asleep", (True, False): "going_to_sleep", (False, True): "waking", (False, False): "awake"}
    acb.set(Acb.sleep_state, names[asked, asleep])
    low, high = acb.sleep_min_soc, acb.sleep_max_soc
    acb.set(Acb.sleep_soc_target, None if low is None or high is None else f"{low:g}-{high:g}")


def _together(states: Iterable[str | None]) -> str:
    """Return one state for all: what is under way comes first, and halves are mixed."""
    known = {state for state in states if state}
    for state in ("going_to_sleep", "waking"):
        if state in known:
            return state
    return known.pop() if len(known) == 1 else "mixed"


def heal_storage(envoy: Envoy) -> None:
    """Drop a reading of the storage CT in which one of its phases is all zero (firmware 8.3.6086, seen in public).

    The sum is then the other phase alone; what was counted before stays, power is not known.
    """
    whole = envoy.part(Meter, "storage")
    if whole is None:
        return
    phases = [meter for meter in envoy.parts(Meter) if meter.kind == "storage" and meter.phase]
    lost = [meter for meter in phases if meter.fell_to_zero]
    if not lost or len(lost) == len(phases):
        return
    for meter in (whole, *lost):
        meter.take_back()


def acb_units(envoy: Envoy) -> list[str]:
    """Return the serial numbers of the AC batteries."""
    return sorted({part.item for part in (*envoy.parts(Acb), *envoy.parts(AcbPower))})
