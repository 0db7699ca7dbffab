"""The benchmark's own sums and words; nothing here takes time."""

import asyncio
import json
import time
from typing import Any

import pytest

from bench.gateway.command import arguments, plan_of
from bench.gateway.figures import FAST, Cost, Minute, Poll, Result, Run, Start, misses
from bench.gateway.living import alive
from bench.gateway.report import as_json, tables, verdict
from bench.gateway.sites import SHAPES, SITES, UnknownSiteError, chosen, folder_of, grown
from bench.home_assistant import holding_up
from bench.tables import table
from tests.enphase_envoy.capture_gateway import OWN

CORE_POLL = ("/ivp/meters", FAST, "/production.json?details=1", "/api/v1/production/inverters", "/admin/lib/tariff")


def minute(*polls: tuple[str, ...], cpu: float = 10.0, in_flight: int = 1) -> Minute:
    """Return a minute of these polls."""
    return Minute(polls=[Poll(paths=each, cpu_ms=cpu / len(polls), in_flight=in_flight) for each in polls])


def result(ours: list[list[Minute]], core_cpu: float = 30.0, **more: Any) -> Result:
    """Return a site where core polls twice a minute."""
    core = [[minute(CORE_POLL, CORE_POLL, cpu=core_cpu) for _ in each] for each in ours]
    return Result(site="a", capture="own/a", core=Cost(rounds=core), ours=Cost(rounds=ours), **more)


def test_sums() -> None:
    """Averages over minutes, medians over rounds, poll by poll."""
    cost = Cost(
        rounds=[[minute((FAST,), cpu=8), minute((FAST, "x"), cpu=20)], [minute((FAST,), cpu=10), minute((FAST,), cpu=14)]]
    )
    assert cost.requests == 1.25
    assert cost.busiest == 2
    assert cost.cpu == [14, 12]
    assert cost.typical == [9, 17]
    assert cost.in_flight == 1
    one, other = ([Poll(paths=(), cpu_ms=cpu) for cpu in each] for each in ((1, 5), (4, 2)))
    assert Cost(rounds=[[Minute(polls=one)], [Minute(polls=other)], [Minute(polls=other)]]).typical == [6]


def test_ratios() -> None:
    """Ours by core's: our worst minute of requests, the usual CPU time."""
    found = result([[minute((FAST,), (FAST, "x"), cpu=9)], [minute((FAST,), (FAST,), cpu=15)]])
    assert found.request_ratio == 0.3
    assert found.cpu_ratio == 0.4
    assert found.cpu_spread == (0.3, 0.4, 0.5)
    assert found.fast == [1, 1, 1, 1]
    assert misses(found) == []


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        (minute((FAST,), (FAST,), (FAST,), (FAST,), (FAST,)), "requests: 0.50"),
        (minute((FAST,), cpu=15), "CPU: 0.50"),
        (minute((FAST,), in_flight=2), "2 requests at once"),
        (minute((FAST,), ("x",)), "fast tier: between 0 and 1"),
        (minute((FAST, FAST)), "fast tier: between 2 and 2"),
        (minute((FAST, "x", "y")), "a poll of 3"),
    ],
)
def test_each_bar(ours: Minute, word: str) -> None:
    """Half is not below half; a poll may hold the fast request and one other."""
    (miss,) = misses(result([[ours]]))
    assert miss.startswith(word)
    assert verdict(Run(machine={}, method={}, results=[result([[ours]])])) == f"MISSED a: {miss}"


def test_polls_are_not_told_apart_by_a_real_clock() -> None:
    """What Home Assistant's own schedule does is only counted."""
    assert misses(result([[minute((FAST, "x", "y"))]], stepped=False)) == []


def test_a_site_without_meters() -> None:
    """Nothing there is new within a minute, so nothing is asked each time."""
    core, ours = Cost(rounds=[[minute(("a",), ("a",), ("a",))]]), Cost(rounds=[[minute((), ("a",), (), cpu=1)]])
    assert misses(Result(site="a", capture="own/a", core=core, ours=ours)) == []


def test_loading_counts() -> None:
    """Requests at once while it is loaded are requests at once."""
    start = Start(requests=9, registered=5, enabled=4, wall_ms=1, cpu_ms=1, memory_mb=1, in_flight=3)
    assert Cost(rounds=[[minute((FAST,))]], start=start).in_flight == 3


def test_table() -> None:
    """A terminal and a document show the same."""
    assert table(("site", "n"), [["a", "10"], ["long one", "5"]]).splitlines() == [
        "| site     |  n |",
        "| -------- | -: |",
        "| a        | 10 |",
        "| long one |  5 |",
    ]


