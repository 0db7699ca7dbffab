"""Names and numbers that the whole integration shares."""

from typing import Final

DOMAIN: Final = "v2c_cloud"
MANUFACTURER: Final = "V2C"

# Keys of entry data; those that the integration which owned this domain before wrote keep their names.
CONF_BASE_URL: Final = "base_url"
CONF_CLOUD_ONLY: Final = "cloud_only"
CONF_PAIRINGS: Final = "cached_pairings"
CONF_OLD_PAIRINGS: Final = "initial_pairings"
CONF_ADDRESSES: Final = "manual_ips"
CONF_UNNAMED: Final = "unnamed"
# Keys of options and forms.
CONF_ADVANCED: Final = "advanced"
CONF_INTERVAL: Final = "local_update_interval"
CONF_SHARE: Final = "budget_share"
CONF_CHARGER: Final = "charger"

SCAN_INTERVAL: Final = 30
MIN_SCAN_INTERVAL: Final = 5
MAX_SCAN_INTERVAL: Final = 300
# Percent of the 1000 calls a day that the maker's App and others keep.
SHARE: Final = 5
MAX_SHARE: Final = 50

STORAGE_VERSION: Final = 1

EVENT_WIFI_SCAN: Final = f"{DOMAIN}_wifi_scan"
EVENT_DEVICE_STATISTICS: Final = f"{DOMAIN}_device_statistics"
EVENT_GLOBAL_STATISTICS: Final = f"{DOMAIN}_global_statistics"
EVENT_POWER_PROFILES: Final = f"{DOMAIN}_power_profiles"
EVENT_CONNECTED: Final = f"{DOMAIN}_connected_status"
