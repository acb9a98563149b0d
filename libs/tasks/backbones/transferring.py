"""Which parts of a network learn: all, the last ones, or the head alone."""

from collections.abc import Iterable, Iterator, Sequence

from torch import nn

# What a part must hold of the body's parameters to be looked into instead of counting as one stage.
MOST = 0.9
HEAD_NAMES = ("fc", "head", "heads", "classifier")


def last_layer(network: nn.Module) -> nn.Linear | nn.Conv2d:
    """The one whose size depends on the classes."""
    return [each for each in network.modules() if isinstance(each, nn.Linear | nn.Conv2d)][-1]


def head_of(network: nn.Module) -> nn.Module:
    """What learns over a frozen body: a network's whole classifier, be it one layer or several."""
    named = (part for name, part in network.named_children() if name in HEAD_NAMES and _size(part))
    return next(named, last_layer(network))


def stages_of(network: nn.Module) -> Sequence[nn.Module]:
    """The parts of the body from the stem on, as the network is built of them; the head is none of them.

    A ResNet has its stem's two layers and four stages, an EfficientNet nine, a ViT its blocks.
    """
    head = head_of(network)
    return tuple(_parts([each for each in network.children() if each is not head]))


def hold(network: nn.Module, num_learning: int) -> None:
    """Only the head and the last `num_learning` stages learn.

    What is held stays in evaluation mode, as Lightning leaves it: its batch norms would go on counting.
    """
    stages = stages_of(network)
    learning = [head_of(network), *stages[max(0, len(stages) - num_learning) :]]
    network.requires_grad_(False).eval()
    network.training = True
    for part in learning:
        part.requires_grad_(True).train()


def _parts(children: Sequence[nn.Module]) -> Iterator[nn.Module]:
    total = sum(map(_size, children))
    for child in children:
        if _size(child) > MOST * total and any(True for _ in child.children()):
            yield from _parts(list(child.children()))
        elif _size(child):
            yield child


def _size(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def body_and_head(network: nn.Module) -> tuple[Iterable[nn.Parameter], Iterable[nn.Parameter]]:
    """Every parameter once, those of the body first."""
    head = {id(parameter) for parameter in head_of(network).parameters()}
    every = list(network.parameters())
    return [each for each in every if id(each) not in head], [each for each in every if id(each) in head]
