"""What tells English from the languages that we speak: words that only English has, and texts that look alike."""

from typing import Final

# Words of English that no text in French, German, Spanish or Italian has.
_WORDS: Final = """
    about above after again against all already also and any are at away back been before began being below between both but by
    came can cannot changed check choose could did does doing down each else enter every few find first for found from gives
    given goes gone had has have having he here his how if into is it its just keep kept know known last later least less
    let like look made make many more most much must need needed never new next not nothing now of off often once only
    other others our out over own please put read ready really said same see seen sent set should show shown since so some
    still stop stopped such take taken than that the their them then there these they this those through to together too
    took try turn turned until up use used uses very wait want was way were what when where which while who why will with
    without would you your yours
    available unavailable answer battery belongs box busy button car changes charger charging clock command connected current
    day days device devices discharging disabled enabled energy error expired expires failed failure grid home house hour hours
    level limit lost message meter name network order password please power refused refuses running setting settings solar
    started starting state stored sun unit unknown update value values wrong
"""
ENGLISH: Final = frozenset(_WORDS.split())
# Of these, what a language has too: as a word of its own, or one that it took over.
ALSO: Final = {
    "fr": frozenset({"box", "car", "charger", "message", "use"}),
    "de": frozenset({"all", "also", "name", "so", "solar", "test", "unit", "was"}),
    "es": frozenset({"error", "has", "he", "solar", "use"}),
    "it": frozenset({"all", "box", "password", "state"}),
}
# Keys that a text names on purpose, because they are written so in every language.
KEYS_TOLD: Final = {
    "exceptions.invalid_days.message": {"sun"},
    "issues.taken_over.fix_flow.step.confirm.description": {"charging"},
    "services.create_power_profile.fields.profile.description": {"solar"},
    "services.update_power_profile.fields.profile.description": {"solar"},
}
# Texts that are the same as in English, because the word is: names of products and standards, and words in common.
_NAMES: Final = frozenset(
    {
        *("Carlo Gavazzi", "Growatt", "HTTP (OpenData)", "Huawei", "MQTT", "Modbus TCP", "OCPP", "Shelly", "Solax", "Titan"),
        *("Titan 2400", "Titan 3200", "Titan PRO", "V2C Cloud"),
    }
)
SAME: Final = {
    "fr": _NAMES
    | {
        *("Activations", "Active", "Boost", "Catalan", "Charge", "Cloud", "Communication", "France", "Minutes", "Mode"),
        *("Normal", "Options", "Pause", "Port", "Standard", "Surplus", "Surplus {number}", "Type 10", "Type 7", "Type 8"),
        *("Type 9", "Envoy, {phases} phases"),
    },
    "de": _NAMES
    | {
        *("Alarm", "Boost", "Cloud", "Firmware", "Generator", "Name", "Normal", "Offline", "Pause", "Port", "Problem"),
        *("Solar", "Standard", "Status", "Test", "Token"),
    },
    "es": _NAMES | {"Austria", "Control", "Firmware", "Normal", "Solar", "Token"},
    "it": _NAMES
    | {
        *("Account", "Austria", "Boost", "Cloud", "Firmware", "Inverter", "Inverter {serial}", "Offline", "Password"),
        *("Standard", "Timer", "Token"),
    },
}
# What stands in texts as it is on a button, a website or a label, and is English there; and what is no language at all.
LABELS: Final = (
    *("Local API", "HTTP Digest", "Home Assistant", "Modbus TCP", "IQ Gateway", "IQ Combiner", "IQ Meter Collar", "AC Battery"),
    *("AC Batteries", "Off-Grid", "Titan PRO", "Envoy-S Metered", "Envoy-S Standard", "V2C Cloud", "Wi-Fi", "Enphase Energy"),
)

# The same, among the headings of the dashboards.
ON_DASHBOARDS: Final[dict[str, frozenset[str]]] = {
    "fr": frozenset({"Batteries", "Session", "Sessions"}),
    "de": frozenset({"Solar"}),
    "es": frozenset({"Solar"}),
    "it": frozenset(),
}
