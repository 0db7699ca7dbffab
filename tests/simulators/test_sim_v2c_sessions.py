"""The charging history in the cloud."""

from datetime import UTC, datetime

import pytest

DEVICE = {"deviceId": "SIMV2C"}


def at(day: int, hour: int = 11, minute: int = 44, second: int = 47) -> datetime:
    """Give a local time in October 2025."""
    return datetime(2025, 10, day, hour, minute, second)  # noqa: DTZ001


async def test_a_record_is_that_of_the_vendors_example(cloud) -> None:
    client = await cloud(timezone="Europe/Madrid")
    more = {"rfidCode": "aa23b601", "rfidName": "Vicente"}
    client.cloud.add_session("SIMV2C", at(28), at(28, 14, 45, 5), [0.9, 3.5, 3.6, 1.6], **more)
    assert await client.get("/stadistic/device", **DEVICE) == [
        {
            "id": 17307150,
            "deviceId": "SIMV2C",
            "startChargeDate": "2025-10-28T11:44:47",
            "endChargeDate": "2025-10-28T14:45:05",
            "idCharge": "2025-10-28 11:44:47",
            "energy": 9.6,
            "cost": 1.44,
            "coCost": 2.976,
            "costFv": 0,
            "energyByHour": "0.9|3.5|3.6|1.6",
            "energyByHourFv": None,
            "rfidCode": "aa23b601",
            "rfidName": "Vicente",
            "message": None,
            "warning": False,
            "finished": True,
            "createdAt": "2025-10-28T10:44:52.000+00:00",
            "updatedAt": "2025-10-28T13:45:07.000+00:00",
        }
    ]


async def test_the_last_five_or_a_range(cloud) -> None:
    client = await cloud()
    for day in range(1, 9):
        client.cloud.add_session("SIMV2C", at(day), at(day, 12), [0.5, 0.1])

    async def days(**params: str) -> list[int]:
        found = await client.get("/stadistic/device", **DEVICE, **params)
        return [int(session["startChargeDate"][8:10]) for session in found]

    assert await days() == [8, 7, 6, 5, 4]
    assert await days(chargeDateStart="2025-10-02") == [8, 7, 6, 5, 4, 3, 2]
    assert await days(chargeDateStart="2025-10-02", chargeDateEnd="2025-10-03") == [3, 2]
    assert await days(chargeDateEnd="2025-10-01T23:59:59.000Z") == [1]
    client.cloud.options.newest_first = False
    assert await days() == [4, 5, 6, 7, 8]
    assert (await client.call("GET", "/stadistic/device", chargeDateStart="01/10/2025", **DEVICE))[0] == 400


async def test_totals_in_both_shapes(cloud) -> None:
    client = await cloud()
    client.cloud.add_session("SIMV2C", at(1), at(2, 1), [1.0] * 14)
    client.cloud.add_session("SIMV2C", at(3), at(3, 12), [2.0, 0])
    assert await client.get("/stadistic/global/me") == [{"totalEnergy": 16, "totalCharges": 2}]
    range_ = {"endChargeDateStart": "2025-10-02", "endChargeDateEnd": "2025-10-02"}
    assert await client.get("/stadistic/global/me", **range_) == [{"totalEnergy": 14, "totalCharges": 1}]
    client.cloud.options.global_shape = "swagger"
    assert await client.get("/stadistic/global/me") == [{"energy": 16, "cost": pytest.approx(2.4)}]


async def test_bad_records_are_possible(cloud) -> None:
    client = await cloud()
    add = client.cloud.add_session
    add("SIMV2C", at(1), None, [])
    add("SIMV2C", at(2), at(2, 12), [0, 0])
    add("SIMV2C", at(3), at(3, 12), [1, 1], id=7)
    add("SIMV2C", at(3), at(3, 12), [1, 1], id=7)
    add("SIMV2C", at(4), at(4, 12), [1, 1], energyByHour="1|x", startChargeDate="yesterday")
    found = await client.get("/stadistic/device", **DEVICE)
    by_id = {session["id"]: session for session in found}
    assert [session["id"] for session in found].count(7) == 2
    assert (by_id[17307150]["finished"], by_id[17307150]["endChargeDate"]) == (False, None)
    assert by_id[17307151]["energy"] == 0
    assert by_id[17307154]["startChargeDate"] == "yesterday"


async def test_the_simulated_car_writes_history(cloud, house, clock) -> None:
    client = await cloud()
    box = client.cloud.device("SIMV2C").sim
    house.set_time(datetime(2026, 6, 1, 22, 30, tzinfo=UTC))
    house.pv_w = 1840
    box.plug()
    clock.now += 3 * 3600
    assert await client.get("/stadistic/device", **DEVICE) == []
    box.unplug()
    box.change_car(soc=99)
    box.plug()
    clock.now += 3600
    full, night = await client.get("/stadistic/device", **DEVICE)
    assert (night["startChargeDate"], night["endChargeDate"]) == ("2026-06-01T22:30:00", "2026-06-02T01:30:00")
    assert (night["energyByHour"], night["energy"]) == ("1.84|3.68|3.68|1.84", 11.04)
    assert (night["energyByHourFv"], night["costFv"]) == ("0.92|1.84|1.84|0.92", pytest.approx(5.52 * 0.15))
    assert full["energy"] == pytest.approx(0.6)
    assert (await client.get("/stadistic/global/me"))[0]["totalCharges"] == 2


async def test_local_times_follow_the_zone_over_its_summer_time(cloud) -> None:
    client = await cloud(timezone="Europe/Madrid")
    start, end = datetime(2025, 10, 25, 23, 30, tzinfo=UTC), datetime(2025, 10, 26, 2, 30, tzinfo=UTC)
    record = client.cloud.add_session("SIMV2C", start, end, [1, 2, 2, 1])
    assert (record["startChargeDate"], record["endChargeDate"]) == ("2025-10-26T01:30:00", "2025-10-26T03:30:00")
    assert record["createdAt"] == "2025-10-25T23:30:05.000+00:00"
