"""Verification of registered programs: 65, 66, 72, 73 and their answers."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, Message, request, response, wire


@request(65, "verifyRequest")
class ReqVerification(Message):
    """OUT 65. Asks to be verified as a program that is registered with the broker."""

    layout: int = wire(INT, default=1)
    api_name: str = wire(TEXT)
    api_version: str = wire(TEXT)


@request(66, "verifyMessage")
class VerificationMessage(Message):
    """OUT 66. The answer to 65's challenge."""

    layout: int = wire(INT, default=1)
    api_data: str = wire(TEXT)


@request(72, "verifyAndAuthRequest")
class ReqAuthentication(Message):
    """OUT 72. As 65, with the vendor's key."""

    layout: int = wire(INT, default=1)
    api_name: str = wire(TEXT)
    api_version: str = wire(TEXT)
    vendor_key: str = wire(TEXT)


@request(73, "verifyAndAuthMessage")
class AuthenticationMessage(Message):
    """OUT 73. The answer to 72's challenge."""

    layout: int = wire(INT, default=1)
    api_data: str = wire(TEXT)
    challenge_response: str = wire(TEXT)


@response(65)
class VerificationChallenge(Message):
    """IN 65. Only registered programs get it."""

    layout: int = wire(INT, default=1)
    api_data: str = wire(TEXT)


@response(66)
class VerificationDone(Message):
    """IN 66. ``successful`` is ``true`` (``error`` is empty then) or ``false``."""

    layout: int = wire(INT, default=1)
    successful: str = wire(TEXT)
    error: str = wire(TEXT)


@response(69)
class AuthenticationChallenge(Message):
    """IN 69. Only registered programs get it."""

    layout: int = wire(INT, default=1)
    api_data: str = wire(TEXT)
    challenge: str = wire(TEXT)


@response(70)
class AuthenticationDone(Message):
    """IN 70. As 66."""

    layout: int = wire(INT, default=1)
    successful: str = wire(TEXT)
    error: str = wire(TEXT)
