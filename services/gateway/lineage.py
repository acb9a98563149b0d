"""Where a run or a version of a model comes from and what came of it, asked from the rooms that know."""

from uuid import UUID

from libs.common.contracts.base import PageQuery
from libs.common.contracts.evaluations import ListEvaluations
from libs.common.contracts.experiments import GetExperiment
from libs.common.contracts.exports import Export, GetExport, ListExports
from libs.common.contracts.lineage import Lineage, LineageEdge, LineageNode
from libs.common.contracts.models import GetModelVersion
from libs.common.contracts.owners import OwnersInTrainer
from libs.common.contracts.runs import GetRun, Run
from libs.common.contracts.splits import GetSplit
from libs.common.errors import NotFound
from services.gateway.doors import Doors
from services.gateway.serving import deployments_of

# Of a run that was repeated again and again the nearest are enough.
MOST_REPEATED = 10
ALL = PageQuery(limit=200)


async def lineage_of(house: Doors, run_id: UUID) -> Lineage:
    graph = _Graph()
    run = await house.ask(GetRun(run_id=run_id))
    await _data(house, graph, run)
    await _originals(house, graph, run)
    await _start(house, graph, run)
    await _results(house, graph, run)
    return graph.view()


async def lineage_of_version(house: Doors, name: str, version: int) -> Lineage:
    """A version from elsewhere has a future only; of what was deleted there is no node."""
    graph = _Graph()
    found = await house.ask(GetModelVersion(name=name, version=version))
    model = graph.add(_model_node(name, version))
    if found.run_id is not None:
        try:
            run = await house.ask(GetRun(run_id=found.run_id))
            await _data(house, graph, run)
        except NotFound:
            run = None
        if run is not None and found.export_id is not None:
            export = await house.ask(GetExport(export_id=found.export_id))
            made = graph.add(_node("export", export.id, export.format, export.state), _run(run))
            graph.add(model, made)
    async for each in deployments_of(house, found.project_id):
        if (name, version) in each.in_use:
            graph.add(_node("deployment", each.name, each.name, each.state), model)
    return graph.view()


class _Graph:
    def __init__(self) -> None:
        self._nodes: dict[str, LineageNode] = {}
        self._edges: dict[tuple[str, str], LineageEdge] = {}

    def add(self, node: LineageNode, *sources: LineageNode) -> LineageNode:
        known = self._nodes.setdefault(node.key, node)
        for source in sources:
            self._edges[source.key, node.key] = LineageEdge(source=source.key, target=node.key)
        return known

    def repeat(self, original: LineageNode, again: LineageNode) -> None:
        edge = LineageEdge(source=original.key, target=again.key, relation="repeated")
        self._edges[original.key, again.key] = edge

    def view(self) -> Lineage:
        return Lineage(nodes=tuple(self._nodes.values()), edges=tuple(self._edges.values()))


async def _data(house: Doors, graph: _Graph, run: Run) -> None:
    """Each dataset's version, its split, and the experiment that put them together."""
    found = await house.ask(GetExperiment(experiment_id=run.experiment_id))
    splits = []
    for part in run.data.parts:
        dataset = LineageNode(
            key=f"dataset:{part.dataset_id}@{part.version}",
            kind="dataset",
            id=str(part.dataset_id),
            name=part.dataset_name,
            version=part.version,
        )
        split = _node("split", part.split_id, await _split_name(house, part.split_id))
        splits.append(graph.add(split, graph.add(dataset)))
    experiment = graph.add(_node("experiment", found.id, found.name), *splits)
    graph.add(_run(run), experiment)


async def _split_name(house: Doors, split_id: UUID) -> str:
    """A dataset may be deleted while what was made from it lives on."""
    try:
        return (await house.ask(GetSplit(split_id=split_id))).name
    except NotFound:
        return "deleted"


async def _originals(house: Doors, graph: _Graph, run: Run) -> None:
    """The run that it repeats, and the one that that one does."""
    for _ in range(MOST_REPEATED):
        if run.reproduces is None:
            return
        original = await _seen_run(house, run.reproduces)
        if original is None:
            return
        experiment = _node("experiment", original.experiment_id, "")
        graph.repeat(graph.add(_run(original), experiment), _run(run))
        run = original


async def _start(house: Doors, graph: _Graph, run: Run) -> None:
    """The run whose weights it began with."""
    if run.starts_from is None:
        return
    source = await _seen_run(house, run.starts_from.run_id)
    if source is not None:
        graph.add(_run(run), graph.add(_run(source)))


async def _seen_run(house: Doors, run_id: UUID) -> Run | None:
    """None if it was deleted, or is of a project that the caller knows nothing of."""
    try:
        await house.ask(OwnersInTrainer(kind="run", keys=(str(run_id),)))
        return await house.ask(GetRun(run_id=run_id))
    except NotFound:
        return None


async def _results(house: Doors, graph: _Graph, run: Run) -> None:
    own = _run(run)
    for evaluation in (await house.ask(ListEvaluations(run_id=run.id, query=ALL))).items:
        name = f"{evaluation.checkpoint} on {', '.join(evaluation.subsets)}"
        graph.add(_node("evaluation", evaluation.id, name, evaluation.state), own)
    deployments = [each async for each in deployments_of(house, run.project_id)]
    for export in (await house.ask(ListExports(run_id=run.id, query=ALL))).items:
        made = graph.add(_node("export", export.id, export.format, export.state), own)
        if (model := _model(export)) is None:
            continue
        graph.add(model, made)
        for each in deployments:
            if (export.model, export.model_version) in each.in_use:
                graph.add(_node("deployment", each.name, each.name, each.state), model)


def _run(run: Run) -> LineageNode:
    return _node("run", run.id, run.name, run.state)


def _model(export: Export) -> LineageNode | None:
    if export.model is None or export.model_version is None:
        return None
    return _model_node(export.model, export.model_version)


def _model_node(name: str, version: int) -> LineageNode:
    return LineageNode(key=f"model:{name}@{version}", kind="model", id=name, name=name, version=version)


def _node(kind: str, id: UUID | str, name: str, state: str | None = None) -> LineageNode:
    return LineageNode.model_validate(
        {"key": f"{kind}:{id}", "kind": kind, "id": str(id), "name": name, "state": state}
    )
