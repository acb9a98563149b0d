"""Sign-in: the browser hands a password or a token to the gateway itself and gets an HttpOnly cookie back."""

from settings import settings

from comp import register

_LOGIN = register("login", shared=("elements",))


def login_form(*, key: str, provider: str | None = None) -> None:
    """`provider`: what the house calls its identity provider, where it has one."""
    _LOGIN(key=key, data={"url": settings().public_url, "provider": provider})
