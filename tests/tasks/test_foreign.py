"""ONNX files from elsewhere: good ones answer like their network, bad ones are refused by name."""

import pickle
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from libs.common.contracts.models import ForeignModel
from libs.tasks.foreign import ForeignModelIsInvalid, card_of
from libs.tasks.foreign.bringing_in import bring_in
from libs.tasks.foreign.errors import (
    ModelAnswersNonsense,
    ModelBatchIsFixed,
    ModelClassesDoNotFit,
    ModelDoesNotRun,
    ModelFileIsNotOnnx,
    ModelFileIsPickled,
    ModelHasCustomOperators,
    ModelHasExternalData,
    ModelInputDoesNotFit,
    ModelOutputDoesNotFit,
)
from libs.tasks.front import Front
from tests.tasks.foreigners import CLASSES, INPUT, brightness, by_hand, described, export, network, saved

PIXELS = np.random.default_rng(1).integers(0, 256, (2, 33, 47, 3), np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("foreign") / "logits.onnx", network())


def brought_in(source: Path, model: ForeignModel) -> onnxruntime.InferenceSession:
    target = source.with_suffix(".served.onnx")
    bring_in(source, target, model, source.name, lambda *_: None)
    return onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])


def refused(source: Path, error: type[Exception], match: str, **said: object) -> None:
    with pytest.raises(error, match=match):
        brought_in(source, described(**said))


def test_logits_of_a_network_become_the_probabilities_that_pytorch_gives(exported: Path):
    session = brought_in(exported, described())

    (found,) = session.run(["scores"], {"images": PIXELS})

    with torch.no_grad():
        wanted = network()(Front(INPUT)(torch.from_numpy(PIXELS))).softmax(dim=1)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)
    properties = session.get_modelmeta().custom_metadata_map
    assert properties["modelyard.file"] == "logits.onnx"
    assert '"circle"' in properties["model_card"]


def test_of_several_classes_per_image_each_has_its_own_probability(exported: Path):
    session = brought_in(exported, described(config={"mode": "multi"}))

    (found,) = session.run(["scores"], {"images": PIXELS})

    with torch.no_grad():
        wanted = network()(Front(INPUT)(torch.from_numpy(PIXELS))).sigmoid()
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


def test_an_older_opset_is_brought_up_to_what_resizing_needs(tmp_path: Path):
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["means"]),
        helper.make_node("Flatten", ["means"], ["y"]),
    ]

    session = brought_in(saved(tmp_path / "old.onnx", by_hand(nodes, opset=11)), described())

    (found,) = session.run(["scores"], {"images": PIXELS})
    wanted = Front(INPUT)(torch.from_numpy(PIXELS)).mean(dim=(2, 3)).softmax(dim=1)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


def test_a_graph_that_takes_pixels_and_gives_probabilities_is_taken_as_it_is(tmp_path: Path):
    source = saved(tmp_path / "pixels.onnx", brightness())

    session = brought_in(source, described(answers="probabilities"))

    (found,) = session.run(["scores"], {"images": PIXELS})
    means = PIXELS.astype(np.float32).mean(axis=(1, 2))
    np.testing.assert_allclose(found, torch.from_numpy(means).softmax(dim=1), atol=1e-5)


def test_functions_of_the_file_itself_are_no_strangers(tmp_path: Path):
    softmax = helper.make_function(
        "of.mine",
        "Sureness",
        ["a"],
        ["b"],
        [helper.make_node("Softmax", ["a"], ["b"], axis=1)],
        [helper.make_opsetid("", 20)],
    )
    model = brightness(domains=("of.mine",))
    model.graph.node[2].CopyFrom(helper.make_node("Sureness", ["means"], ["y"], domain="of.mine"))
    model.functions.append(softmax)

    session = brought_in(saved(tmp_path / "own.onnx", model), described(answers="probabilities"))

    assert session.run(["scores"], {"images": PIXELS})[0].shape == (2, len(CLASSES))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("empty", b"", "empty"),
        ("garbage", b"\xff" * 1000, "not those of an ONNX model"),
        ("words", b"These are words and no model at all.", "not those of|no ONNX graph"),
        ("archive", b"PK\x03\x04 broken", "ZIP"),
        ("weights", (50).to_bytes(8, "little") + b'{"weight": 1}' + b" " * 100, "safetensors"),
    ],
)
def test_what_is_no_onnx_is_told_so(tmp_path: Path, name: str, content: bytes, match: str):
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(content)

    refused(path, ModelFileIsNotOnnx, match)


