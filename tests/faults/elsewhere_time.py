"""Cells that have a test in the folder of their integration: row, words, way, and where the test is."""

from typing import Final

from tests.faults.rows import WAYS

MODBUS, HTTP, LAN, CLOUD, ENVOY = WAYS
FIRMWARE: Final = "new firmware between two readings"
TWICE: Final = "a second entry for one device"

ELSEWHERE: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("F38", FIRMWARE, MODBUS, "tests/titan_izypower/device/test_modbus.py::test_new_firmware_is_learned_anew"),
    ("F38", FIRMWARE, HTTP, "tests/titan_izypower/device/test_opendata.py::test_new_firmware_is_learned_anew"),
    ("F38", FIRMWARE, LAN, "tests/v2c_cloud/ha/test_life.py::test_a_firmware_update_changes_what_there_is"),
    ("F38", FIRMWARE, CLOUD, "tests/v2c_cloud/device/test_device.py::test_another_firmware_is_asked_anew"),
    ("F38", FIRMWARE, ENVOY, "tests/enphase_envoy/ha/test_life.py::test_new_firmware"),
    ("F42", TWICE, MODBUS, "tests/titan_izypower/ha/test_setup.py::test_the_same_unit_is_not_added_twice"),
    ("F42", TWICE, HTTP, "tests/titan_izypower/ha/test_setup.py::test_the_same_unit_is_not_added_twice"),
    ("F42", TWICE, LAN, "tests/v2c_cloud/ha/test_setup.py::test_a_charger_needs_only_its_address"),
    ("F42", TWICE, CLOUD, "tests/v2c_cloud/ha/test_setup.py::test_one_account_at_a_time"),
    ("F42", TWICE, ENVOY, "tests/enphase_envoy/ha/test_flow_user.py::test_one_entry_for_each_gateway"),
)
