"""The knobs of augmentation: which random changes a training image gets, and how strong they may be."""

from libs.tasks.config import Knobs, knob

GROUP = "Augmentation"


class Augmentation(Knobs):
    """Random changes of training images; each sample gets its own, in each epoch others. 0 turns one off."""

    flip: bool = knob(False, "Mirror left and right, half of the time.", group=GROUP)
    flip_vertical: bool = knob(False, "Mirror top and bottom, half of the time.", group=GROUP)
    rotate_degrees: float = knob(
        10.0, "Rotate by up to so much, either way.", group=GROUP, unit="°", ge=0, le=180
    )
    shift: float = knob(
        0.1, "Shift by up to this share of the side, in any direction.", group=GROUP, ge=0, le=0.5
    )
    zoom: float = knob(0.1, "Zoom in or out by up to this share.", group=GROUP, ge=0, le=0.5)
    shear_degrees: float = knob(
        0.0, "Slant by up to so much, along either side.", group=GROUP, unit="°", advanced=True, ge=0, le=45
    )
    perspective: float = knob(
        0.0,
        "Tilt as if seen from the side; 0.4 makes one edge up to 2.3 times as long as the one across.",
        group=GROUP,
        advanced=True,
        ge=0,
        le=0.4,
    )
    crop: float = knob(
        0.0,
        "Cut away up to this share of the area and enlarge the rest to full size.",
        group=GROUP,
        ge=0,
        le=0.95,
    )
    stretch: float = knob(
        0.0,
        "Make what is cut out wider or narrower by up to this share; 0.33 is usual with crop.",
        group=GROUP,
        advanced=True,
        ge=0,
        le=1,
    )
    brightness: float = knob(0.0, "Change brightness by up to this share.", group=GROUP, ge=0, le=1)
    contrast: float = knob(0.0, "Change contrast by up to this share.", group=GROUP, ge=0, le=1)
    saturation: float = knob(
        0.0, "Change the strength of colours by up to this share.", group=GROUP, ge=0, le=1
    )
    hue_degrees: float = knob(
        0.0, "Turn colours on their circle by up to so much.", group=GROUP, unit="°", ge=0, le=180
    )
    grayscale: float = knob(
        0.0, "Share of images that lose their colours.", group=GROUP, advanced=True, ge=0, le=1
    )
    blur: float = knob(
        0.0,
        "Blur by a bell curve of up to this width (its standard deviation).",
        group=GROUP,
        unit="pixels",
        advanced=True,
        ge=0,
        le=8,
    )
    noise: float = knob(
        0.0,
        "Add noise of up to this strength (its standard deviation; images have 256 levels).",
        group=GROUP,
        unit="levels",
        advanced=True,
        ge=0,
        le=100,
    )
    erase: float = knob(
        0.0,
        "Share of images of which a rectangle, 2 to 33 % of the area, is painted over.",
        group=GROUP,
        advanced=True,
        ge=0,
        le=1,
    )
    automatic: int = knob(
        0,
        "Changes added to each image, picked at random among ten of the above (as RandAugment does).",
        group=GROUP,
        unit="changes",
        ge=0,
        le=4,
        search={"type": "int", "low": 0, "high": 3},
    )
    automatic_strength: float = knob(
        0.3,
        "How strong those picked at random may be; 1 hardly leaves an image to be known.",
        group=GROUP,
        advanced=True,
        gt=0,
        le=1,
        search={"type": "float", "low": 0.1, "high": 1.0},
    )

    @property
    def moves_pixels(self) -> bool:
        """More than mirroring."""
        return bool(
            self.rotate_degrees
            or self.shift
            or self.zoom
            or self.shear_degrees
            or self.perspective
            or self.crop
            or self.stretch
            or self.automatic
        )

    @property
    def changes_colours(self) -> bool:
        return bool(
            self.brightness
            or self.contrast
            or self.saturation
            or self.hue_degrees
            or self.grayscale
            or self.automatic
        )

    @property
    def changes_anything(self) -> bool:
        mirrors = self.flip or self.flip_vertical
        return bool(
            mirrors or self.moves_pixels or self.changes_colours or self.blur or self.noise or self.erase
        )
