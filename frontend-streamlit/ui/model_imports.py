"""Files from elsewhere that are being looked at, and those of today that were refused."""

from datetime import timedelta
from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.base import now
from libs.common.contracts.jobs import Job, JobState
from ui.states import ago, escaped, state_badge

RECENT = timedelta(days=1)
MOST_SHOWN = 5
POLL_SECONDS = 1.5


def imports_view(project: UUID | None) -> None:
    """Looked up again while there is one that has not ended."""
    found = shown(project)
    if not found:
        return
    fresh = [found]
    is_live = any(not each.state.is_final for each in found)

    @st.fragment(run_every=POLL_SECONDS if is_live else None)
    def live() -> None:
        jobs = fresh.pop() if fresh else shown(project)
        for job in jobs:
            import_line(job)
        if is_live and all(each.state.is_final for each in jobs):
            st.rerun()

    live()


def shown(project: UUID | None) -> list[Job]:
    """What was taken is in the list of models by now."""
    newest = islice(yard().models.imports(project), MOST_SHOWN)
    return [each for each in newest if not each.state.is_final or is_news(each)]


def is_news(job: Job) -> bool:
    ended = job.finished_at or job.created_at
    return job.state is JobState.FAILED and now() - ended < RECENT


def import_line(job: Job) -> None:
    with st.container(border=True, key=f"models.import.{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/upload_file: {escaped(job.title)}", width="content")
            state_badge(job.state)
            st.caption(ago(job.finished_at or job.created_at), width="content")
        if job.state is JobState.RUNNING:
            st.progress(job.progress, escaped(job.message or "reading the file"))
        if job.error_detail:
            st.error(refusal(job), icon=":material/error:")


def refusal(job: Job) -> str:
    code = (job.error_code or "").replace("_", " ")
    return f"**{escaped(code)}.** {escaped(job.error_detail or '')}"
