"""The pages of a gateway that no meter fills: /info, /home, the HTML of old firmware, and the words of refusal."""

from typing import TYPE_CHECKING, Any, Final

from .envoy_profiles import PACKAGES

if TYPE_CHECKING:
    from .envoy_inverters import Inverters

type Json = dict[str, Any]

VALID: Final = "<!DOCTYPE html><h2>Valid token.</h2>\n"
REFUSED_OLD: Final = "<html><body><h2>401 Unauthorized</h2></body></html>\n"
REFUSED_OLDEST: Final = "Error: 401\n"
MISSING: Final = '{ "error" : "404 - Not Found" }\n'
BUSY: Final = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>503</body></html>"
REFUSED: Final = """<html>
<head><title>401 Authorization Required</title></head>
<body>
<center><h1>401 Authorization Required</h1></center>
<hr><center>Redirecting to <a id='link' href=''></a></center>
<script>
const redirect_url = window.location.protocol + '//' + window.location.host + '{target}';
</script>
</body>
</html>
"""
NO_PAGE: Final = """    <!DOCTYPE html PUBLIC "-//IETF//DTD HTML 2.0//EN">
    <html>
    <body>
    <center>
    <h2>Page Not Found</h2>
    <p>The page you tried to view does not exist
     Try the <a href="/">home</a> page</p>
    </center>
    </body>
    </html>
"""
PRODUCTION_PAGE: Final = """      <h1>System Energy Production</h1>
      <div style="margin-right: auto; margin-left: auto;"><table>
      <tr><td colspan="3">System has been live since
                             <div class=good>Tue Nov 17, 2015 11:05 AM CET</div></td></tr>
      <tr><td>Currently</td>    <td> {now}</td></tr><tr><td>Today</td>     <td> {today}</td></tr><tr><td>Past Week</td>    \
<td> {week}</td></tr><tr><td>Since Installation</td>    <td> {lifetime}</td></tr>
      </table><br></div>
"""


def info(inverters: Inverters) -> str:
    """Give /info; each generation has its own keys."""
    options = inverters.options
    firmware, hardware = options.firmware, options.firmware.hardware
    part = hardware.metered_part if options.is_metered else hardware.standard_part
    quote = '"' if firmware.tokens else "'"
    app = ".".join(f"{number:02}" if number < 100 else str(number) for number in firmware.version)
    lines = [
        f"<?xml version={quote}1.0{quote} encoding={quote}{'utf-8' if firmware.tokens else 'UTF-8'}{quote}?>",
        "<envoy_info>",
        f"  <time>{int(inverters.model.epoch)}</time>",
        "  <device>",
        f"    <sn>{options.serial}</sn>",
        f"    <pn>{part}</pn>",
        f"    <software>{firmware.software}</software>",
        "    <euaid>4c8675</euaid>",
        "    <seqnum>0</seqnum>",
        "    <apiver>1</apiver>",
    ]
    if firmware.since(4, 2, 34):
        lines.append(f"    <imeter>{str(options.is_metered).lower()}</imeter>")
    lines.append("  </device>")
    if firmware.tokens:
        lines.append("  <web-tokens>true</web-tokens>")
    for name, number, version, build in PACKAGES:
        lines += [
            f"  <package name={quote}{name}{quote}>",
            f"    <pn>{number}</pn>",
            f"    <version>{version or app}</version>",
            f"    <build>{build}</build>",
            "  </package>",
        ]
    if firmware.since(4):
        lines += ["  <build_info>", "    <build_id>simulated</build_id>", "    <build_time_gmt>1776436703</build_time_gmt>"]
        lines.append("  </build_info>")
    return "\n".join([*lines, "</envoy_info>", ""])


def _amount(value: float, unit: str) -> str:
    for power, letter in ((6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:.4g} {letter}{unit}"
    return f"{value:4.0f} {unit}"


def production_page(inverters: Inverters) -> str:
    """Give the production as the HTML of firmware 3."""
    model = inverters.model
    energies = {"today": model.today.pv, "week": model.week.pv, "lifetime": model.registers.pv}
    amounts = {name: _amount(value, "Wh") for name, value in energies.items()}
    return PRODUCTION_PAGE.format(now=_amount(model.powers.pv, "W"), **amounts)


def home_page() -> str:
    """Give the home page as the HTML of firmware 3."""
    return "<html><body><h1>Enphase</h1><a href='/production'>Production</a></body></html>\n"


def home(inverters: Inverters) -> Json:
    """Give /home: network, communication and clock."""
    model, options = inverters.model, inverters.options
    now, count = model.house.now, len(inverters.working)
    numbers = {"pcu": count, "acb": options.acbs, "nsrb": int(options.qrelay), "esub": 0}
    comm: Json = {"num": sum(numbers.values()), "level": 5 if count else 0}
    comm |= {name: {"num": number, "level": 5 if number else 0} for name, number in numbers.items()}
    if options.firmware.tokens:
        comm["encharge"] = [{"num": options.encharges, "level": 0, "level_24g": 0, "level_subg": 0}]
    found: Json = {
        "software_build_epoch": 1776240639,
        "timezone": str(now.tzinfo or "UTC"),
        "current_date": f"{now:%m/%d/%Y}",
        "current_time": f"{now:%H:%M}",
        "network": {
            "web_comm": True,
            "ever_reported_to_enlighten": True,
            "last_enlighten_report_time": int(model.epoch) - 300,
            "primary_interface": "eth0",
            "interfaces": _interfaces(options.host),
        },
        "tariff": "single_rate",
        "comm": comm,
        "wireless_connection": [{"signal_strength": 0, "signal_strength_max": 0, "type": "BLE", "connected": False}],
    }
    if options.alerts:
        found["alerts"] = list(options.alerts)
    if options.enpower:
        found["enpower"] = {"connected": True, "grid_status": "open" if model.off_grid else "closed"}
    return found


def _interfaces(host: str) -> list[Json]:
    wired: Json = {
        "type": "ethernet",
        "interface": "eth0",
        "mac": "02:00:00:00:00:01",
        "dhcp": True,
        "ip": host,
        "signal_strength": 1,
        "signal_strength_max": 1,
        "carrier": True,
    }
    wireless = wired | {"type": "wifi", "interface": "wlan0", "mac": "02:00:00:00:00:02", "ip": None, "carrier": False}
    state = {"signal_strength": 0, "signal_strength_max": 0, "supported": True, "present": True, "configured": False}
    return [wired, wireless | state | {"status": "connecting"}]
