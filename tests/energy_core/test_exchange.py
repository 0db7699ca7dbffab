"""One request in the log: the same line for every wire, whatever became of it."""

import asyncio
import logging
import re

import pytest

from custom_components.energy_core.errors import DeviceTimeoutError
from custom_components.energy_core.exchange import Exchange

LOGGER = logging.getLogger("custom_components.sample")


@pytest.fixture
def told(caplog):
    """Return what was said, without the time that it took."""
    caplog.set_level(logging.DEBUG)

    def lines():
        return [re.sub(r"\d+\.\d{3} s", "… s", each.getMessage()) for each in caplog.records if each.name == LOGGER.name]

    return lines


def test_an_answer_says_what_came_and_how_much(told):
    with Exchange(LOGGER, "lan", "GET /info") as exchange:
        exchange.got(200, 312)
    assert told() == ["lan GET /info 200 312 B in … s"]


def test_an_error_of_ours_says_why(told):
    with pytest.raises(DeviceTimeoutError), Exchange(LOGGER, "cloud", "POST /tokens"):
        raise DeviceTimeoutError("no answer within 10 s")
    assert told() == ["cloud POST /tokens failed after … s: no answer within 10 s"]


@pytest.mark.parametrize("error", [ValueError("http://10.0.0.5/?key=secret"), asyncio.CancelledError("secret")])
def test_of_other_errors_only_the_kind_is_said(told, error):
    with pytest.raises(type(error)), Exchange(LOGGER, "modbus", "read 1 register at 7"):
        raise error
    assert told() == [f"modbus read 1 register at 7 failed after … s: {type(error).__name__}"]


def test_it_is_said_at_debug_only(caplog):
    caplog.set_level(logging.INFO)
    with Exchange(LOGGER, "lan", "GET /info") as exchange:
        exchange.got(200, 312)
    assert caplog.records == []


def test_the_time_is_that_of_the_request(caplog):
    caplog.set_level(logging.DEBUG)
    exchange = Exchange(LOGGER, "lan", "GET /info")
    with exchange:
        exchange.got(200, 1)
    assert float(re.search(r"in (\S+) s", caplog.messages[0])[1]) < 1
