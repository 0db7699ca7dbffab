"""The control API of the simulators: read and change everything while they run, by JSON or by hand."""

from datetime import datetime
from html import escape
import json
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .control_enphase_cloud import enphase_cloud_state, patch_enphase_cloud
from .control_envoy import envoy_rows, envoy_state, patch_envoy
from .control_v2c import patch_trydan, patch_v2c, trydan_state, v2c_state
from .scenarios import SCENARIOS, apply

if TYPE_CHECKING:
    from .enphase_cloud import EnphaseCloudSimulator
    from .envoy import EnvoySimulator
    from .house import House
    from .titan import TitanSimulator
    from .trydan import TrydanSimulator
    from .v2c_cloud import V2CCloudSimulator

PATCHABLE: Final = ("load_w", "ev_w", "pv_w", "bypass_w", "soc")
BATTERY_PATCHABLE: Final = (
    "backup_soc",
    "meter_linked",
    "calibrating",
    "ramp",
    "dead_time",
    "jitter",
    "lag",
    "pause",
    "max_charge",
    "max_discharge",
)
KEYS: Final = frozenset(
    {
        *PATCHABLE,
        *BATTERY_PATCHABLE,
        "pv_inputs",
        "scenario",
        "faults",
        "set",
        "clear",
        "options",
        "mode",
        "order",
        "time",
        "reboot",
        "midnight",
        "car",
        "trydan",
        "v2c",
        "envoy",
        "enphase_cloud",
    }
)
PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simulated house</title>
<meta http-equiv="refresh" content="3"><style>body{{font:16px sans-serif;margin:2em}}td{{padding:2px 12px}}
td:last-child{{text-align:right}}button{{font-size:1em;margin:4px}}</style></head><body>
<h1>Simulated house</h1><form method="post" action="/scenario">{buttons}</form>
<h2>House</h2><table>{house}</table><h2>Titan</h2><table>{titan}</table>{trydan}{envoy}</body></html>"""


class Control:
    """Serves the control API of a house and its devices; more devices join by their own name."""

    def __init__(
        self,
        house: House,
        titan: TitanSimulator,
        trydan: TrydanSimulator | None = None,
        v2c: V2CCloudSimulator | None = None,
        *,
        envoy: EnvoySimulator | None = None,
        enphase_cloud: EnphaseCloudSimulator | None = None,
    ) -> None:
        """Control this house, this Titan, and whatever else there is."""
        self.house = house
        self.titan = titan
        self.trydan = trydan
        self.v2c = v2c
        self.envoy = envoy
        self.enphase_cloud = enphase_cloud
        self.port = 0
        self.scenario: str | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 becomes the port that was given."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/api/state", self._get),
                web.post("/api/state", self._post),
                web.post("/scenario", self._button),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def state(self) -> dict[str, object]:
        """Give everything that is going on."""
        titan = self.titan
        faults = {"modbus": titan.faults.modbus, "http": titan.faults.http}
        joined: dict[str, object] = {}
        if self.trydan is not None:
            joined["trydan"] = trydan_state(self.trydan)
        if self.v2c is not None:
            joined["v2c"] = v2c_state(self.v2c)
        if self.envoy is not None:
            joined["envoy"] = envoy_state(self.envoy)
        if self.enphase_cloud is not None:
            joined["enphase_cloud"] = enphase_cloud_state(self.enphase_cloud)
        return {
            "scenario": self.scenario,
            "house": self.house_state(),
            "titan": {
                "serial": titan.options.serial,
                "registers": titan.registers(),
                "requests": len(titan.requests),
                "writes": len(titan.writes),
                "connections": titan.connections,
                "faults": {wire: fault.kind if fault else None for wire, fault in faults.items()},
                "ports": {"modbus": titan.modbus_port, "http": titan.http_port},
            },
            **joined,
        }

    def house_state(self) -> dict[str, object]:
        """Give the physics."""
        house = self.house
        order, power, target = house.order
        return {
            "time": house.now.isoformat(timespec="seconds"),
            "pv_w": round(house.pv_w, 1),
            "pv_inputs": [round(watts, 1) for watts in house.pv_inputs],
            "load_w": round(house.load_w, 1),
            "ev_w": round(house.ev_w, 1),
            "bypass_w": round(house.bypass_w, 1),
            "grid_w": round(house.grid_w, 1),
            "battery_w": round(house.battery_w, 1),
            "soc": round(house.soc, 2),
            "mode": house.mode,
            "order": order,
            "order_power": power,
            "order_target_soc": target,
            "energy": {name: [round(c.total, 1), round(c.day, 1)] for name, c in house.energy.all().items()},
        }

    def patch(self, change: dict[str, object]) -> None:
        """Change what is named; ValueError or KeyError when something is not known, and then nothing is half read."""
        unknown = set(change) - KEYS
        if unknown:
            raise ValueError(f"unknown keys: {sorted(unknown)}")
        if isinstance(name := change.get("scenario"), str):
            apply(self.house, name)
            self.scenario = name
        for key in PATCHABLE:
            if key in change:
                self.house.driver = None if key in ("load_w", "pv_w") else self.house.driver
                setattr(self.house, key, float(str(change[key])))
        for key in BATTERY_PATCHABLE:
            if key in change:
                kind = type(getattr(self.house.battery, key))
                setattr(self.house.battery, key, kind(change[key]))
        self._patch_house(change)
        self._patch_titan(change)
        self._patch_charger(change)

    def _patch_charger(self, change: dict[str, object]) -> None:
        joined = {"car": self.trydan, "trydan": self.trydan, "v2c": self.v2c, "envoy": self.envoy}
        for name, device in {**joined, "enphase_cloud": self.enphase_cloud}.items():
            if name in change and (device is None or not isinstance(change[name], dict)):
                raise ValueError(f"{name} cannot be changed so")
        if self.trydan is not None and isinstance(car := change.get("car"), dict):
            self.trydan.change_car(**car)
        if self.trydan is not None and isinstance(charger := change.get("trydan"), dict):
            patch_trydan(self.trydan, charger)
        if self.v2c is not None and isinstance(cloud := change.get("v2c"), dict):
            patch_v2c(self.v2c, cloud)
        if self.envoy is not None and isinstance(gateway := change.get("envoy"), dict):
            patch_envoy(self.envoy, gateway)
        if self.enphase_cloud is not None and isinstance(enphase := change.get("enphase_cloud"), dict):
            patch_enphase_cloud(self.enphase_cloud, enphase)

    def _patch_house(self, change: dict[str, object]) -> None:
        house = self.house
        if isinstance(inputs := change.get("pv_inputs"), list):
            house.driver = None
            house.pv_inputs = [float(watts) for watts in inputs]
        if isinstance(mode := change.get("mode"), int):
            house.set_mode(mode)
        if isinstance(order := change.get("order"), list):
            house.realtime(int(order[0]), float(order[1]), float(order[2]))
        if isinstance(time := change.get("time"), str):
            house.set_time(datetime.fromisoformat(time))
        if change.get("midnight"):
            house.midnight()

    def _patch_titan(self, change: dict[str, object]) -> None:
        titan = self.titan
        if isinstance(faults := change.get("faults"), dict):
            for wire, fault in faults.items():
                titan.faults.set(wire, fault)
        if isinstance(pinned := change.get("set"), dict):
            for key, value in pinned.items():
                titan.set(key, value)
        if isinstance(keys := change.get("clear"), list):
            for key in keys:
                titan.clear(key)
        if isinstance(options := change.get("options"), dict):
            for key, value in options.items():
                known = getattr(titan.options, key)
                setattr(titan.options, key, set(value) if isinstance(known, set) else value)
        if change.get("reboot"):
            titan.reboot()

    # -- handlers --------------------------------------------------------------------------------------------------

    async def _get(self, _: web.Request) -> web.Response:
        return web.json_response(self.state())

    async def _post(self, request: web.Request) -> web.Response:
        try:
            change = await request.json()
            if not isinstance(change, dict):
                raise TypeError("an object is expected")
            self.patch(change)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response(self.state())

    async def _button(self, request: web.Request) -> web.Response:
        name = str((await request.post()).get("scenario", ""))
        if name not in SCENARIOS:
            raise web.HTTPBadRequest(text="unknown scenario")
        self.patch({"scenario": name})
        raise web.HTTPSeeOther("/")

    async def _page(self, _: web.Request) -> web.Response:
        buttons = "".join(f'<button name="scenario" value="{name}">{name}</button>' for name in SCENARIOS)
        charger = f"<h2>Trydan</h2><table>{_rows(dict(self.trydan.values.all()))}</table>" if self.trydan is not None else ""
        gateway = f"<h2>Envoy</h2><table>{_rows(envoy_rows(self.envoy))}</table>" if self.envoy is not None else ""
        tables = {"house": _rows(self.house_state()), "titan": _rows(dict(self.titan.registers())), "trydan": charger}
        tables["envoy"] = gateway
        text = PAGE.format(buttons=buttons, **tables)
        return web.Response(text=text, content_type="text/html")


def _rows(values: dict[str, object]) -> str:
    shown = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    return "".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in shown.items())
