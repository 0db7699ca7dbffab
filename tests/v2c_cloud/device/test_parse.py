"""What the cloud's answers mean, in every shape that was seen, documented or feared."""

import json
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceProtocolError
from custom_components.energy_core.http import MAX_DEPTH
from custom_components.v2c_cloud.v2c import parse
from custom_components.v2c_cloud.v2c.parse import Pairing, loose

PAIRING = {
    "deviceId": "XQUXDU",
    "tag": "Garage",
    "model": 1,
    "priceMode": 1,
    "price": 0.15,
    "coCost": 0.31,
    "master": True,
    "latitude": 39.4,
    "longitude": -0.3,
}
# A Trydan on firmware 2.4.6 and a Pro 4G, as captured; brief, section 2.4.
LIVE = {
    "charge_state": "2",
    "power": "0.531181",
    "energy": "4.179506",
    "seconds": "26711",
    "intensity": "0",
    "phases": "0",
    "photovoltaic_on": "1",
    "voltage": "0.232050",
    "cp_level": "248.000000",
    "error": "244",
}


class TestLoose:
    """From bytes to JSON, or to less."""

    @pytest.mark.parametrize(
        ("body", "found"),
        [
            (b"", None),
            (b" \r\n", None),
            (b"\0\0", None),
            (b'""', None),
            (b'"  "', None),
            (b"null", None),
            (b"NaN", None),
            (b"-Infinity", None),
            (b"1e999", None),
            (b'{"a": NaN, "b": [Infinity, 1]}', {"a": None, "b": [None, 1]}),
            (b"true", True),
            (b"True", True),
            (b" FALSE\n", False),
            (b'"false"', False),
            (b"12", 12),
            (b"-1.5", -1.5),
            (b"OK", "OK"),
            (b" Command executed successfully\r\n", "Command executed successfully"),
            (b'"OK"', "OK"),
            (b"2.4.6", "2.4.6"),
            (b"[]", []),
            (b"{}", {}),
            (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
            (b"\xef\xbb\xbfOK", "OK"),
            ("Café".encode(), "Café"),
            (b"\xff\xfe", "\ufffd\ufffd"),
            (b'{"a": 1', '{"a": 1'),
            (b'"{not json"', "{not json"),
            (b"1" * 5000, "1" * 4096),
            (b"x" * 5000, "x" * 4096),
            (b'"\\ud800"', "\ud800"),
        ],
    )
    def test_a_body_is_what_it_says(self, body, found):
        """JSON, a truth, a number or text, and nothing at all is None."""
        assert loose(body) == found
        assert type(loose(body)) is type(found)

    @pytest.mark.parametrize("value", [{"a": [1, "ü"]}, [], [True, None], {}])
    def test_json_in_a_json_string_is_unpacked_twice(self, value):
        """A gateway may pack it; three times is text."""
        once = json.dumps(json.dumps(value))
        assert loose(once.encode()) == value
        assert loose(json.dumps(once).encode()) == value
        assert isinstance(loose(json.dumps(json.dumps(once)).encode()), str)

    def test_numbers_in_a_string_stay_text(self):
        """An id of digits keeps its zeros, and 12E345 is a card."""
        assert loose(b'"0012"') == "0012"
        assert loose(b'"12E345"') == "12E345"

    @pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 10_000, 200_000])
    def test_a_nest_is_refused(self, depth):
        """In a string, too."""
        nest = "[" * depth + "]" * depth
        for body in (nest, json.dumps(nest), json.dumps({"a": json.loads("[" * 40 + "]" * 40)})):
            with pytest.raises(DeviceProtocolError) as caught:
                loose(body.encode())
            assert caught.value.key == "not_json"


