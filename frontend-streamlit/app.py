"""The console's frame: sign-in gate, navigation, then the page."""

import streamlit as st
from session import token, yard
from streamlit.navigation.page import StreamlitPage
from ui.access import is_administrator
from ui.header import header
from ui.sign_in import sign_in

from libs.common.errors import Unauthorized

st.set_page_config(page_title="Modelyard", page_icon="assets/icon.png", layout="wide")
st.logo("assets/logo.svg", icon_image="assets/icon.png")

HOME = st.Page("app_pages/home.py", title="Projects", icon=":material/folder_open:", default=True)
DATASETS = st.Page("app_pages/datasets.py", title="Datasets", icon=":material/database:", url_path="datasets")
EXPERIMENTS = st.Page(
    "app_pages/experiments.py", title="Experiments", icon=":material/science:", url_path="experiments"
)
MODELS = st.Page("app_pages/models.py", title="Models", icon=":material/deployed_code:", url_path="models")
EXPORT = st.Page("app_pages/export.py", title="Export", icon=":material/output:", url_path="export")
EVALUATE = st.Page(
    "app_pages/evaluate.py", title="Evaluate", icon=":material/fact_check:", url_path="evaluate"
)
DEPLOYMENTS = st.Page(
    "app_pages/deployments.py", title="Deployments", icon=":material/rocket_launch:", url_path="deployments"
)
PREDICT = st.Page("app_pages/predict.py", title="Predict", icon=":material/image_search:", url_path="predict")
QUEUE = st.Page("app_pages/queue.py", title="Queue", icon=":material/low_priority:", url_path="queue")
SYSTEM = st.Page("app_pages/system.py", title="System", icon=":material/dns:", url_path="system")
NOTIFICATIONS = st.Page(
    "app_pages/notifications.py",
    title="Notifications",
    icon=":material/notifications_active:",
    url_path="notifications",
)
# One's own account leads there; in the menu stand those of the house, for who administers it.
TOKENS = st.Page("app_pages/tokens.py", title="API tokens", icon=":material/key:", url_path="tokens")
# Pages about one project, dataset or run: links lead to them, the menu does not, as it cannot say which.
ABOUT_ONE = {
    "project": "Project",
    "dataset": "Dataset",
    "register": "Register data",
    "browse": "Browse",
    "versions": "Versions",
    "splits": "Splits",
    "experiment": "Experiment",
    "new_experiment": "New experiment",
    "compare": "Compare runs",
    "run": "Run",
    "compare_models": "Compare models",
    "model": "Model",
    "deployment": "Deployment",
}


def signed_in() -> bool:
    if token() is None:
        return False
    try:
        st.session_state["session.caller"] = yard().me()
    except Unauthorized:
        return False
    return True


def administration(is_offered: bool) -> list[StreamlitPage]:
    """For administrators; whoever else follows a link there is told so."""
    pages = {
        "users": ("Users and roles", ":material/group:", "users"),
        "audit": ("Audit", ":material/policy:", "audit"),
        "house_settings": ("Settings", ":material/settings:", "settings"),
    }
    visibility = "visible" if is_offered else "hidden"
    return [
        st.Page(f"app_pages/{name}.py", title=title, icon=icon, url_path=path, visibility=visibility)
        for name, (title, icon, path) in pages.items()
    ]


def pages(*, is_administrator: bool) -> dict[str, list[StreamlitPage]]:
    return {
        "": [
            HOME,
            DATASETS,
            EXPERIMENTS,
            *(
                st.Page(f"app_pages/{name}.py", title=title, url_path=name, visibility="hidden")
                for name, title in ABOUT_ONE.items()
            ),
        ],
        "Models": [EVALUATE, EXPORT, MODELS, DEPLOYMENTS, PREDICT],
        "Operations": [QUEUE, SYSTEM, NOTIFICATIONS, TOKENS],
        "Administration": administration(is_administrator),
    }


if signed_in():
    chosen = st.navigation(pages(is_administrator=is_administrator()))
    header()
    chosen.run()
else:
    # Every address stays known: whoever follows a link signs in and is where it leads.
    st.navigation(pages(is_administrator=False), position="hidden")
    sign_in()
