"""Cells that have a test of their own: rows of the table, and for each way the test."""

from typing import Final

from tests.faults.rows import WAYS

type Cells = tuple[str, ...]
type Reference = tuple[str, str, str, str]

TITAN, V2C, ENVOY = "tests/titan_izypower", "tests/v2c_cloud", "tests/enphase_envoy"
POINTS: Final = "tests/energy_core/test_points.py"
IDENTITY, HOSTILE = "tests/faults/test_identity.py", "tests/faults/test_hostile.py"
TITAN_VALUES: Final = f"{TITAN}/ha/test_values.py::test_midnight_is_a_reset_and_a_glitch_is_not"
TITAN_SETUP: Final = f"{TITAN}/ha/test_setup.py"
V2C_LIFE: Final = f"{V2C}/ha/test_life.py"

# Number, words, what must come of it on each way (or the letter of why it cannot be), and for each way its test.
ROWS: Final[tuple[tuple[str, str, Cells, Cells], ...]] = (
    (
        "F22",
        "what we sign in with is refused for good",
        ("(g)", "asks", "(g)", "asks", "asks"),
        (
            "",
            f"{TITAN_SETUP}::test_a_password_that_changes_is_asked_for_again",
            "",
            f"{V2C_LIFE}::test_a_key_that_is_proven_bad",
            f"{ENVOY}/ha/test_tokens.py::test_everything_is_refused",
        ),
    ),
    (
        "F30",
        "a counter goes back, or jumps",
        ("stands", "stands", "stands", "stands", "stands"),
        (
            TITAN_VALUES,
            TITAN_VALUES,
            f"{V2C}/device/test_session_meter.py::test_a_counter_that_begins_again_goes_on_with_the_session",
            f"{V2C}/device/test_session_meter.py::test_a_counter_that_begins_again_goes_on_with_the_session",
            f"{ENVOY}/device/test_site.py::test_rule_3_a_glitch_of_a_register_is_held",
        ),
    ),
    (
        "F31",
        "a code that nobody knows",
        ("unknown",) * 5,
        (
            f"{POINTS}::test_an_unknown_code_is_kept_aside_until_it_is_known_again",
            f"{POINTS}::test_an_unknown_code_is_kept_aside_until_it_is_known_again",
            f"{V2C_LIFE}::test_unknown_codes_break_nothing",
            f"{V2C_LIFE}::test_unknown_codes_break_nothing",
            f"{ENVOY}/device/test_fuzz.py::test_trap_8_any_node_of_an_answer_may_be_anything",
        ),
    ),
    (
        "F34",
        "the name cannot be looked up",
        ("lost",) * 5,
        (f"{IDENTITY}::test_a_name_that_nobody_knows",) * 5,
    ),
    (
        "F34",
        "a new address",
        ("through", "through", "through", "(h)", "through"),
        (
            f"{TITAN_SETUP}::test_a_known_unit_is_followed_to_its_new_address",
            f"{TITAN_SETUP}::test_a_known_unit_is_followed_to_its_new_address",
            f"{V2C_LIFE}::test_a_charger_that_moved_is_found_by_its_id",
            "",
            f"{ENVOY}/ha/test_flow_zeroconf.py::test_a_known_gateway_that_has_moved_is_followed",
        ),
    ),
    (
        "F35",
        "another device at the old address",
        ("lost", "lost", "lost", "(h)", "lost"),
        (
            f"{TITAN_SETUP}::test_another_unit_at_the_old_address_is_refused_with_a_repair",
            f"{TITAN_SETUP}::test_another_unit_at_the_old_address_is_refused_with_a_repair",
            f"{V2C}/device/test_device.py::test_another_charger_at_the_address_is_never_shown",
            "",
            f"{ENVOY}/ha/test_life.py::test_another_gateway",
        ),
    ),
    (
        "F36",
        "another certificate",
        ("(c)", "(c)", "(c)", "(e)", "asks"),
        ("", "", "", "", f"{ENVOY}/ha/test_life.py::test_another_certificate"),
    ),
    (
        "F44",
        "an address from somebody else: foreign, loopback, link-local, mapped",
        ("refused",) * 5,
        (
            f"{TITAN_SETUP}::test_what_announces_itself_and_does_not_answer_is_left_alone",
            f"{TITAN_SETUP}::test_what_announces_itself_and_does_not_answer_is_left_alone",
            f"{V2C}/device/test_address.py::test_all_other_nets_are_refused",
            f"{V2C_LIFE}::test_hostile_addresses_are_never_asked",
            f"{ENVOY}/ha/test_flow_zeroconf.py::test_one_that_only_poses_as_it_is_not_followed",
        ),
    ),
    (
        "F45",
        "hostile text in names, serial numbers, answers",
        ("cut",) * 5,
        (
            f"{TITAN}/device/test_fuzz.py::test_texts",
            f"{POINTS}::test_hostile_text_is_cut",
            f"{POINTS}::test_hostile_text_is_cut",
            f"{V2C}/device/test_parse.py::test_what_is_hostile_stays_small",
            f"{ENVOY}/device/test_fuzz.py::test_f45_a_hostile_serial_number_is_cut_and_cleaned",
        ),
    ),
    (
        "F46",
        "hostile values in an action",
        ("refused",) * 5,
        (f"{HOSTILE}::test_a_hostile_value",) * 5,
    ),
)
ELSEWHERE: Final[tuple[Reference, ...]] = tuple(
    (number, what, way, test) for number, what, _, tests in ROWS for way, test in zip(WAYS, tests, strict=True) if test
)