class TestPairings:
    """The chargers of an account."""

    def test_the_shape_of_real_use(self):
        """Everything that is used, and nothing that is private beyond it."""
        assert parse.pairings([PAIRING]) == [Pairing(device_id="XQUXDU", name="Garage", model="1", price=0.15, co2=0.31, ip=None)]
        assert "39.4" not in repr(parse.pairings([PAIRING]))

    @pytest.mark.parametrize(
        "entry",
        [
            {"id": "ABC123", "name": "Box"},
            {"device_id": "ABC123", "name": "Box"},
            {"DeviceID": " ABC123 ", "TAG": "Box"},
            {"id": 17, "deviceId": "ABC123", "tag": "Box", "name": "other"},
            {"deviceId": "not usable!", "id": "ABC123", "tag": "", "name": "Box"},
        ],
    )
    def test_ids_and_names_have_several_keys(self, entry):
        """The documented and the real one."""
        assert parse.pairings([entry]) == [Pairing(device_id="ABC123", name="Box")]

    @pytest.mark.parametrize("wrapper", ["data", "content", "items", "pairings", "Data"])
    def test_a_wrapper_is_taken_off(self, wrapper):
        """Once or twice, packed or not."""
        for answer in ({wrapper: [PAIRING]}, {"data": {wrapper: [PAIRING]}}, {wrapper: json.dumps([PAIRING])}):
            found = parse.pairings(answer)
            assert found is not None
            assert [each.device_id for each in found] == ["XQUXDU"]

    def test_what_an_entry_of_before_kept_is_understood(self):
        """An id and an address."""
        assert parse.pairings([{"deviceId": "XQUXDU", "ip": "192.168.1.5"}]) == [Pairing(device_id="XQUXDU", ip="192.168.1.5")]

    @pytest.mark.parametrize(
        "bad", ["", "a b", "x" * 33, "../etc", "a\u2028b c", "ä", None, True, 1.5, {"a": 1}, ["XQUXDU"], "a&b=c", "\ud800"]
    )
    def test_an_id_that_is_none_is_dropped(self, bad):
        """It would end up in addresses and in names of files."""
        assert parse.pairings([{"deviceId": bad}]) is None
        found = parse.pairings([{"deviceId": bad}, PAIRING, 7, None, "XQUXDU", [PAIRING]])
        assert found is not None
        assert [each.device_id for each in found] == ["XQUXDU"]

    def test_each_charger_comes_once(self):
        """The first entry counts, and there is an end to them."""
        twice = [PAIRING, PAIRING | {"tag": "again"}]
        assert parse.pairings(twice) == parse.pairings([PAIRING])
        assert len(parse.pairings([{"id": f"A{index}"} for index in range(2000)]) or []) == parse.MOST_ITEMS

    def test_none_is_not_the_same_as_no_charger(self):
        """An empty list is an account without chargers; anything else says nothing."""
        assert parse.pairings([]) == []
        assert parse.pairings({"data": []}) == []
        for answer in (None, "", "OK", 7, True, {}, {"message": "x"}, [1, 2], [{"tag": "x"}], {"data": "OK"}, {"data": None}):
            assert parse.pairings(answer) is None

    def test_there_is_an_end_to_wrappers(self):
        """Four are plenty."""
        answer = [PAIRING]
        for _ in range(3):
            answer = {"data": answer}
        assert parse.pairings(answer) is not None
        assert parse.pairings({"data": answer}) is None