def test_a_part_of_a_file_is_refused(tmp_path: Path, exported: Path):
    content = exported.read_bytes()
    path = tmp_path / "half.onnx"
    path.write_bytes(content[: len(content) // 2])

    refused(path, ModelFileIsNotOnnx, "not those of an ONNX model|broken")


def test_pickles_are_refused_and_never_opened(tmp_path: Path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    pickled, checkpoint, script = (tmp_path / f"{name}.onnx" for name in ("pickled", "saved", "script"))
    pickled.write_bytes(pickle.dumps(Trap()))
    torch.save({"model": torch.zeros(2)}, checkpoint)
    with pytest.warns(FutureWarning):
        torch.jit.script(network()).save(str(script))

    for path, word in ((pickled, "pickled Python object"), (checkpoint, "pickle"), (script, "TorchScript")):
        refused(path, ModelFileIsPickled, word)
    assert not (tmp_path / "sprung").exists()


def test_weights_in_another_file_are_refused_wherever_they_are_named(tmp_path: Path):
    outside = TensorProto(name="outside", data_type=TensorProto.FLOAT, dims=[1])
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="../../../etc/passwd")
    as_weight, in_node, in_branch = brightness(), brightness(), brightness()
    as_weight.graph.initializer.append(outside)
    constant = helper.make_node("Constant", [], ["outside"], value=outside)
    in_node.graph.node.append(constant)
    branch = helper.make_graph([constant], "branch", [], [])
    inside = helper.make_node("If", ["sure"], ["z"], then_branch=branch, else_branch=branch)
    in_branch.graph.node.append(inside)

    for number, model in enumerate((as_weight, in_node, in_branch)):
        path = saved(tmp_path / f"{number}.onnx", model)
        refused(path, ModelHasExternalData, "'outside' is kept in another file")


def test_operators_of_strangers_are_refused_by_name(tmp_path: Path):
    node = helper.make_node("Sneak", ["x"], ["y"], domain="evil.example")
    custom = saved(tmp_path / "custom.onnx", by_hand([node], domains=("evil.example",)))
    model = brightness(domains=("com.microsoft",))
    model.graph.node[2].CopyFrom(helper.make_node("NoSuchThing", ["means"], ["y"], domain="com.microsoft"))
    unknown = saved(tmp_path / "unknown.onnx", model)

    refused(custom, ModelHasCustomOperators, "evil.example::Sneak")
    refused(unknown, ModelDoesNotRun, "NoSuchThing", answers="probabilities")


def test_another_number_of_classes_is_told_in_numbers(tmp_path: Path, exported: Path):
    refused(exported, ModelClassesDoNotFit, "has 3 values .* it has 2", classes=("circle", "cross"))
    model = brightness()
    refused(
        saved(tmp_path / "pixels.onnx", model),
        ModelClassesDoNotFit,
        "has 3 values .* it has 4",
        classes=(*CLASSES, "star"),
        answers="probabilities",
    )


def test_a_fixed_batch_is_refused_whether_it_is_said_or_not(tmp_path: Path):
    fixed = brightness(kind=TensorProto.FLOAT, shape=(1, 3, None, None))
    silent = brightness()
    silent.graph.node[2].CopyFrom(helper.make_node("Slice", ["all", "from", "to"], ["y"]))
    silent.graph.node.insert(2, helper.make_node("Softmax", ["means"], ["all"], axis=1))
    for name, value in (("from", 0), ("to", 1)):
        silent.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))

    refused(saved(tmp_path / "fixed.onnx", fixed), ModelBatchIsFixed, "dynamic batch")
    path = saved(tmp_path / "silent.onnx", silent)
    refused(path, ModelBatchIsFixed, "dynamic batch", answers="probabilities")


