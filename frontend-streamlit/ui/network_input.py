"""What a network takes: the size of its images, and how their colours are normalised."""

import streamlit as st

# Mean and standard deviation of each colour, on the scale 0 to 1.
NORMALISATIONS = {
    "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "0 to 1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "−1 to 1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
OWN = "Other"


def network_input() -> dict[str, object]:
    st.caption(
        "Images are resized and normalised before a float input of [batch, 3, height, width]; "
        "one of uint8 [batch, height, width, 3] gets them as they are."
    )
    with st.container(horizontal=True):
        height = st.number_input("Height", 1, 4096, 224, key="models.import.height", width=120)
        width = st.number_input("Width", 1, 4096, 224, key="models.import.width", width=120)
        kind = st.selectbox(
            "Normalisation", [*NORMALISATIONS, OWN], key="models.import.normalisation", width=180
        )
    mean, std = own_normalisation() if kind == OWN else NORMALISATIONS[kind]
    return {"height": height, "width": width, "mean": mean, "std": std}


def own_normalisation() -> tuple[tuple[float, ...], tuple[float, ...]]:
    found = []
    for label, value in (("Mean", 0.5), ("Standard deviation", 0.25)):
        with st.container(horizontal=True):
            key = f"models.import.{label.lower()}"
            found.append(
                tuple(
                    st.number_input(f"{label}, {colour}", value=value, format="%.4f", key=f"{key}.{colour}")
                    for colour in ("red", "green", "blue")
                )
            )
    return found[0], found[1]
