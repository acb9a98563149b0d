"""The certificate of a file in words: how it answers beside the network that it was made of."""

import streamlit as st

from libs.common.contracts.reports import ParityReport
from ui.states import counted, escaped


def certificate_line(parity: ParityReport) -> str:
    """Fits into a caption."""
    mark = ":green[:material/verified:]" if parity.passed else ":red[:material/gpp_bad:]"
    name = escaped(parity.metric.replace("_", " "))
    return f"{mark} {name} **{parity.metric_exported:.4f}** (PyTorch {parity.metric_pytorch:.4f})"


def certificate_view(parity: ParityReport) -> None:
    name = parity.metric.replace("_", " ")
    lost = parity.metric_exported - parity.metric_pytorch
    with st.container(horizontal=True):
        st.metric(f"{name} in PyTorch", f"{parity.metric_pytorch:.4f}", border=True)
        st.metric(
            f"{name} of the file",
            f"{parity.metric_exported:.4f}",
            f"{lost:+.4f}" if abs(lost) >= 5e-5 else None,
            delta_color="off",
            border=True,
        )
        st.metric("Largest difference", f"{parity.max_abs_difference:.1e}", border=True)
        st.metric("Samples compared", f"{parity.num_samples:,}", border=True)
    st.caption(verdict(parity))


def verdict(parity: ParityReport) -> str:
    where = f" of {escaped(parity.subset)}" if parity.subset else ""
    runtime = f" in {escaped(parity.runtime)}" if parity.runtime else ""
    on = f"on {counted(parity.num_samples, 'sample')}{where}{runtime}"
    limits = [f"the metric may lose {parity.metric_tolerance:.4g}"]
    if parity.tolerance is not None:
        limits.insert(0, f"outputs may differ by {parity.tolerance:.0e}")
    allowed = ", ".join(limits)
    if parity.passed:
        return f":green[:material/verified:] **Passed** {on}: {allowed}."
    return f":red[:material/gpp_bad:] **Refused** {on}: {allowed}. It differs by more, so no file was kept."
