"""Faker's providers that a template may use: those that take nothing and make a short text.

A fixed list, so that a template reaches nothing else of the package; the Lambda, which has no
Faker, knows from it what a worker will find. Sizes were measured with Faker 40.54.0 in en_US; a
test compares.
"""

from __future__ import annotations

from collections.abc import Mapping

MOST_BYTES = 400
"""What is longer, as JSON, is drawn again."""

_TEXTS = {
    "name": 17,
    "first_name": 6,
    "last_name": 6,
    "user_name": 10,
    "email": 22,
    "company": 17,
    "job": 21,
    "catch_phrase": 34,
    "phone_number": 16,
    "address": 34,
    "street_address": 23,
    "city": 12,
    "state": 8,
    "postcode": 5,
    "country": 10,
    "country_code": 2,
    "timezone": 14,
    "locale": 5,
    "language_code": 2,
    "word": 6,
    "sentence": 36,
    "color_name": 9,
    "currency_code": 3,
    "date": 10,
    "ipv4": 13,
    "ipv6": 39,
    "mac_address": 17,
    "url": 23,
    "domain_name": 13,
    "user_agent": 94,
    "mime_type": 14,
    "file_name": 10,
    "iban": 22,
    "ean13": 13,
    "license_plate": 7,
}
_NUMBERS = {"latitude": 10, "longitude": 10}
PROVIDERS: Mapping[str, tuple[float, bool]] = {
    **{name: (size, False) for name, size in _TEXTS.items()},
    **{name: (size, True) for name, size in _NUMBERS.items()},
}
"""By name: the mean length in bytes, and whether it is a number."""