@pytest.mark.parametrize(
    ("model", "error", "match"),
    [
        (brightness(shape=("n", 224, 224, 3)), ModelInputDoesNotFit, "of any size"),
        (brightness(kind=TensorProto.INT64), ModelInputDoesNotFit, "int64"),
        (brightness(shape=("n", None, None)), ModelInputDoesNotFit, "wanted is"),
        (brightness(kind=TensorProto.FLOAT, shape=("n", 3, 64, 64)), ModelInputDoesNotFit, "3 × 24 × 20"),
    ],
)
def test_other_inputs_are_told_what_is_wanted(tmp_path: Path, model: onnx.ModelProto, error, match: str):
    refused(saved(tmp_path / "model.onnx", model), error, match, answers="probabilities")


def test_several_outputs_and_numbers_that_are_no_probabilities_are_refused(tmp_path: Path, exported: Path):
    model = brightness()
    model.graph.output.append(helper.make_tensor_value_info("means", TensorProto.FLOAT, ["n", 3]))
    refused(saved(tmp_path / "two.onnx", model), ModelOutputDoesNotFit, "2 outputs")
    refused(exported, ModelAnswersNonsense, "logits, not probabilities", answers="probabilities")


def test_answers_must_be_numbers_and_each_image_stands_for_itself(tmp_path: Path):
    nan, mixed = brightness(), brightness()
    nan.graph.node[2].CopyFrom(helper.make_node("Log", ["below"], ["y"]))
    nan.graph.node.insert(2, helper.make_node("Sub", ["means", "above"], ["below"]))
    nan.graph.initializer.append(numpy_helper.from_array(np.float32(1000), "above"))
    refused(saved(tmp_path / "nan.onnx", nan), ModelAnswersNonsense, "NaN", answers="probabilities")

    mixed.graph.node[2].CopyFrom(helper.make_node("Softmax", ["apart"], ["y"], axis=1))
    mixed.graph.node.insert(2, helper.make_node("Sub", ["means", "middle"], ["apart"]))
    mixed.graph.node.insert(2, helper.make_node("ReduceMean", ["means", "rows"], ["middle"]))
    mixed.graph.initializer.append(numpy_helper.from_array(np.array([0], np.int64), "rows"))
    path = saved(tmp_path / "mixed.onnx", mixed)
    refused(path, ModelAnswersNonsense, "among others", answers="probabilities")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"task": "divination"}, "model.task"),
        ({"classes": ("cat", "dog", "cat")}, "model.classes"),
        ({"classes": ("cat",)}, "model.classes"),
        ({"classes": tuple(f"{number} " + "x" * 290 for number in range(1000))}, "model.classes"),
        ({"config": {"mode": "triple"}}, "model.config.mode"),
        ({"config": {"no_such_knob": 1}}, "model.config.no_such_knob"),
        ({"input": INPUT.model_copy(update={"std": (0.2, 0.0, 0.2)})}, "model.input.std"),
        ({"input": INPUT.model_copy(update={"height": 100_000})}, "model.input.height"),
    ],
)
def test_what_is_said_of_a_model_is_checked_before_any_file(changes: dict, field: str):
    with pytest.raises(ForeignModelIsInvalid) as raised:
        card_of(described(**changes))

    assert field in [problem.field for problem in raised.value.errors]


def test_a_card_says_what_was_said_and_what_follows_from_it():
    assert card_of(described()).config == {"mode": "single"}
    assert card_of(described(classes=("cat",), config={"mode": "multi"})).config == {"mode": "multi"}
