"""Days and weeks out of registers: midnights, both changes of the clocks, restarts, outages, first days."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
import json
from typing import Any, Final

import pytest

from custom_components.energy_core.errors import EnergyError
from custom_components.enphase_envoy.envoy.points import Eim
from tests.enphase_envoy.device.rig import PARIS, READINGS, Rig, simulated

HOUR: Final = 3600.0
STEP: Final = 600.0
LATE: Final = 60.0
# For days on end; what flows is the same for an hour.
LEAP: Final = 1800.0
# Five values of today are whole numbers, each rounded on its own; the net is made of two of them.
EXACT: Final = 1.01
QUANTITIES: Final = {"production": "pv", "import": "imported", "export": "exported", "net": "net", "consumption": "total"}
# Watts by the hour of the day; nothing changes around midnight, so that a midnight between two readings is sharp.
SUN: Final = [0] * 7 + [300, 900, 1800, 2700, 3300, 3600, 3300, 2600, 1700, 900, 300] + [0] * 6
LOAD: Final = [250] * 6 + [900, 1400, 600, 500, 500, 800, 1500, 700, 500, 500, 600, 1200, 2400, 2100, 1500, 900, 250, 250]


@dataclass
class Truth:
    """What the registers of the house stood at when each day began, and the house's day in hours."""

    rig: Rig
    marks: dict[date, dict[str, float]] = field(default_factory=dict)

    def levels(self) -> dict[str, float]:
        """Return what the registers stand at now."""
        now = self.rig.server.model.registers
        return {name: float(getattr(now, register)) for name, register in QUANTITIES.items()}

    async def live(self, seconds: float, *, step: float = STEP, silent: bool = False) -> None:
        """Let the house live, and poll it at each step unless it is ``silent``; note what is there at midnight."""
        clock, house, end = self.rig.clock, self.rig.server.house, self.rig.clock.wall() + seconds
        while (left := end - clock.wall()) > 0.5:
            hour = clock.moment.hour
            house.pv_w, house.load_w = float(SUN[hour]), float(LOAD[hour])
            # To the full second, so that no hour begins a microsecond late.
            to_hour = HOUR - round(clock.wall()) % HOUR
            clock.pass_(min(round(left), step, to_hour))
            if clock.moment.hour == 0 and clock.moment.minute == 0 and clock.moment.date() not in self.marks:
                self.marks[clock.moment.date()] = self.levels()
                continue
            if not silent:
                if step > LATE:
                    # Hours end between two polls here: what is looked at then shall not be minutes old.
                    self.rig.envoy.expire(*(each.name for each in self.rig.envoy.parts(Eim)))
                await self.rig.poll()

    def counted(self, back: int = 0) -> dict[str, float]:
        """Return what was counted since so many midnights before the last."""
        mark = self.marks[self.rig.clock.moment.date() - timedelta(days=back)]
        return {name: level - mark[name] for name, level in self.levels().items()}

    def check(self, period: str = "today", back: int = 0, *, within: float = EXACT) -> None:
        """Compare what is shown."""
        for name, expected in self.counted(back).items():
            shown = self.rig.site.values[f"{name}_{period}"]
            assert shown == pytest.approx(expected, abs=within), (name, period, self.rig.clock.moment)


async def begun(rig: Rig) -> Truth:
    """Let a house live since midnight and meet its gateway at eleven in the morning."""
    truth = Truth(rig)
    rig.wanted = {"site", "batteries"}
    rig.envoy.pace = STEP
    truth.marks[rig.clock.moment.date()] = truth.levels()
    await truth.live(11 * HOUR, silent=True)
    await rig.poll()
    await rig.poll()
    return truth


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        (datetime(2026, 6, 10, tzinfo=PARIS), 0),
        (datetime(2026, 3, 24, tzinfo=PARIS), -1),
        (datetime(2026, 10, 20, tzinfo=PARIS), 1),
    ],
    ids=["june", "march", "october"],
)
async def test_traps_1_and_2_nine_days(start: datetime, hours: int):
    """Today and the week are right through each midnight and both changes of the clocks."""
    async with simulated(start=start, seven_days_garbage=True) as rig:
        truth = await begun(rig)
        # The first day is whole where the gateway says what it was before us.
        assert rig.site.production_today == pytest.approx(truth.counted()["production"], abs=EXACT)
        assert rig.site.consumption_today == pytest.approx(truth.counted()["consumption"], abs=EXACT)
        # The week of the gateway is garbage (2): better none than that.
        assert rig.site.consumption_week is None
        assert rig.site.production_week is None
        for day in range(8):
            await truth.live(rig.clock.until(0, 0) + 30.0)
            await truth.live(rig.clock.until(23, 50), step=LEAP)
            truth.check()
            if day >= 6:
                truth.check("week", 6)
        passed = rig.clock.wall() - start.timestamp()
        assert passed == pytest.approx((9 * 24 + hours) * HOUR, abs=HOUR)
        account = rig.envoy.ledger.accounts["site.production"]
        assert len(account.marks) <= 9
        assert account.estimated == set()


