"""What training makes small, what it blends, and what it decides by a look at its samples."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from libs.common.contracts.annotations import Annotation, LabelAnnotation, LabelsAnnotation
from libs.common.contracts.base import now
from libs.common.contracts.packages import ImageInput, ModelCard
from libs.tasks.classification.config import Config
from libs.tasks.classification.losses import loss_of
from libs.tasks.classification.mixing import mixed
from libs.tasks.classification.planning import HEAVIEST, plan_of
from libs.tasks.classification.task import RUNTIME
from libs.tasks.manifest import ConfigIsInvalid

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [-3.0, 4.0, 0.0]])
PLACES = torch.tensor([0, 2, 1])
SEVERAL = torch.tensor([[1, 0, 1], [0, 0, 0], [0, 1, 0]], dtype=torch.uint8)


def card(
    plan: dict[str, Any] | None = None, classes: tuple[str, ...] = ("a", "b", "c"), **config: Any
) -> ModelCard:
    return ModelCard(
        task="classification",
        task_version="1.1",
        architecture="simple_cnn",
        classes=classes,
        input=ImageInput(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1)),
        config=Config.model_validate({"mode": "single", **config}).model_dump(mode="json"),
        plan=plan or {},
        seed=0,
        code_version="test",
        created_at=now(),
    )


def labelled(*labels: str) -> list[tuple[Annotation, ...]]:
    return [(LabelAnnotation(label=label),) for label in labels]


def test_the_loss_of_one_class_is_cross_entropy():
    assert loss_of(LOGITS, PLACES, card()) == functional.cross_entropy(LOGITS, PLACES)
    smooth = functional.cross_entropy(LOGITS, PLACES, label_smoothing=0.2)
    assert torch.allclose(loss_of(LOGITS, PLACES, card(label_smoothing=0.2)), smooth)


def test_focal_loss_is_cross_entropy_where_nothing_is_easy():
    plain = loss_of(LOGITS, PLACES, card())
    assert torch.allclose(loss_of(LOGITS, PLACES, card(loss="focal", focal_gamma=0)), plain)
    assert loss_of(LOGITS, PLACES, card(loss="focal")) < plain
    sure = torch.tensor([[9.0, 0.0, 0.0]])
    assert loss_of(sure, PLACES[:1], card(loss="focal")) < 1e-6 * loss_of(sure, PLACES[:1], card())


def test_binary_losses_ask_each_class_by_itself():
    wanted = functional.one_hot(PLACES, 3).float()
    by_hand = functional.binary_cross_entropy_with_logits(LOGITS, wanted, reduction="none").sum(dim=1).mean()
    assert torch.allclose(loss_of(LOGITS, PLACES, card(loss="bce")), by_hand)
    several = functional.binary_cross_entropy_with_logits(LOGITS, SEVERAL.float())
    assert torch.allclose(loss_of(LOGITS, SEVERAL, card(mode="multi")), several)
    assert loss_of(LOGITS, SEVERAL, card(mode="multi", loss="focal")) < several


def test_weights_make_samples_of_rare_classes_count_more():
    weights = {"class_weights": [1.0, 1.0, 5.0]}
    by_hand = functional.cross_entropy(LOGITS, PLACES, reduction="none") * torch.tensor([1.0, 5.0, 1.0])
    assert torch.allclose(loss_of(LOGITS, PLACES, card(weights)), by_hand.mean())
    plain = loss_of(LOGITS, SEVERAL, card(mode="multi"))
    assert loss_of(LOGITS, SEVERAL, card(weights, mode="multi")) > plain


@pytest.mark.parametrize("loss", ["auto", "focal", "bce"])
def test_a_blended_target_costs_its_shares_of_both(loss: str):
    of = card(loss=loss)
    others = torch.tensor([1, 2, 0])
    pairs = torch.stack((PLACES, others, torch.tensor(0.3).expand(3)), dim=1).double()
    by_hand = 0.3 * loss_of(LOGITS, PLACES, of) + 0.7 * loss_of(LOGITS, others, of)
    assert torch.allclose(loss_of(LOGITS, pairs, of), by_hand)


def test_losses_of_half_precision_are_those_of_single():
    half = loss_of(LOGITS.to(torch.bfloat16) * 100, SEVERAL, card(mode="multi"))
    assert half.dtype == torch.float32
    assert half.isfinite()


def blended(targets: Tensor, seed: int = 0, **config: Any) -> tuple[Tensor, Tensor]:
    """Each image has the number of its place as all of its values."""
    images = torch.arange(len(targets)).float()[:, None, None, None].expand(-1, 3, 20, 20)
    generator = torch.Generator().manual_seed(seed)
    return mixed(images, targets, Config.model_validate(config), generator)


def test_without_a_wish_nothing_is_blended():
    images, targets = blended(PLACES)
    assert images.unique().tolist() == [0, 1, 2]
    assert targets is PLACES


def test_mixup_blends_images_as_it_blends_targets():
    places = torch.arange(16)
    images, targets = blended(places, mixup=0.4)
    first, second, share = targets.unbind(dim=1)
    assert torch.equal(first.long(), places)
    assert sorted(second.tolist()) == list(range(16))
    assert torch.allclose(images[:, 0, 0, 0], (first * share + second * (1 - share)).float(), atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_cutmix_shares_targets_by_what_is_left_of_the_area(seed: int):
    images, targets = blended(torch.arange(16), seed, cutmix=1.0)
    first, second, share = targets.unbind(dim=1)
    left = (images == first.float()[:, None, None, None]).float().mean(dim=(1, 2, 3))
    others = first != second
    assert torch.allclose(left[others], share[others].float(), atol=1e-6)


def test_several_classes_blend_as_they_are():
    _, targets = blended(SEVERAL, mixup=1.0)
    assert targets.shape == SEVERAL.shape
    assert targets.is_floating_point()
    assert torch.allclose(targets.sum(), SEVERAL.sum().float())


def test_a_seed_blends_the_same_again():
    one, other = (blended(torch.arange(16), 3, mixup=0.4, cutmix=1.0) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_balanced_weights_make_every_class_count_alike():
    plan = plan_of(card(class_weights="balanced"), labelled("a", "a", "a", "a", "b", "c"))
    assert plan.values["class_weights"] == [0.5, 2.0, 2.0]
    assert plan_of(card(), labelled("a", "b", "c")).values == {}
    rows = [(LabelsAnnotation(labels=labels),) for labels in (("a",), ("a", "b"), ("a",), ())]
    several = plan_of(card(class_weights="balanced", mode="multi"), rows)
    assert several.values["class_weights"] == pytest.approx([1 / 3, 3.0, 1.0])


def test_one_sample_of_a_class_does_not_outweigh_all_others():
    plan = plan_of(card(class_weights="balanced"), labelled(*"a" * 10_000, "b", "c"))
    assert max(plan.values["class_weights"]) == HEAVIEST


def test_classes_without_training_samples_are_told():
    (note,) = plan_of(card(), labelled("a", "b")).notes
    assert note == "1 class has no training samples and will not be recognised: c"
    classes = tuple(f"class {number}" for number in range(10_000))
    (note,) = plan_of(card(classes=classes), labelled("class 0", "class 1")).notes
    assert note.startswith("9998 classes have no training samples")
    assert len(note) < 200


def test_one_class_with_training_samples_is_nothing_to_tell_apart():
    with pytest.raises(ConfigIsInvalid, match="only 1 of 3 classes") as caught:
        plan_of(card(), labelled("a", "a"))
    assert caught.value.errors[0].field == "data.subsets.train"
    assert plan_of(card(mode="multi"), labelled("a", "a")).notes


def test_targets_are_places_or_a_row_of_all_classes():
    assert RUNTIME.target((LabelAnnotation(label="b"),), card()) == 1
    row = RUNTIME.target((LabelsAnnotation(labels=("a", "c")),), card(mode="multi"))
    assert np.array_equal(row, [1, 0, 1])
    none = RUNTIME.target((LabelsAnnotation(labels=()),), card(mode="multi"))
    assert np.array_equal(none, [0, 0, 0])
