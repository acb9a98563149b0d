"""Signing out: the browser asks the gateway itself to take its cookie back."""

from settings import settings

from comp import register

_SIGN_OUT = register("sign_out", shared=("elements",))


def sign_out(*, key: str) -> None:
    """At once where it is shown."""
    _SIGN_OUT(key=key, data={"url": settings().public_url})
