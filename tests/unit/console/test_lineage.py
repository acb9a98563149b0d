"""The picture of a lineage: a column per kind, in the order in which things are made."""

from ui.lineage import lineage_option

from libs.common.contracts.lineage import Lineage, LineageEdge, LineageNode


def node(kind, name: str, **given) -> LineageNode:
    return LineageNode(key=f"{kind}/{name}", kind=kind, id=name, name=name, **given)


def test_each_kind_has_its_column_and_what_is_looked_at_is_larger():
    nodes = (
        node("run", "again", state="running"),
        node("run", "first"),
        node("dataset", "digits", version=3),
        node("deployment", "meter"),
    )
    edges = (
        LineageEdge(source="dataset/digits", target="run/first"),
        LineageEdge(source="run/first", target="run/again", relation="repeated"),
    )

    (series,) = lineage_option(Lineage(nodes=nodes, edges=edges), "run/again")["series"]

    places = {each["id"]: tuple(each["value"]) for each in series["data"]}
    assert places == {
        "dataset/digits": (0, 0),
        "run/again": (1, 0),
        "run/first": (1, 1),
        "deployment/meter": (2, 0),
    }
    names = {each["id"]: each["name"] for each in series["data"]}
    assert names["dataset/digits"] == "digits v3"
    assert names["run/again"] == "again · running"
    assert [link["lineStyle"]["type"] for link in series["links"]] == ["solid", "dashed"]
    largest = max(series["data"], key=lambda each: each["symbolSize"])
    assert largest["id"] == "run/again"
