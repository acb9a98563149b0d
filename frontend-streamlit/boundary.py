"""Where every error of a page ends: in words, with what to do next."""

import streamlit as st

from libs.common.errors import ModelyardError, Unauthorized, Unavailable
from libs.common.ids import new_id
from libs.common.log import get_logger

log = get_logger(__name__)


def show_failure(error: Exception) -> bool:
    """True: the page shows it itself and Streamlit need not."""
    if isinstance(error, Unauthorized):
        st.error(error.detail, icon=":material/lock:")
        return True
    if isinstance(error, ModelyardError):
        icon = ":material/cloud_off:" if isinstance(error, Unavailable) else ":material/error:"
        st.error(f"**{error.title}.** {error.detail}", icon=icon)
        for problem in error.errors:
            st.caption(f"{problem.field or f'row {problem.row}'}: {problem.message}")
        if error.retryable:
            st.button("Try again", icon=":material/refresh:", key="boundary.retry")
        return True
    reference = new_id()
    log.error("page_failed", exc_info=error, reference=str(reference))
    st.error(f"Something broke on our side. Reference: `{reference}`", icon=":material/bug_report:")
    return True
