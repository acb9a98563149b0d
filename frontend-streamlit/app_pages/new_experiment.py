"""A new experiment: which data, which preset, every knob of the task, and what follows its first run."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import streamlit as st
from boundary import show_failure
from session import yard
from ui.access import may_edit
from ui.address import given_id
from ui.config_form import config_form
from ui.data_choice import data_choice
from ui.devices import devices
from ui.knobs import differences, knobs_of
from ui.project_choice import chosen_project
from ui.states import counted, empty_state, escaped, shortened

from libs.common.contracts.base import Step
from libs.common.contracts.catalogue import TaskDescription
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.projects import Project
from libs.common.errors import BadInput, Conflict, Forbidden, NotFound

REFUSALS = (BadInput, Conflict, Forbidden, NotFound)
STEPS = {
    Step.EVALUATE: "Evaluate",
    Step.EXPORT: "Export to ONNX",
    Step.DEPLOY: "Deploy",
}
OWN = "own"


def page() -> None:
    like_id = given_id("from")
    like = yard().experiments.get(like_id) if like_id else None
    project = yard().projects.get(like.project_id) if like else chosen_project()
    if project is None:
        return
    header(project, like)
    if not may_edit(project.id):
        empty_state("lock", "You may look at experiments, not start one.")
        return
    task = yard().task(project.task)
    name, splits = about(project, task, like)
    preset, base = preset_choice(task, like)
    knobs = knobs_of(task.config_schema)
    values = config_form(knobs, base, problems_of_knobs(), key=f"new.{project.id}.{preset}")
    changed = differences(knobs, values, preset_config(task, preset))
    start(project, name, tuple(split.id for split in splits), preset, changed)


def header(project: Project, like: Experiment | None) -> None:
    st.header(f"An experiment like {escaped(shortened(like.name))}" if like else "New experiment")
    st.page_link(
        "app_pages/project.py",
        label=escaped(shortened(project.name)),
        icon=":material/arrow_back:",
        query_params={"id": str(project.id)},
    )


def about(project: Project, task: TaskDescription, like: Experiment | None) -> tuple[str, tuple[Any, ...]]:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            suggested = f"{like.name} again" if like else ""
            name = st.text_input("Name", suggested, key="new.name", max_chars=200, width=420).strip()
            st.badge(task.title, color="blue", icon=":material/category:")
        st.caption("Data")
        chosen = frozenset(part.dataset_id for part in like.data.parts) if like else frozenset()
        splits = data_choice(project.id, task.modality, chosen, key=f"new.data.{project.id}")
        if len(splits) > 1:
            st.toggle(
                "Leave out what leaks",
                key="new.leaves_out",
                help="Samples that one of these datasets holds out are not trained on from another; "
                "without it such data are refused.",
            )
        return name, splits


def preset_choice(task: TaskDescription, like: Experiment | None) -> tuple[str, Mapping[str, Any]]:
    """Which preset, and what the form shows at first; a preset is a start, everything can be changed."""
    titles = {preset.id: preset.title for preset in task.presets}
    options = {**({OWN: f"As in {like.name}"} if like else {}), **titles}
    if not options:
        return OWN, like.config if like else {}
    preset = st.segmented_control(
        "Preset",
        list(options),
        default=next(iter(options)),
        required=True,
        key=f"new.preset.{like.id if like else task.id}",
        format_func=options.__getitem__,
    )
    if about := next((each.description for each in task.presets if each.id == preset), ""):
        st.caption(about)
    return preset, like.config if like and preset == OWN else preset_config(task, preset)


def preset_config(task: TaskDescription, preset: str) -> Mapping[str, Any]:
    return next((each.config for each in task.presets if each.id == preset), {})


def start(
    project: Project, name: str, splits: tuple[UUID, ...], preset: str, changed: Mapping[str, Any]
) -> None:
    with st.container(border=True):
        st.markdown("**Its first run**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            device = st.selectbox(
                "Device", devices(), key="new.device", width=160, help="`auto` takes whatever is free first."
            )
            then = chain()
            deployment = None
            if Step.DEPLOY in then:
                deployment = st.text_input(
                    "Deployment", key="new.deployment", placeholder="from the name", width=220
                ).strip()
        lacking = "It needs a name." if not name else "Tick the data it learns from." if not splits else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            count = num_changes(changed)
            st.caption(lacking or (counted(count, "knob") + " changed" if count else "As the preset says"))
            st.space("stretch")
            is_saved = st.button("Save only", icon=":material/save:", key="new.save", disabled=bool(lacking))
            is_started = st.button(
                "Start", type="primary", icon=":material/play_arrow:", key="new.start", disabled=bool(lacking)
            )
        if refusal := st.session_state.pop("new.refusal", None):
            show_failure(refusal)
    if is_saved or is_started:
        wanted = None if preset == OWN else preset
        made = create(project, name, splits, wanted, changed)
        if is_started:
            run(made, then, device, deployment or None)
        else:
            st.switch_page("app_pages/experiment.py", query_params={"id": str(made.id)})


def chain() -> tuple[Step, ...]:
    """A model is deployed from its export: later steps bring the earlier ones along."""
    chosen = st.pills(
        "Then", list(STEPS), selection_mode="multi", format_func=STEPS.__getitem__, key="new.then"
    )
    wanted = {Step.EXPORT, *chosen} if Step.DEPLOY in chosen else set(chosen)
    return tuple(step for step in Step if step in wanted)


def create(
    project: Project, name: str, splits: tuple[UUID, ...], preset: str | None, changed: Mapping[str, Any]
) -> Experiment:
    """When it is refused, the page is drawn again with the knobs marked that cannot work."""
    try:
        leaks = "leave_out" if st.session_state.get("new.leaves_out") else "refuse"
        return yard().experiments.create(
            project.id, name, splits, preset=preset, config=dict(changed), leaks=leaks
        )
    except REFUSALS as error:
        st.session_state["new.refusal"] = error
        st.rerun()


def run(made: Experiment, then: tuple[Step, ...], device: str, deployment: str | None) -> None:
    """An experiment whose run is refused stays: it can be started from its page."""
    try:
        started = yard().runs.start(made.id, then=then, device=device, deployment=deployment)
    except REFUSALS as error:
        yard().experiments.delete(made.id)
        show_failure(error)
        return
    st.switch_page("app_pages/run.py", query_params={"id": str(started.id)})


def problems_of_knobs() -> dict[str, str]:
    """What the last try was refused for, by the knob's name."""
    refusal = st.session_state.get("new.refusal")
    return {
        problem.field.removeprefix("config."): problem.message
        for problem in (refusal.errors if refusal else ())
        if problem.field is not None
    }


def num_changes(changed: Mapping[str, Any]) -> int:
    return sum(num_changes(value) if isinstance(value, Mapping) else 1 for value in changed.values())


page()
