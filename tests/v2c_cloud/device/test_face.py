"""What the cloud last said of a charger: other names, rubbish, and a memory that may be of any shape."""

from hypothesis import given, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceRefusedError
from custom_components.energy_core.points import Source
from custom_components.v2c_cloud.v2c.face import ALIASES, Face
from custom_components.v2c_cloud.v2c.plan import Kind
from custom_components.v2c_cloud.v2c.points import Cloud, Settings
from custom_components.v2c_cloud.v2c.routes import ROUTES
from custom_components.v2c_cloud.v2c.sessions import SessionBook

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from(["live", "reported", "cards", "at"]), inner, max_size=3)
    ),
    max_leaves=8,
)
RUBBISH = [None, "", "Command executed successfully", [], {}, 42, True, [1, 2], {"a": {"b": []}}]


@pytest.fixture
def face():
    """A face that nothing was said of."""
    return Face("SIMV2C", SessionBook())


def told(face, kind, answer, now=1000.0):
    """Tell a face, and return it."""
    face.take(kind, answer, now)
    return face


@pytest.mark.parametrize(("key", "other"), [(key, each) for key, others in ALIASES.items() for each in others])
def test_other_names(face, key, other):
    told(face, Kind.REPORTED, {"intensity": "16", other.removeprefix("reported."): "7"})
    assert face.values()[key] == "7"


@pytest.mark.parametrize(("key", "other"), [(key, each) for key, others in ALIASES.items() for each in others])
def test_the_usual_name_counts_first(face, key, other):
    told(face, Kind.REPORTED, {"intensity": "16", other.removeprefix("reported."): "7", key.removeprefix("reported."): "8"})
    assert face.values()[key] == "8"


def test_no_name_at_all(face):
    assert face.values() == {}
    assert not set(ALIASES) & set(told(face, Kind.REPORTED, {"intensity": "16", "language": "1"}).values())


def test_no_error_is_an_empty_text(face):
    assert told(face, Kind.LIVE, {"error": "", "charge_state": "2"}).values()["live.error"] == "0"
    assert told(face, Kind.LIVE, {"error": "244", "charge_state": "2"}).values()["live.error"] == "244"


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("kind", [Kind.LIVE, Kind.REPORTED])
def test_an_answer_that_makes_no_sense_changes_nothing(face, kind, rubbish):
    told(face, Kind.LIVE, {"charge_state": "2", "power": "1.0"})
    told(face, Kind.REPORTED, {"intensity": "16"})
    before = (face.values(), dict(face.at))
    told(face, kind, rubbish, 2000.0)
    assert (face.values(), face.at) == before


@pytest.mark.parametrize("kind", [Kind.LIVE, Kind.REPORTED])
@pytest.mark.parametrize(
    "answer", [{"message": "Command executed successfully"}, {"error": "Internal", "status": 500}, {"data": {"message": "x"}}]
)
def test_an_object_that_says_something_else_changes_nothing(face, kind, answer):
    # Was wrong: any object with one scalar replaces all that is known, and looks fresh.
    told(face, Kind.LIVE, {"charge_state": "2", "power": "1.0"})
    told(face, Kind.REPORTED, {"intensity": "16", "device_id": "SIMV2C"})
    before = (face.values(), dict(face.at))
    told(face, kind, answer, 2000.0)
    assert (face.values(), face.at) == before


@pytest.mark.parametrize("rubbish", ["<nothing>", {"versionId": "INIT"}, [1], {"x": 1}])
def test_a_version_that_is_none_does_not_make_the_model_unknown(face, rubbish):
    # Was wrong: a placeholder or rubbish wipes firmware and model, although "one that makes no sense changes nothing".
    told(face, Kind.VERSION, {"versionId": "2.4.6", "modelName": "TRYDAN_PRO_4G"})
    told(face, Kind.VERSION, rubbish)
    assert face.facts["model"] == "Trydan Pro 4G"
    assert face.facts["latest_firmware"] == "2.4.6"


def test_an_answer_that_does_not_tell_whether_it_is_connected(face):
    # Was wrong: the same for the connection.
    told(face, Kind.CONNECTED, {"connected": True})
    told(face, Kind.CONNECTED, {"x": 1}, 2000.0)
    assert face.facts["connected"] is True


