"""The table of the cloud's endpoints: complete, and true to the vendor's description."""

from dataclasses import FrozenInstanceError

import pytest

from custom_components.v2c_cloud.v2c import endpoints
from custom_components.v2c_cloud.v2c.endpoints import ALL, Endpoint

# Research brief, section 2.3, in its own words: method, path, name of the id, parameters, * for those that may be missing, + for a body.
BRIEF = """
GET /pairings/me -
GET /device/reported deviceId
POST /device/currentstatecharge deviceId
GET /device/connected deviceId
GET /version deviceId
GET /device/rfid deviceId
GET /device/wifilist id
GET /stadistic/device deviceId *chargeDateStart *chargeDateEnd
GET /stadistic/global/me - *endChargeDateStart *endChargeDateEnd
GET /device/personalicepower/all deviceId
GET /device/personalicepower/v2 deviceId updateAt
POST /device/mac deviceId
POST /device/startcharge deviceId
POST /device/pausecharge deviceId
POST /device/intensity deviceId value
POST /device/locked deviceId value
POST /device/dynamic deviceId value
POST /device/chargefvmode deviceId value
POST /device/max_car_int deviceId value
POST /device/min_car_int deviceId value
POST /device/charger_until_energy deviceId value
POST /device/charger_until_minutes deviceId value
POST /device/startchargekw deviceId kw
POST /device/startchargeminutes deviceId minutes
POST /device/timer deviceId timerId +
POST /device/thirdparty_mode deviceId mode value
POST /device/maxpower deviceId value
POST /device/denka/max_power deviceId value
POST /device/inst_type deviceId value
POST /device/slave_type deviceId value
POST /device/language deviceId value
POST /device/set_rfid deviceId value
POST /device/logo_led deviceId value
POST /device/ocpp id value
POST /device/ocpp_id id value
POST /device/ocpp_addr id value
POST /device/inverter_ip id value
POST /device/wifi deviceId ssid password
POST /device/reboot deviceId
POST /device/update deviceId
POST /device/rfid deviceId tag
POST /device/rfid/tag deviceId code tag
PUT /device/rfid/tag deviceId code tag
DELETE /device/rfid deviceId code
POST /device/savepersonalicepower/v2 deviceId name updateAt +
POST /device/personalicepower/v2 id name updateAt +
DELETE /device/personalicepower/v2 deviceId name updateAt
"""
# Confirmed not to exist.
ABSENT = {"/device/light_led", "/device/lightled", "/device/contracted_power", "/device/logoled"}


def line(endpoint: Endpoint) -> str:
    """Write an endpoint as the brief does."""
    optional = (f"*{name}" for name in endpoint.optional)
    body = ("+",) if endpoint.body else ()
    return " ".join((endpoint.method, endpoint.path, endpoint.device or "-", *endpoint.params, *optional, *body))


def test_the_table_is_the_brief():
    """Nothing is missing, nothing is invented, and the id has its right name everywhere."""
    assert [line(each) for each in ALL] == BRIEF.split("\n")[1:-1]
    assert not {each.path for each in ALL} & ABSENT


def test_every_endpoint_has_one_name():
    """No two constants are the same call."""
    assert len({each.name for each in ALL}) == len(ALL) == 47
    assert {name for name in vars(endpoints) if isinstance(getattr(endpoints, name), Endpoint)} >= {
        "LIVE",
        "METER_TYPE",
        "PV_MODE",
    }


def test_what_only_reads_is_told_apart():
    """Each GET reads, and two POSTs do; nothing else may ever be repeated."""
    assert {each.name for each in ALL if each.reads and each.method != "GET"} == {
        "POST /device/currentstatecharge",
        "POST /device/mac",
    }
    assert all(each.reads for each in ALL if each.method == "GET")
    assert not any(each.reads for each in ALL if each.method in ("PUT", "DELETE"))


def test_a_line_of_the_table_cannot_be_changed():
    """What all share stays as it is."""
    with pytest.raises(FrozenInstanceError):
        endpoints.START.path = "/elsewhere"
