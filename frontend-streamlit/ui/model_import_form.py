"""An ONNX file from elsewhere: the file, and what it does not say of itself."""

from collections.abc import Mapping
from typing import Any, Literal, get_args
from uuid import UUID

import streamlit as st
from boundary import show_failure
from comp.upload import Uploaded, upload
from pydantic import ValidationError
from session import yard

from libs.common.contracts.jobs import Job, JobState
from libs.common.contracts.models import ForeignModel
from libs.common.errors import BadInput, Conflict, NotFound, TooLarge
from ui.address import NAME
from ui.model_imports import refusal
from ui.network_input import network_input
from ui.states import escaped

Answers = Literal["probabilities", "logits"]
TOLD_AS = {"probabilities": "Probabilities", "logits": "Logits"}
MODES = {"single": "One", "multi": "Any number"}
POLL_SECONDS = 1.0


def import_form(names: Mapping[UUID, str], project: UUID | None) -> None:
    """While the file is looked at, that is shown in its place."""
    if begun := st.session_state.get("models.import.job"):
        following(*begun)
        return
    left, right = st.columns(2, gap="large")
    with left:
        sent = upload(
            "Choose an ONNX file", key="models.import.file", kinds=".onnx, weights inside, up to 2 GB"
        )
        name = st.text_input(
            "Name",
            key="models.import.name",
            max_chars=63,
            placeholder="meter-digits",
            help="Small letters, digits and hyphens. Of a name that is there it becomes the next version.",
        ).strip()
        owner = project_of(names, project)
        note = st.text_area("Note", key="models.import.note", max_chars=5000, height=80)
    with right:
        model = description(owner)
    problems = missing(sent, name, model)
    with st.container(horizontal=True, vertical_alignment="center"):
        is_wanted = st.button(
            "Bring it in",
            type="primary",
            icon=":material/download:",
            key="models.import.begin",
            disabled=bool(problems),
        )
        if problems:
            st.caption(problems, width="content")
    if is_wanted and sent and model:
        begin(name, owner, sent, model, note)


def project_of(names: Mapping[UUID, str], project: UUID | None) -> UUID:
    options = list(names)
    return st.selectbox(
        "Project",
        options,
        index=options.index(project) if project is not None and project in names else 0,
        format_func=names.__getitem__,
        key="models.import.project",
    )


def description(project: UUID) -> ForeignModel | None:
    """What decoding and pre-processing ask for; None while it says nothing that could be."""
    task = task_of(project)
    mode = mode_of(yard().task(task).config_schema)
    classes = st.text_area(
        "Classes, one a line, in the order of the outputs",
        key="models.import.classes",
        height=120,
        placeholder="cat\ndog",
    )
    answers = st.segmented_control(
        "It answers",
        get_args(Answers),
        required=True,
        default="probabilities",
        format_func=TOLD_AS.__getitem__,
        key="models.import.answers",
        help="Of logits the task makes probabilities: softmax for one class per image, sigmoid for several.",
    )
    given = {"task": task, "classes": lines(classes), "answers": answers, "input": network_input()}
    if mode is not None:
        given["config"] = {"mode": mode}
    try:
        return ForeignModel.model_validate(given)
    except ValidationError:
        return None


def task_of(project: UUID) -> str:
    """The project's own first."""
    tasks = {each.id: each.title for each in yard().tasks() if each.modality == "image"}
    options, own = list(tasks), yard().projects.get(project).task
    return st.selectbox(
        "Task",
        options,
        index=options.index(own) if own in tasks else 0,
        format_func=tasks.__getitem__,
        key=f"models.import.task.{project}",
    )


def mode_of(schema: Mapping[str, Any]) -> str | None:
    """Of tasks that decode in more than one way."""
    choices = [each for each in schema["properties"].get("mode", {}).get("enum", ()) if each != "auto"]
    if not choices:
        return None
    return st.segmented_control(
        "Classes per image",
        choices,
        required=True,
        default=choices[0],
        format_func=lambda each: MODES.get(each, str(each)),
        key="models.import.mode",
    )


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def missing(sent: Uploaded | None, name: str, model: ForeignModel | None) -> str:
    """What is still to be said, in words."""
    wanted = []
    if sent is None:
        wanted.append("a file")
    if not NAME.fullmatch(name):
        wanted.append("a name of small letters, digits and hyphens" if name else "a name")
    if model is None:
        wanted.append("classes")
    return f"It needs {', '.join(wanted)}." if wanted else ""


def begin(name: str, project: UUID, sent: Uploaded, model: ForeignModel, note: str) -> None:
    try:
        job = yard().models.import_file(name, project, sent.id, model, note=note)
    except (BadInput, Conflict, NotFound, TooLarge) as error:
        show_failure(error)
        return
    st.session_state["models.import.job"] = (name, job)
    st.rerun()


def following(name: str, begun: Job) -> None:
    @st.fragment(run_every=POLL_SECONDS)
    def live() -> None:
        job = yard().jobs.get(begun.id)
        if job.state is JobState.COMPLETED:
            st.session_state.pop("models.import.job", None)
            st.session_state["model.told"] = f"Brought in {name}"
            st.switch_page("app_pages/model.py", query_params={"name": name})
        if not job.state.is_final:
            st.progress(job.progress, escaped(job.message or "waiting for its turn"))
            st.caption("It is read and tried out apart from everything else; this page may be left.")
            return
        st.error(refusal(job), icon=":material/error:")

    live()
    if st.button("Bring in another", icon=":material/upload_file:", key="models.import.again"):
        st.session_state.pop("models.import.job", None)
        st.rerun()
