"""The charging sessions that the V2C cloud remembers."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .trydan_session import Session
    from .v2c_cloud_device import CloudDevice, Json
    from .v2c_cloud_options import V2CCloudOptions

FIRST_ID: Final = 17307150
LAST_SESSIONS: Final = 5
# The example of the vendor: the record appeared 5 s after the start and was closed 2 s after the end.
RECORDED_AFTER: Final = timedelta(seconds=5)
CLOSED_AFTER: Final = timedelta(seconds=2)


class SessionBook:
    """Every session of every charger."""

    def __init__(self, options: V2CCloudOptions) -> None:
        """Start empty."""
        self.options = options
        self.records: list[Json] = []

    def collect(self, device: CloudDevice) -> None:
        """Take over the sessions that ended at the charger since the last look."""
        device.sim.house.advance()
        sessions = device.sim.model.sessions
        for session in sessions[device.sessions_seen :]:
            self._take(device, session)
        device.sessions_seen = len(sessions)

    def add(
        self, device_id: str, start: datetime, end: datetime | None, kwh_by_hour: Sequence[float], zone: tzinfo, **more: object
    ) -> Json:
        """Add a record; naive times are local ones, and more replaces any field."""
        begin, finish = local(start, zone), local(end, zone) if end is not None else None
        energy = round(sum(kwh_by_hour), 6)
        record: Json = {
            "id": FIRST_ID + len(self.records),
            "deviceId": device_id,
            "startChargeDate": plain(begin),
            "endChargeDate": plain(finish) if finish is not None else None,
            "idCharge": f"{begin:%Y-%m-%d %H:%M:%S}",
            "energy": energy,
            "cost": round(energy * self.options.price, 6),
            "coCost": round(energy * self.options.co_cost, 6),
            "costFv": 0,
            "energyByHour": pipes(kwh_by_hour),
            "energyByHourFv": None,
            "rfidCode": None,
            "rfidName": None,
            "message": None,
            "warning": False,
            "finished": finish is not None,
            "createdAt": universal(begin + RECORDED_AFTER),
            "updatedAt": universal((finish or begin) + CLOSED_AFTER),
        }
        record.update(more)
        self.records.append(record)
        return record

    def of_device(self, device_id: str, first: date | None, last: date | None) -> list[Json]:
        """Give the last five sessions, or all that began on these days."""
        found = [record for record in self.records if record["deviceId"] == device_id]
        found.sort(key=lambda record: str(record["startChargeDate"]), reverse=True)
        if first is None and last is None:
            found = found[:LAST_SESSIONS]
        else:
            found = [record for record in found if within(record["startChargeDate"], first, last)]
        return found if self.options.newest_first else found[::-1]

    def totals(self, device_ids: Sequence[str], first: date | None, last: date | None) -> list[Json]:
        """Give the sums over several chargers, by the day on which the sessions ended."""
        mine = [record for record in self.records if record["deviceId"] in device_ids]
        found = [record for record in mine if (first is None and last is None) or within(record["endChargeDate"], first, last)]
        energy = round(sum(float(str(record["energy"])) for record in found), 6)
        if self.options.global_shape == "swagger":
            return [{"energy": energy, "cost": round(sum(float(str(record["cost"])) for record in found), 6)}]
        return [{"totalEnergy": energy, "totalCharges": len(found)}]

    def zone(self, house_zone: tzinfo | None) -> tzinfo:
        """Give the time zone of local times."""
        return ZoneInfo(self.options.timezone) if self.options.timezone else house_zone or UTC

    def _take(self, device: CloudDevice, session: Session) -> None:
        sun = [round(kwh, 3) for kwh in session.buckets(sun=True)]
        names = {card["code"]: card["tag"] for card in device.cards}
        extra: Json = {"energyByHourFv": pipes(sun), "costFv": round(sum(sun) * self.options.price, 6)} if any(sun) else {}
        if session.card:
            extra |= {"rfidCode": session.card, "rfidName": names.get(session.card, "")}
        kwh = [round(each, 3) for each in session.buckets()]
        zone = self.zone(device.sim.house.now.tzinfo)
        self.add(device.id, session.start, session.end, kwh, zone, **extra)


def local(when: datetime, zone: tzinfo) -> datetime:
    """Give a time in the zone; a naive one is there already."""
    return when.replace(tzinfo=zone) if when.tzinfo is None else when.astimezone(zone)


def plain(when: datetime) -> str:
    """Write a local time without its zone."""
    return f"{when:%Y-%m-%dT%H:%M:%S}"


def universal(when: datetime) -> str:
    """Write a time in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+00:00"


def pipes(numbers: Sequence[float]) -> str:
    """Write the energies of the hours."""
    return "|".join(f"{round(kwh, 3):g}" for kwh in numbers)


def within(text: object, first: date | None, last: date | None) -> bool:
    """Whether a local time lies on these days; what is no time does not."""
    try:
        day = datetime.fromisoformat(str(text)).date()
    except ValueError:
        return False
    return (first is None or day >= first) and (last is None or day <= last)
