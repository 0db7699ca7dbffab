"""How to sign in to a gateway with firmware before 7, which asks for a digest: users and passwords to try.

Source: research brief, section 1.3; written from that description.
"""

import hashlib
from typing import Final

USER: Final = "envoy"
INSTALLER: Final = "installer"
REALM: Final = "enphaseenergy.com"
SALT: Final = " EnPhAsE eNeRgY "
LENGTH: Final = 8
# At these counts the counter of zeros, or of ones, loses one before each character; and it never passes its limit.
ZEROS_SKIP, ZEROS_LIMIT = frozenset({3, 6, 9}), 20
ONES_SKIP, ONES_LIMIT = frozenset({9, 15}), 26


def installer_password(serial: str, user: str = INSTALLER) -> str:
    """Return the password that a gateway of this serial (12 digits) comes with for its installer: eight characters."""
    digest = hashlib.md5(f"[e]{user}@{REALM}#{serial}{SALT}".encode(), usedforsecurity=False).hexdigest()
    zeros, ones = digest.count("0"), digest.count("1")
    password = ""
    for character in reversed(digest[-LENGTH:]):
        zeros = _next(zeros, ZEROS_SKIP, ZEROS_LIMIT)
        ones = _next(ones, ONES_SKIP, ONES_LIMIT)
        if character == "0":
            password += chr(ord("f") + zeros)
            zeros -= 1
        elif character == "1":
            password += chr(ord("@") + ones)
            ones -= 1
        else:
            password += character
    return password


def _next(counter: int, skip: frozenset[int], limit: int) -> int:
    return min(max(counter - (counter in skip), 0), limit)


def credentials(serial: str, password: str = "") -> tuple[tuple[str, str], ...]:
    """Return users and passwords in the order to try: what the user typed, then what a gateway comes with."""
    typed = ((USER, password), (INSTALLER, password)) if password else ()
    return tuple(dict.fromkeys((*typed, (USER, serial[-6:]), (INSTALLER, installer_password(serial)))))