async def test_trap_1_net_is_signed_and_adds_up():
    """The gateway says 0 for net today; ours is import less export, at every moment of the day."""
    async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS)) as rig:
        truth = await begun(rig)
        await truth.live(rig.clock.until(0) + 60.0)
        for _ in range(11):
            await truth.live(2 * HOUR)
            truth.check()
            site = rig.site
            assert site.net_today == pytest.approx(site.import_today - site.export_today, abs=EXACT)
        assert site.net_today < 0 < site.export_today


@pytest.mark.parametrize(
    "start", [datetime(2026, 6, 10, tzinfo=PARIS), datetime(2026, 10, 23, tzinfo=PARIS)], ids=["june", "october"]
)
async def test_a_restart_a_minute_before_midnight(start: datetime):
    """Saved at 23:59, back at 00:04: yesterday and today are what they would have been."""
    async with simulated(start=start) as rig:
        truth = await begun(rig)
        for _ in range(2):
            await truth.live(rig.clock.until(23, 59))
            saved = json.loads(json.dumps(rig.envoy.saved()))
            await truth.live(5 * 60.0, silent=True)
            truth.rig = rig = rig.reborn(saved)  # noqa: PLW2901 (the life after a restart)
            rig.envoy.pace = STEP
            await rig.poll()
            await rig.poll()
            truth.check(within=2.0)
            await truth.live(20 * HOUR, step=LEAP)
            truth.check(within=2.0)


@pytest.mark.parametrize(
    ("start", "share"),
    [(datetime(2026, 6, 10, tzinfo=PARIS), 70 / 90), (datetime(2026, 10, 23, tzinfo=PARIS), 70 / 90)],
    ids=["june", "october"],
)
async def test_rule_4_midnight_in_an_outage_is_interpolated(start: datetime, share: float):
    """From 22:50 to 00:20 nothing answers: what flowed is shared out by time, and the day is marked as estimated."""
    async with simulated(start=start) as rig:
        truth = await begun(rig)
        await truth.live(rig.clock.until(22, 50))
        before = truth.levels()
        rig.server.fail("*", "503")
        house = rig.server.house
        house.pv_w, house.load_w = 0.0, 600.0
        for _ in range(9):
            rig.clock.pass_(STEP)
            with pytest.raises(EnergyError):
                await rig.poll()
            house.load_w = 1200.0
        rig.server.heal()
        await rig.all_at_once()
        after = truth.levels()
        flowed = after["import"] - before["import"]
        assert rig.site.import_today == pytest.approx(flowed * (1 - share), rel=0.01)
        assert rig.clock.moment.date() in rig.envoy.ledger.accounts["site.import"].estimated
        # No energy is lost by it.
        yesterday = rig.envoy.ledger.accounts["site.import"].marks
        days = sorted(yesterday)
        assert yesterday[days[-1]] == pytest.approx(before["import"] + flowed * share, rel=0.01)


async def test_an_outage_over_the_change_of_the_clocks_is_shared_out_by_real_time():
    """Saturday 22:00 to Sunday 04:00 in October are seven hours, two of them on Saturday."""
    async with simulated(start=datetime(2026, 10, 24, tzinfo=PARIS)) as rig:
        truth = await begun(rig)
        await truth.live(rig.clock.until(22))
        before = truth.levels()["import"]
        await rig.poll()
        house = rig.server.house
        house.pv_w, house.load_w = 0.0, 1000.0
        rig.clock.pass_(7 * HOUR)
        assert (rig.clock.moment.day, rig.clock.moment.hour) == (25, 4)
        await rig.all_at_once()
        assert truth.levels()["import"] - before == pytest.approx(7000, abs=1)
        assert rig.site.import_today == pytest.approx(5000, abs=2)