class TestReported:
    """The shadow document."""

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda flat: flat,
            lambda flat: {"reported": flat},
            lambda flat: {"state": {"reported": flat, "desired": {"locked": "9"}}, "version": 4711},
            lambda flat: {"data": flat},
            lambda flat: {"data": {"Reported": json.dumps(flat)}},
            lambda flat: [flat],
            lambda flat: {"data": [flat]},
            json.dumps,
        ],
    )
    def test_every_shape_is_flat(self, wrap):
        """Keys in lower case, scalars as they are."""
        flat = {"deviceId": "XQUXDU", "Version": "2.4.6", "intensity": "16", "locked": 0, "dynamic": True}
        assert parse.reported(wrap(flat)) == {
            "deviceid": "XQUXDU",
            "version": "2.4.6",
            "intensity": "16",
            "locked": 0,
            "dynamic": True,
        }

    @pytest.mark.parametrize("pack", [json.dumps, lambda info: info, lambda info: f" {json.dumps(info)} "])
    def test_the_network_is_unpacked(self, pack):
        """It is JSON within a string."""
        info = {"ssid": "home", "ip": "192.168.1.5", "static_mode": 0, "status": 3, "list": [1], "none": None}
        assert parse.reported({"wifi_info": pack(info)}) == {
            "wifi_ssid": "home",
            "wifi_ip": "192.168.1.5",
            "wifi_static_mode": 0,
            "wifi_status": 3,
        }

    @pytest.mark.parametrize(
        ("more", "address"),
        [
            ({}, None),
            ({"wifi_static": "1"}, None),
            ({"wifi_static": "0.0.0.0"}, None),
            ({"wifi_static": 3232235781}, None),
            ({"wifi_static": "192.168.1.7"}, "192.168.1.7"),
            ({"wifi_static": '{"ip": "192.168.1.7"}'}, "192.168.1.7"),
            ({"wifi_static": "192.168.1.7", "wifi_info": '{"ip": "192.168.1.8"}'}, "192.168.1.8"),
            ({"wifi_static": "192.168.1.7", "wifi_info": '{"ip": ""}'}, "192.168.1.7"),
        ],
    )
    def test_the_inverter_is_never_taken_for_the_charger(self, more, address):
        """``huawei_ip`` is another device; a fixed address is the charger's."""
        found = parse.reported({"huawei_ip": "192.168.1.66", "inverter_ip": "192.168.1.67"} | more)
        assert found.get("wifi_ip") == address
        assert found["huawei_ip"] == "192.168.1.66"

    def test_what_is_hostile_stays_small(self):
        """Long texts are cut, deep objects and broken JSON are left out, and so is a flood of keys."""
        assert len(parse.reported({"a": "x" * 10_000})["a"]) == parse.VALUE_LIMIT
        assert parse.reported({"a": {"b": {"c": {"d": 1}}}, "e": [1], "f": None}) == {}
        assert parse.reported({"a": {"b": {"c": 1}}}) == {"a_b_c": 1}
        assert parse.reported({"wifi_info": "[" * 100 + "]" * 100, "b": "1"}) == {"b": "1"}
        assert parse.reported({"wifi_info": '{"ip": '}) == {"wifi_info": '{"ip":'}
        assert len(parse.reported({f"k{index}": index for index in range(5000)})) == parse.MOST_KEYS

    @pytest.mark.parametrize(
        "answer", [None, "", "OK", 7, True, [], [1], [{}, {}], {}, {"data": []}, {"reported": "x", "data": None}]
    )
    def test_anything_else_says_nothing(self, answer):
        """Or nothing but itself."""
        assert parse.reported(answer) in ({}, {"reported": "x"})


class TestLive:
    """What flows."""

    def test_volts_come_in_kilovolts(self):
        """0.232050 is 232.05 V, and the pilot's level is no voltage."""
        assert parse.live(LIVE) == LIVE | {"voltage": 232.05}
        assert parse.live(LIVE)["cp_level"] == "248.000000"

    @pytest.mark.parametrize(
        ("raw", "volts"),
        [
            ("230.5", "230.5"),
            (230, 230),
            (0.23, 230),
            ("0.077350", 77.35),
            ("0", "0"),
            ("0.000000", "0.000000"),
            ("-0.1", "-0.1"),
            ("", ""),
        ],
    )
    def test_volts_that_are_volts_stay(self, raw, volts):
        """The specification's example has them; nothing is made of nothing."""
        assert parse.live({"voltage": raw})["voltage"] == volts

    def test_no_voltage_is_invented(self):
        """A pole has fewer keys, and other types."""
        pole = {"seconds": 12, "photovoltaic_on": 0, "charge_state": 1, "power": 0.0, "error": "", "energy": 0}
        assert parse.live(pole) == pole
        assert parse.live({"cp_level": "248.000000"}) == {"cp_level": "248.000000"}
        assert parse.live("No data") == {}


