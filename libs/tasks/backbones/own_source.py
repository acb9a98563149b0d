"""The networks that we wrote ourselves; nobody has trained them on anything before."""

from libs.tasks.backbones.catalogue import Backbone, Source

ID = "modelyard"
SIMPLE_CNN = Backbone(
    key="simple_cnn",
    source=ID,
    name="simple_cnn",
    title="SimpleCNN",
    licence="as Modelyard",
    num_parameters=287_456,
    channels=128,
    min_image_size=8,
    has_weights=False,
)


def find(name: str) -> Backbone | None:
    return SIMPLE_CNN if name == SIMPLE_CNN.name else None


SOURCE = Source(
    id=ID,
    featured=(SIMPLE_CNN,),
    find=find,
    names=lambda: (SIMPLE_CNN.name,),
    builder="libs.tasks.backbones.simple_cnn:BUILDER",
)
