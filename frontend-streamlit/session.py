"""Who looks at the page, and the SDK that acts for them; nothing here is shared between people."""

import streamlit as st
from settings import settings

from libs.client import Connection, Modelyard
from libs.common.contracts.access import Caller
from libs.common.errors import Unauthorized

COOKIE = "modelyard_session"


class NotSignedIn(Unauthorized):
    code = "not_signed_in"


def token() -> str | None:
    return st.context.cookies.get(COOKIE)


def yard() -> Modelyard:
    """One SDK connection per browser session; the token never enters the page."""
    secret = token()
    if secret is None:
        raise NotSignedIn("sign in first")
    kept = st.session_state.get("session.yard")
    if kept is None or st.session_state.get("session.token") != secret:
        kept = Modelyard(Connection(settings().gateway_url, secret))
        st.session_state["session.yard"], st.session_state["session.token"] = kept, secret
    return kept


def caller() -> Caller:
    """Looked up at every run of the page, so that a changed role shows at once."""
    return st.session_state["session.caller"]
