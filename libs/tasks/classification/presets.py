"""Configurations to start from; what they leave out are the defaults."""

from libs.common.contracts.catalogue import Preset

NEEDS_WEIGHTS = (
    "Starts from ImageNet weights, which are fetched once: where they are neither kept nor reachable, "
    "choose the transfer scratch."
)
PRESETS = (
    Preset(
        id="fast",
        title="Fast: small images, a small network",
        description="Digits, icons, a first look; minutes on a CPU. Needs nothing from outside.",
        config={"architecture": "simple_cnn", "image_size": 32, "epochs": 15, "learning_rate": 3e-3},
    ),
    Preset(
        id="balanced",
        title="Balanced: MobileNetV3-Large at 224 pixels",
        description=f"Photographs, also on a CPU. {NEEDS_WEIGHTS}",
        config={
            "architecture": "mobilenet_v3_large",
            "transfer": "full",
            "epochs": 20,
            "learning_rate": 2e-3,
            "label_smoothing": 0.1,
            "augmentation": {"flip": True},
        },
    ),
    Preset(
        id="best",
        title="Best: EfficientNet-B3 at 300 pixels, longer",
        description=f"Photographs, on a GPU. {NEEDS_WEIGHTS}",
        config={
            "architecture": "efficientnet_b3",
            "image_size": 300,
            "transfer": "full",
            "epochs": 40,
            "batch_size": 32,
            "learning_rate": 2e-3,
            "schedule": "cosine",
            "ema_decay": 0.999,
            "label_smoothing": 0.1,
            "mixup": 0.2,
            "cutmix": 1.0,
            "augmentation": {"flip": True, "crop": 0.3, "brightness": 0.2, "contrast": 0.2},
        },
    ),
)