async def test_a_day_that_nobody_can_tell_counts_from_its_first_reading():
    """Import and export of today are not known to any gateway: the first day counts from noon, the week only whole days."""
    async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS)) as rig:
        truth = await begun(rig)
        start = truth.levels()
        await truth.live(2 * HOUR)
        expected = truth.levels()["export"] - start["export"]
        assert rig.site.export_today == pytest.approx(expected, abs=EXACT)
        saved = json.loads(json.dumps(rig.envoy.saved()))
        truth.rig = rig = rig.reborn(saved)  # noqa: PLW2901 (the life after a restart)
        rig.envoy.pace = STEP
        for _ in range(6):
            await truth.live(rig.clock.until(0) + 60.0, step=LEAP)
        await truth.live(23 * HOUR, step=LEAP)
        # Seven days, but the first of them was not whole.
        assert rig.site.export_week is None
        await truth.live(2 * HOUR)
        truth.check("week", 6)


@pytest.mark.parametrize("batteries", [1, 3])
async def test_the_day_of_the_batteries(batteries: int):
    """The storage CT: charged and discharged are registers of their own."""
    async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS), encharges=batteries, enpower=True, storage_ct=True) as rig:
        truth = await begun(rig)
        await truth.live(rig.clock.until(0) + 60.0)
        model = rig.server.model
        before = model.registers
        await truth.live(20 * HOUR)
        after, shown = model.registers, rig.envoy.batteries
        charged, discharged = after.charged - before.charged, after.discharged - before.discharged
        assert charged > 1000
        assert shown.charged_today == pytest.approx(charged, abs=20)
        assert shown.discharged_today == pytest.approx(discharged, abs=20)


class TestSeeds:
    """What a gateway says of its day is believed as far as it can be true."""

    @staticmethod
    async def first(**given: Any) -> Any:
        """Return what a gateway that is met at eleven shows of its day."""
        async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS)) as rig:
            truth = Truth(rig)
            await truth.live(11 * HOUR, silent=True)
            answer = rig.server.site.meters._eim

            def spoiled(kind: str, *more: Any, **options: Any) -> Any:
                return answer(kind, *more, **options) | given

            rig.server.site.meters._eim = spoiled
            rig.envoy.pace = STEP
            await rig.poll(2)
            return rig.site.production_today, rig.site.production_week

    @pytest.mark.parametrize("today", [-5, 4e9, 1e13, None, "garbage", True])
    async def test_trap_12_a_day_that_cannot_be_is_not_believed(self, today: Any):
        """Below zero, or more than was ever counted: our own count begins now."""
        assert (await self.first(whToday=today))[0] == 0

    @pytest.mark.parametrize("week", [0, 5, 1e12, -1, None])
    async def test_trap_2_a_week_that_cannot_be_is_not_shown(self, week: Any):
        """Less than the day, or all that there ever was."""
        assert (await self.first(whLastSevenDays=week))[1] is None

    async def test_a_week_that_can_be_true_is_shown_until_ours_is_complete(self):
        """Between the day and the lifetime."""
        async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS), production_offset_wh=5e6) as rig:
            truth = await begun(rig)
            assert rig.site.production_week == pytest.approx(54_000 + truth.counted()["production"], abs=EXACT)


async def test_meters_that_fail_do_not_move_the_day_twice():
    """Readings fail for ten minutes and the report stands in: the same register, nothing is lost, nothing counted twice."""
    async with simulated(start=datetime(2026, 6, 10, tzinfo=PARIS)) as rig:
        truth = await begun(rig)
        rig.envoy.pace = 5.0
        await truth.live(120.0, step=5.0)
        shown: list[float | None] = []
        for fault in (True, False, True, False):
            if fault:
                rig.server.fail(READINGS, "503")
            else:
                rig.server.heal()
            for _ in range(60):
                await truth.live(5.0, step=5.0)
                shown.append(rig.site.production_lifetime)
        known = [each for each in shown if each is not None]
        assert known == sorted(known)
        assert len(known) > 150
        # Energies are added up each half minute, which are 23 Wh here.
        missing = truth.counted()["production"] - rig.site.production_today
        assert -1 <= missing <= 30
