"""Accounts one below the other, and what an administrator may do about one."""

import re
from secrets import token_urlsafe

import streamlit as st
from boundary import show_failure
from session import caller, yard

from libs.common.contracts.access import Role, User
from libs.common.errors import ModelyardError
from ui.acting import act, attempt
from ui.confirming import confirm_deletion
from ui.roles import OF_THE_HOUSE, role_badge, role_select
from ui.secrets import forget, is_shown, show_next
from ui.states import ago, counted, escaped, shortened
from ui.user_projects import memberships

ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
# As many letters as nobody guesses and a person can still type.
PASSWORD_BYTES = 12
ACTIONS = {
    "change": ":material/edit: Role and e-mail",
    "projects": ":material/folder_open: Projects",
    "password": ":material/lock_reset: New password",
    "sign_out": ":material/logout: Sign out everywhere",
    "deactivate": ":material/person_off: Deactivate",
    "activate": ":material/person: Activate",
    "delete": ":material/delete: Delete",
}


def user_row(user: User) -> None:
    # Beside the menu, not in one line with it: where the facts need two lines, the menu keeps its place.
    with st.container(border=True, key=f"users.row.{user.id}"):
        about, menu = st.columns([12, 1], vertical_alignment="center")
    with about, st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escaped(shortened(user.name, 50))}**", width="content")
        role_badge(user.role)
        if not user.is_active:
            st.badge("not active", color="orange", icon=":material/person_off:")
        if user.is_external:
            st.badge("signs in elsewhere", color="gray", icon=":material/passkey:")
        st.caption(" · ".join(_facts(user)), width="content")
    with menu.container(horizontal_alignment="right"):
        _menu(user)


def _facts(user: User) -> list[str]:
    home = "every project" if user.role is Role.ADMIN else counted(len(user.projects), "project")
    seen = f"seen {ago(user.last_seen_at)}" if user.last_seen_at else "never seen"
    return [*([escaped(user.email)] if user.email else []), home, seen, f"made {ago(user.created_at)}"]


def _menu(user: User) -> None:
    is_self = user.id == caller().user_id
    # Nobody shuts themselves out by a slip; another administrator may.
    hidden = {"activate" if user.is_active else "deactivate", *(("deactivate", "delete") if is_self else ())}
    chosen = st.menu_button(
        "",
        [action for action in ACTIONS if action not in hidden],
        icon=":material/more_vert:",
        type="tertiary",
        key=f"users.menu.{user.id}",
        format_func=ACTIONS.__getitem__,
        help=f"What can be done about {user.name}",
    )
    match chosen:
        case "change":
            change(user)
        case "projects":
            memberships(user)
        case "password":
            new_password(user)
        case "sign_out":
            sign_out_everywhere(user)
        case "deactivate":
            deactivate(user)
        case "activate":
            act(lambda: yard().users.change(user.id, is_active=True), f"{user.name} may sign in again")
        case "delete":
            ask_to_delete(user)


@st.dialog("New account", icon=":material/person_add:", on_dismiss=forget)
def new_account() -> None:
    if is_shown():
        return
    name = st.text_input(
        "Name", key="users.name", max_chars=100, help="Small letters, digits and . _ @ + -, to sign in with"
    ).strip()
    is_name = ACCOUNT.fullmatch(name) is not None
    if name and not is_name:
        st.caption(":orange[Small letters, digits and . \\_ @ + - only, and a letter or digit at first.]")
    email = st.text_input("E-mail", key="users.email", max_chars=254, placeholder="optional").strip()
    role = role_select(Role.EDITOR, OF_THE_HOUSE, key="users.role")
    st.caption("A password is made and shown to you once; the person can change it.")
    if st.button("Create", type="primary", disabled=not is_name, key="users.create") and (
        made := attempt(lambda: yard().users.create(name, role, email=email or None))
    ):
        show_next(f"The password of **{escaped(made.user.name)}**:", made.password or "")


@st.dialog("Role and e-mail", icon=":material/edit:")
def change(user: User) -> None:
    st.markdown(f"**{escaped(user.name)}**")
    role = role_select(user.role, OF_THE_HOUSE, key=f"users.role.{user.id}")
    email = st.text_input("E-mail", user.email or "", key=f"users.email.{user.id}", max_chars=254).strip()
    if st.button("Save", type="primary", key="users.save"):
        changes = {"role": role, **({"email": email} if email and email != user.email else {})}
        act(lambda: yard().users.change(user.id, **changes), f"Saved {user.name}")


@st.dialog("New password", icon=":material/lock_reset:", on_dismiss=forget)
def new_password(user: User) -> None:
    if is_shown():
        return
    st.markdown(
        f"**{escaped(user.name)}** is signed out everywhere and signs in with a new password, "
        "which is made here and shown to you once."
    )
    if st.button("Make a new one", type="primary", key="users.set"):
        made = token_urlsafe(PASSWORD_BYTES)
        if attempt(lambda: yard().users.change(user.id, password=made)):
            show_next(f"The new password of **{escaped(user.name)}**:", made)


@st.dialog("Sign out everywhere", icon=":material/logout:")
def sign_out_everywhere(user: User) -> None:
    num_sessions = len(list(yard().sessions.list_of(user.id)))
    st.markdown(
        f"**{escaped(user.name)}** is signed in at {counted(num_sessions, 'place')} "
        "and has to sign in again. API tokens stay."
    )
    if st.button("Sign out", type="primary", key="users.sign_out"):
        act(lambda: yard().sessions.end_all_of(user.id), f"{user.name} is signed out everywhere")


@st.dialog("Deactivate the account", icon=":material/person_off:")
def deactivate(user: User) -> None:
    st.markdown(
        f"**{escaped(user.name)}** can do nothing any more: sessions end, tokens are refused. "
        "What they made stays, and the account can be activated again."
    )
    if st.button("Deactivate", type="primary", key="users.deactivate"):
        act(lambda: yard().users.change(user.id, is_active=False), f"{user.name} is not active any more")


def ask_to_delete(user: User) -> None:
    def delete() -> None:
        try:
            yard().users.delete(user.id)
        except ModelyardError as error:
            show_failure(error)
            st.stop()

    confirm_deletion(
        "the account",
        user.name,
        "its memberships, tokens and sessions go with it; what it made stays.",
        delete,
        key="users.confirm",
    )
