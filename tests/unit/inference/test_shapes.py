"""Whether an answer has the form that the model card promises."""

import numpy as np
import pytest

from libs.tasks.codec import ServingSignature, TensorSpec
from services.inference.errors import ModelDoesNotLoad
from services.inference.loader import require_shapes


def signature(*dims: int) -> ServingSignature:
    return ServingSignature((), (TensorSpec("scores", "float32", dims),))


@pytest.mark.parametrize(("dims", "shape"), [((2,), (1, 2)), ((-1, 4), (1, 7, 4)), ((), (1,))])
def test_what_fits_passes(dims: tuple[int, ...], shape: tuple[int, ...]) -> None:
    require_shapes({"scores": np.zeros(shape)}, signature(*dims))


@pytest.mark.parametrize(
    ("dims", "shape"), [((2,), (1, 3)), ((2,), (2, 2)), ((2,), (1, 2, 1)), ((-1,), (1,))]
)
def test_what_does_not_fit_is_named(dims: tuple[int, ...], shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelDoesNotLoad, match="scores has the shape"):
        require_shapes({"scores": np.zeros(shape)}, signature(*dims))
