"""The report of a poll, and what holds after several."""

from custom_components.energy_core.errors import DeviceTimeoutError
from custom_components.energy_core.report import Reading, UpdateReport

SILENT, DEAF = DeviceTimeoutError("silent"), DeviceTimeoutError("deaf")


def report(*updated, **failed):
    return UpdateReport(updated=frozenset(updated), failed=failed)


def test_an_empty_answer_has_neither_values_nor_failures():
    """Nothing asked, nothing answered, nothing failed."""
    assert (dict(Reading().values), dict(Reading().failed)) == ({}, {})
    assert (UpdateReport().updated, dict(UpdateReport().failed)) == (frozenset(), {})


def test_a_block_that_was_not_read_keeps_its_standing():
    """A slow block stays good, or failed, while only the fast ones are read."""
    now = report("fast").after(report("slow", "fast", broken=SILENT))
    assert now == report("slow", "fast", broken=SILENT)


def test_a_block_that_answers_again_is_no_longer_failed():
    """The return of a block clears its failure, and the others' failures stay."""
    assert report("meter").after(report(meter=SILENT, other=DEAF)) == report("meter", other=DEAF)


def test_a_block_that_fails_now_is_no_longer_good():
    """A block is never good and failed at the same time, and its newest error counts."""
    assert report(meter=SILENT).after(report("meter", "other")) == report("other", meter=SILENT)
    assert report(meter=DEAF).after(report(meter=SILENT)).failed == {"meter": DEAF}
