"""Sign-in: the browser hands the token to the gateway itself and gets an HttpOnly cookie back."""

import streamlit as st
from settings import settings

from comp import register

_LOGIN = register("login", "<form class='root'></form>\n")


def login_form() -> None:
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.header("Sign in to Modelyard")
        st.caption("With an API token. An administrator makes them; the local stack signs you in by itself.")
        _LOGIN(key="login.form", data={"url": settings().public_url})
