"""The console's frame: sign-in gate, navigation, then the page."""

import streamlit as st
from comp.login import login_form
from session import token, yard

from libs.common.errors import Unauthorized

st.set_page_config(page_title="Modelyard", page_icon="assets/icon.png", layout="wide")
st.logo("assets/logo.svg", icon_image="assets/icon.png")

HOME = st.Page("app_pages/home.py", title="Projects", icon=":material/folder_open:", default=True)
PROJECT = st.Page("app_pages/project.py", title="Project", icon=":material/dataset:", url_path="project")
DATASETS = st.Page("app_pages/datasets.py", title="Datasets", icon=":material/database:", url_path="datasets")
DATASET = st.Page("app_pages/dataset.py", title="Dataset", icon=":material/insights:", url_path="dataset")
REGISTER = st.Page("app_pages/register.py", title="Register data", icon=":material/add:", url_path="register")
VERSIONS = st.Page("app_pages/versions.py", title="Versions", icon=":material/history:", url_path="versions")
SPLITS = st.Page("app_pages/splits.py", title="Splits", icon=":material/call_split:", url_path="splits")
BROWSE = st.Page("app_pages/browse.py", title="Browse", icon=":material/grid_view:", url_path="browse")
RUN = st.Page("app_pages/run.py", title="Run", icon=":material/monitoring:", url_path="run")
SYSTEM = st.Page("app_pages/system.py", title="System", icon=":material/dns:", url_path="system")


def signed_in() -> bool:
    if token() is None:
        return False
    try:
        st.session_state["session.caller"] = yard().me()
    except Unauthorized:
        return False
    return True


PAGES = {
    "": [HOME, PROJECT],
    "Data": [DATASETS, DATASET, REGISTER, BROWSE, VERSIONS, SPLITS],
    "Models": [RUN],
    "Operations": [SYSTEM],
}

if signed_in():
    st.navigation(PAGES).run()
else:
    # Every address stays known: whoever follows a link signs in and is where it leads.
    st.navigation(PAGES, position="hidden")
    login_form()
