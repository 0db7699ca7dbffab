"""A Titan of which there is nothing but its entities."""

from tests.blueprints.house import House

MODE, SETPOINT, LEVEL = "select.titan_energy_mode", "number.titan_power_setpoint", "sensor.titan_battery_level"
GRID = "sensor.grid_power"
CONTROL = {"energy_mode": MODE, "power_setpoint": SETPOINT}


def titan(house: House, mode: str = "realtime", setpoint: int = 0) -> None:
    """Put a Titan in the house that does as it is told at once."""
    house.set(MODE, mode, options=["self_consumption", "realtime"])
    house.set(SETPOINT, setpoint, min=-2400, max=2400)
    house.set(LEVEL, 50)
    house.serve("titan_izypower.set_realtime_mode", lambda _data: house.set(MODE, "realtime"))
    house.serve("titan_izypower.stop", lambda _data: house.set(SETPOINT, 0))
    house.serve("number.set_value", lambda data: house.set(SETPOINT, data["value"]))
    house.serve("select.select_option", lambda data: house.set(MODE, data["option"]))
