"""Sign-in: the browser hands a password or a token to the gateway itself and gets an HttpOnly cookie back."""

from settings import settings

from comp import register

_LOGIN = register("login", shared=("elements",))


def login_form(*, key: str) -> None:
    _LOGIN(key=key, data={"url": settings().public_url})
