"""Signing out: the browser asks the gateway itself to take its cookie back."""

from settings import settings

from comp import register

_SIGN_OUT = register("sign_out", shared=("elements",))


def sign_out_button() -> None:
    _SIGN_OUT(key="account.sign_out", data={"url": settings().public_url})
