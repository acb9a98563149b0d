"""Alerts: what is open as lines that cannot be overlooked, what is over as a table."""

from collections.abc import Sequence

import streamlit as st

from libs.common.contracts.system import Alert, AlertKind, AlertSeverity
from ui.states import ago, duration, escaped

ICONS = {
    AlertKind.TEMPERATURE: ":material/thermostat:",
    AlertKind.DISK: ":material/hard_drive:",
    AlertKind.MEMORY: ":material/memory:",
    AlertKind.AWAY: ":material/cloud_off:",
    AlertKind.QUEUE: ":material/hourglass_empty:",
}


def alert_lines(alerts: Sequence[Alert], *, with_node: bool = True) -> None:
    """The critical ones first."""
    for alert in sorted(alerts, key=lambda each: (each.severity is AlertSeverity.WARNING, each.raised_at)):
        tell = st.error if alert.severity is AlertSeverity.CRITICAL else st.warning
        where = f"**{escaped(alert.node)}**: " if with_node else ""
        tell(
            f"{where}{escaped(alert.message)} · since {ago(alert.raised_at)}".replace(
                "since just now", "just now"
            ),
            icon=ICONS[alert.kind],
        )


def earlier_alerts(alerts: Sequence[Alert]) -> None:
    if not alerts:
        st.caption("None so far.")
        return
    st.dataframe(
        [
            {
                "node": alert.node,
                "severity": alert.severity.value,
                "what": alert.message,
                "raised": alert.raised_at,
                "lasted": duration((alert.cleared_at - alert.raised_at).total_seconds())
                if alert.cleared_at
                else "",
            }
            for alert in alerts
        ],
        hide_index=True,
        column_config={
            "what": st.column_config.TextColumn(width="large"),
            "raised": st.column_config.DatetimeColumn(format="distance"),
        },
    )
