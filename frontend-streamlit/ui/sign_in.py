"""What a stranger sees, whatever page was asked for: the way in."""

import streamlit as st
from comp.login import login_form


def sign_in() -> None:
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.header("Sign in to Modelyard")
        st.caption("Accounts are made by an administrator; the local stack signs you in by itself.")
        login_form(key="login.form")