def test_everything_is_shown() -> None:
    """As tables and as JSON, with and without what only one of the two ways measures."""
    start = Start(requests=9, registered=5, enabled=4, wall_ms=1, cpu_ms=1, memory_mb=1, reload_cpu_ms=[3, 2])
    core, ours = (Cost(rounds=[[minute(CORE_POLL)]], start=start), Cost(rounds=[[minute((FAST,), cpu=2)]], start=start))
    full = Result(site="full", capture="own/a", core=core, ours=ours, slow=core)
    run = Run(machine={"Python": "3.14"}, method={"rounds": 1}, results=[full, result([[minute((FAST,))]], stepped=False)])
    shown = tables(run)
    assert "Python 3.14" in shown
    assert "9 / 9" in shown
    assert verdict(run) == "Every bar is cleared."
    told = json.loads(as_json(run))
    assert told["misses"] == []
    assert told["results"][0]["ratios"]["cpu"] == 0.2


def test_what_moves() -> None:
    """Flows and counters move, reports wait for their time, words and names stay, and so does the capture."""
    captured = [
        {"activePower": 100.0, "actEnergyDlvd": 7, "actEnergyRcvd": 0.0, "eid": 5, "state": "on", "lines": [{"wNow": 50}]}
    ]
    later = alive(captured, 100)
    assert later[0]["actEnergyDlvd"] == 27
    assert later[0]["actEnergyRcvd"] == 0
    assert 90 < later[0]["activePower"] < 110
    assert later[0]["activePower"] != 100
    assert (later[0]["eid"], later[0]["state"]) == (5, "on")
    assert isinstance(later[0]["lines"][0]["wNow"], int)
    assert captured[0]["actEnergyDlvd"] == 7
    reports = [{"lastReportDate": 1000, "last_rpt_date": "1000", "lastReportWatts": 9, "producing": True}]
    assert alive(reports, 59) == reports
    assert alive(reports, 301)[0] | {"lastReportWatts": 0} == reports[0] | {
        "lastReportDate": 1300,
        "last_rpt_date": "1300",
        "lastReportWatts": 0,
    }


def test_sites() -> None:
    """All by default, some by name, any capture by its label; nothing else."""
    assert chosen([]) == list(SITES)
    assert [site.capture for site in chosen(["metered", "own/5.0.62"])] == ["own/7.6.175_mono", "own/5.0.62"]
    for name in ("moon", "own/nowhere", "theirs/5.0.62", "own/"):
        with pytest.raises(UnknownSiteError):
            chosen([name])
    assert folder_of("own/5.0.62") == OWN / "5.0.62"


def test_a_site_grows() -> None:
    """Every inverter has a serial number of its own, the same in both places."""
    folder = OWN / "7.6.175_three_phase"
    assert grown(folder, 0) == {}
    found = grown(folder, 200)
    reports = [each["serialNumber"] for each in found["/api/v1/production/inverters"]]
    (listed,) = [group["devices"] for group in found["/inventory.json"] if group["type"] == "PCU"]
    assert len(set(reports)) == 200
    assert reports == [each["serial_num"] for each in listed]


def test_details_grow_too() -> None:
    """As long as a gateway tells them; what is no inverter stays."""
    folder = OWN / "8.3.5169_generator_phantom"
    told = grown(folder, 49)["/ivp/pdm/device_data"]
    devices = [each for each in told.values() if isinstance(each, dict)]
    assert len({each["sn"] for each in devices if each["devName"] == "pcu"}) == 49
    assert "/ivp/pdm/device_data" not in grown(folder, 50)


def test_shapes() -> None:
    """The payloads of the first goal are known by name, and a capture by its path."""
    assert [site.capture for site in chosen([site.name for site in SHAPES])] == [site.capture for site in SHAPES]
    assert folder_of(str(OWN / "5.0.62")) == OWN / "5.0.62"


def test_command_line() -> None:
    """A real minute is waited for once, a simulated one is cheap."""
    plan = plan_of(arguments([]))
    assert (plan.minutes, plan.rounds, plan.real) == (5, 8, False)
    plan = plan_of(arguments(["--real"]))
    assert (plan.minutes, plan.rounds, plan.real) == (1, 1, True)
    assert plan_of(arguments(["--minutes", "60", "--rounds", "2"])).minutes == 60


async def test_what_holds_others_up_is_noticed() -> None:
    """One turn of the loop that computes for 20 ms, by the same clock; turns that compute little do not add up to one."""
    loop = asyncio.get_running_loop()
    with holding_up(loop) as quick:
        for _ in range(5):
            await asyncio.sleep(0)
    with holding_up(loop) as held:
        await asyncio.sleep(0)
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        await asyncio.sleep(0)
    assert held.longest_ms >= 20 > quick.longest_ms