@pytest.mark.parametrize(
    ("answer", "connected"), [(None, True), ("", True), (True, True), (False, False), ({"connected": "false"}, False)]
)
def test_connected(face, answer, connected):
    assert told(face, Kind.CONNECTED, answer).facts["connected"] is connected


def test_cards_and_profiles(face):
    told(face, Kind.CARDS, [{"code": "aa23b601", "tag": "Ana"}, {"tag": "no code"}])
    assert face.facts["cards"] == 1
    told(face, Kind.CARDS, "No data")
    assert face.lists["cards"] == [{"code": "aa23b601", "tag": "Ana"}]
    told(face, Kind.PROFILES, {"profiles": [{"name": "Sun", "active": True}, {"name": "Night", "active": False}]})
    assert (face.facts["profiles"], face.facts["active_profile"]) == (2, "Sun")
    told(face, Kind.PROFILES, [])
    assert (face.facts["profiles"], face.facts["active_profile"]) == (0, None)
    told(face, Kind.PROFILES, "No data")
    assert face.facts["profiles"] == 0


def test_kinds_that_are_none_of_a_face(face):
    told(face, Kind.PAIRINGS, [{"deviceId": "X"}])
    assert face.at == {}


def test_age(face):
    assert face.age(Kind.LIVE, 1000.0) is None
    told(face, Kind.LIVE, {"charge_state": "0"})
    assert face.age(Kind.LIVE, 1300.0) == 300
    assert face.age(Kind.LIVE, 900.0) == 0


def test_memory(face):
    told(face, Kind.LIVE, {"charge_state": "2"})
    told(face, Kind.CARDS, [])
    face.name = "Garage"
    later = Face("SIMV2C", SessionBook())
    later.restore(face.saved())
    assert later.saved() == face.saved()
    later.restore({"name": 3, "answers": [], "at": None, "facts": "x", "lists": 1, "book": []})
    assert later.saved() == face.saved()


@given(saved=st.dictionaries(st.sampled_from(["name", "answers", "at", "facts", "lists", "book"]), JSON))
def test_a_memory_of_any_shape_does_no_harm(saved):
    # Was wrong: what is inside of the dictionaries is not looked at: age() and values() raise TypeError and AttributeError.
    face = Face("SIMV2C", SessionBook())
    face.restore(saved)
    face.values()
    assert (face.age(Kind.LIVE, 1000.0) or 0.0) >= 0


def test_a_time_in_the_future_is_not_fresh_for_ever(face):
    # Was wrong: saved by a clock that was ahead, an answer counts as new until that day comes.
    face.restore({"answers": {"live": {"charge_state": "2"}}, "at": {"live": 5e9}})
    assert face.age(Kind.LIVE, 1000.0) is None or face.age(Kind.LIVE, 100_000.0) > 7200


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.parametrize("raw", [True, False, 0, 1])
def test_routes(name, raw):
    endpoint, params = ROUTES[name](raw)
    assert set(params) == set(endpoint.params)
    assert not endpoint.reads
    if name == "pause":
        assert endpoint.path == ("/device/pausecharge" if raw else "/device/startcharge")
    else:
        assert params == {"value": int(raw)}
        assert type(params["value"]) is int


async def test_the_wire_reads_for_nothing(cloud_home):
    await cloud_home.ask()
    cloud_home.cloud.calls.clear()
    reading = await cloud_home.trydan.cloud.read([Settings.intensity.source("cloud"), Source(key="live.nothing")])
    assert reading.values == {"reported.intensity": "16"}
    assert not cloud_home.cloud.calls


async def test_the_wire_writes_each_by_its_call(cloud_home):
    wire = cloud_home.trydan.cloud
    await wire.write([(Settings.intensity.source("cloud"), 10), (Cloud.language.source("cloud"), 3)])
    assert [call.path for call in cloud_home.cloud.calls] == ["/device/intensity", "/device/language"]
    with pytest.raises(DeviceRefusedError) as caught:
        await wire.write([(Settings.intensity.source("cloud"), 10), (Settings.contracted_power.source("cloud"), 46)])
    assert caught.value.key == "lan_needed"
    assert len(cloud_home.cloud.calls) == 2