@pytest.mark.parametrize(
    ("answer", "truth"),
    [
        (None, True), ("", True), (True, True), (False, False), (1, True), (0, False), ("true", True), ("Offline", False), ("OK", True),
        ({"connected": True}, True), ({"connected": "false"}, False), ({"isConnected": 1}, True), ({"data": {"online": False}}, False),
        ({"connected": None, "is_online": "1"}, True), ([{"connected": True}], True), ({"statusConnection": "CONNECTED"}, True),
        ({}, None), ([], None), ({"message": "x"}, None), ("perhaps", None), (7, None), ({"connected": {"a": 1}}, None),
    ],
)  # fmt: skip
def test_connected(answer, truth):
    """Nothing at all means connected; what nobody understands means nothing."""
    assert parse.connected(answer) is truth


@pytest.mark.parametrize(
    ("answer", "firmware", "model"),
    [
        ({"versionId": "2.4.6", "modelName": "Trydan"}, "2.4.6", "Trydan"),
        ({"versionId": "v2.4.6", "modelName": "INIT", "modelId": "TRYDAN_PRO_4G"}, "2.4.6", "Trydan Pro 4G"),
        ({"versionId": "INIT", "modelName": "init"}, None, None),
        ({"versionId": "2.5.1", "modelId": 1, "modelName": "7"}, "2.5.1", None),
        ({"versionId": "2.5.1", "commercialName": "trydan  pro", "modelName": "x"}, "2.5.1", "Trydan Pro"),
        ({"versionId": "2.5.1", "modelName": "eTrydan"}, "2.5.1", "eTrydan"),
        ({"data": {"versionId": "2.5.1"}}, "2.5.1", None),
        ([{"version": 2.5}], "2.5", None),
        ({"versionId": "trydan-2.5"}, "trydan-2.5", None),
        ("2.4.6", "2.4.6", None),
        (" v2.4.6-beta ", "2.4.6-beta", None),
        (2.5, "2.5", None),
        ("INIT", None, None), ("Not found", None, None), (None, None, None), ({}, None, None), ([], None, None), (True, None, None),
        ({"versionId": {"a": 1}, "modelName": ["x"]}, None, None),
        ({"modelName": "_"}, None, None),
        ({"modelName": "1.5"}, None, None),
    ],
)  # fmt: skip
def test_version(answer, firmware, model):
    """Placeholders are nothing, and a model reads well."""
    assert parse.version(answer) == (firmware, model)


def test_cards():
    """A code, and the name that people gave it."""
    known = {"code": "aa23b601", "tag": "Anna"}
    assert parse.cards([known | {"id": 7}]) == [known]
    for wrapper in ("cards", "rfid", "data", "content", "items"):
        assert parse.cards({wrapper: [known]}) == [known]
    assert parse.cards([{"code": 12345678}, {"tag": "no code"}, "x", {"rfidCode": "ff", "rfidName": "Bob"}]) == [
        {"code": "12345678", "tag": None},
        {"code": "ff", "tag": "Bob"},
    ]
    assert parse.cards([]) == []
    assert [parse.cards(answer) for answer in (None, "No data", {}, 7)] == [None] * 4


def test_profiles():
    """Those with a name; whether one is active is a truth."""
    solar = {"name": "Sun", "mode": "solar", "value": 32, "updateAt": "2026-01-01T00:00:00Z", "active": True}
    assert parse.profiles([solar]) == [solar]
    for wrapper in ("profiles", "data", "content", "items"):
        assert parse.profiles({wrapper: [solar]}) == [solar]
    assert parse.profiles([{"name": "a", "active": "1"}, {"name": "b", "active": "?"}, {"name": ""}, {"mode": "x"}, 7]) == [
        {"name": "a", "active": True},
        {"name": "b", "active": None},
    ]
    assert parse.profiles([{"name": "c"}]) == [{"name": "c"}]
    assert [parse.profiles(answer) for answer in (None, "No data", {}, 7)] == [None] * 4


def test_networks():
    """Objects as they are, or names."""
    found = [{"ssid": "home", "rssi": -48}, {"ssid": "Café ☕", "rssi": -83}]
    assert parse.networks(found) == found
    for wrapper in ("networks", "wifi", "wifilist", "data", "content", "items"):
        assert parse.networks({wrapper: found}) == found
    assert parse.networks(["home", "Café ☕", None, "", 12]) == ["home", "Café ☕", "12"]
    assert [parse.networks(answer) for answer in (None, "No data", {}, 7, [])] == [[]] * 5


