"""The house itself: rooms, nodes and their devices, disk."""

import streamlit as st
from session import yard
from ui.states import ago, empty_state, escaped, size, state_badge


def page() -> None:
    st.title("System")
    system = yard().system()
    with st.container(horizontal=True):
        st.metric("Version", system.version, border=True)
        st.metric("Free disk", size(system.disk_free_bytes), border=True)
        st.metric("Nodes", len(system.nodes), border=True)
    st.subheader("Rooms")
    with st.container(horizontal=True):
        for service in system.services:
            with st.container(border=True, width=180):
                st.markdown(f"**{service.name}**")
                state_badge("ready" if service.ready else "not_found")
    st.subheader("Nodes")
    if not system.nodes:
        empty_state("memory", "No worker has asked for work within the last minute.")
    for node in system.nodes:
        with st.container(border=True):
            st.markdown(f"**{escaped(node.name)}** · {ago(node.last_seen_at)}")
            for device in node.devices:
                memory = f", {size(device.memory_bytes)}" if device.memory_bytes else ""
                use = escaped(device.busy_with or "free")
                st.caption(f":material/memory: {escaped(device.name)}{memory} · {use}")


page()
