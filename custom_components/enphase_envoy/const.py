"""What the files of this integration share; the keys of entries are those of Home Assistant's own integration."""

from typing import Final

DOMAIN: Final = "enphase_envoy"
MANUFACTURER: Final = "Enphase"

# In the data of an entry, beside host, name, username, password and token.
CONF_MANUAL_TOKEN: Final = "use_manual_token"  # noqa: S105 (a key)

# In the form that changes an entry: the credentials are to be others as well.
CONF_NEW_ACCESS: Final = "new_access"

# Options.
CONF_INTERVAL: Final = "scan_interval"
CONF_PHASES: Final = "phases"
CONF_DETAILS: Final = "inverter_details"
CONF_CAPTURE: Final = "diagnostics_include_fixtures"
SCAN_INTERVAL: Final = 5
MIN_SCAN_INTERVAL: Final = 1
MAX_SCAN_INTERVAL: Final = 300
AUTOMATIC: Final = "auto"
PHASES: Final = {AUTOMATIC: None, "mono": 1, "three": 3}
ALL: Final = "all"
NONE: Final = "none"
DETAILS: Final = (AUTOMATIC, ALL, NONE)

# The charge at which AC batteries sleep, in steps of the maker's own tool; the first choice is the fullest.
ACB_BANDS: Final = [f"{low}-{low + 5}" for low in range(0, 100, 5)]
ACB_BAND: Final = ACB_BANDS[-1]

# Where a token is made by hand.
TOKEN_SITE: Final = "https://entrez.enphaseenergy.com"  # noqa: S105 (an address)