@pytest.mark.parametrize(
    ("answer", "energy", "charges"),
    [
        ([{"totalEnergy": 1234.5, "totalCharges": 77}], 1234.5, 77),
        ([{"totalEnergy": "1234.5", "totalCharges": "77"}], 1234.5, 77),
        ([{"energy": 1234.5, "cost": 99}], 1234.5, None),
        ({"totalEnergy": 5, "totalCharges": 0}, 5, 0),
        ({"data": [{"totalEnergy": 5}]}, 5, None),
        ({"data": {"totalEnergy": 5}}, 5, None),
        ([{"totalEnergy": 0.1, "totalCharges": 1}, {"totalEnergy": 0.2, "totalCharges": 2}, "x"], 0.3, 3),
        ([{"totalEnergy": -1, "totalCharges": -1}], None, None),
        ([{"totalEnergy": 1e308}, {"totalEnergy": 1e308}], None, None),
        ([{"totalEnergy": None, "totalCharges": 1e308}, {"totalCharges": 1e308}], None, None),
        ([], None, None), ({}, None, None), (None, None, None), ("x", None, None), (7, None, None), ([7], None, None),
    ],
)  # fmt: skip
def test_totals(answer, energy, charges):
    """Both documented shapes, added up."""
    assert parse.totals(answer) == (energy, charges)


KEYS = st.sampled_from(
    [
        "deviceId", "device_id", "id", "tag", "name", "model", "price", "coCost", "ip", "data", "content", "items", "pairings", "state",
        "reported", "wifi_info", "wifi_static", "huawei_ip", "voltage", "connected", "online", "versionId", "modelName", "commercialName",
        "cards", "code", "profiles", "active", "networks", "totalEnergy", "totalCharges", "energy",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**320)
    | st.floats()
    | st.text()
    | st.sampled_from(
        [
            "INIT",
            "0.23",
            "192.168.1.5",
            "XQUXDU",
            "\ud800",
            "{",
            '{"ip": "1.2.3.4"}',
            '[{"id": "A"}]',
            '"[1]"',
            "[" * 50 + "]" * 50,
        ]
    )
)
ANSWERS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS | st.text(), inner, max_size=6))
READERS = (
    parse.pairings,
    parse.reported,
    parse.live,
    parse.connected,
    parse.version,
    parse.cards,
    parse.profiles,
    parse.networks,
    parse.totals,
)


@given(answer=ANSWERS)
@settings(derandomize=True, deadline=None, max_examples=600)
def test_nothing_escapes_a_reader(answer):
    """Whatever JSON there is, each says what it is or that it is nothing; their shapes hold."""
    found = {reader.__name__: reader(answer) for reader in READERS}
    assert all(parse.DEVICE_ID.fullmatch(each.device_id) for each in found["pairings"] or [])
    for flat in (found["reported"], found["live"]):
        assert all(isinstance(value, str | bool | int | float) and key == key.lower() for key, value in flat.items())
    assert found["connected"] in (True, False, None)
    assert all(value is None or (math.isfinite(value) and value >= 0) for value in found["totals"])
    assert all(isinstance(each, dict) for each in (found["cards"] or []) + (found["profiles"] or []))


@given(
    body=st.binary(max_size=300)
    | st.text(alphabet='{}[]",:0123456789.eE+-NaInfity truls\\u\ufeff\0', max_size=80).map(str.encode)
    | ANSWERS.map(lambda answer: json.dumps(answer).encode())
    | ANSWERS.map(lambda answer: json.dumps(json.dumps(answer)).encode())
)
@settings(derandomize=True, deadline=None, max_examples=600)
def test_nothing_but_our_error_escapes_the_parser(body):
    """And what comes out can be read by all others."""
    try:
        found = loose(body)
    except DeviceProtocolError:
        return
    assert not isinstance(found, float) or math.isfinite(found)
    assert not isinstance(found, str) or 0 < len(found) <= parse.TEXT_LIMIT
    for reader in READERS:
        reader(found)
