// Annotations as SVG over an image: one viewBox unit is one pixel of the image, strokes keep their width.
const TONES = [
  "#3f7cff", "#ff7a3d", "#1fae7a", "#c94fd6", "#dba510", "#12b0cf",
  "#f0476f", "#8b74ff", "#7bb02f", "#c98352", "#4aa3a0", "#b0648f",
]
const OUTLINED = new Set(["box", "rotated_box", "polygon", "keypoints"])

const toneColor = (tone) => TONES[tone % TONES.length]

function overlay(shapes, width, height) {
  const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, class: "overlay", "aria-hidden": "true" })
  shapes.forEach((shape, place) => {
    if (!OUTLINED.has(shape.type)) return
    const drawn = outline(shape)
    drawn.style.setProperty("--tone", toneColor(shape.tone))
    drawn.dataset.place = place
    if (shape.is_ignored) drawn.classList.add("ignored")
    svg.append(drawn)
  })
  return svg
}

function outline(shape) {
  switch (shape.type) {
    case "box":
      return svgElement("rect", {
        class: "shape", x: shape.x, y: shape.y, width: shape.width, height: shape.height,
      })
    case "rotated_box":
      return svgElement("polygon", { class: "shape", points: corners(shape).map(String).join(" ") })
    case "polygon":
      return svgElement("path", { class: "shape", d: shape.parts.map(ring).join(""), "fill-rule": "evenodd" })
    case "keypoints":
      return dots(shape)
  }
}

// A line of no length with round ends is a dot of the same size at every zoom; hidden keypoints are hollow.
function dots(shape) {
  const group = svgElement("g", { class: "shape dots" })
  for (const [x, y, visibility] of shape.points) {
    if (visibility === 0) continue
    group.append(svgElement("path", { d: `M${x} ${y}h0`, class: "dot" }))
    if (visibility === 1) group.append(svgElement("path", { d: `M${x} ${y}h0`, class: "hole" }))
  }
  return group
}

// Around the centre, clockwise on the screen, in the order of the corners of a box that is not turned.
function corners({ cx, cy, width, height, angle }) {
  const cos = Math.cos(angle), sin = Math.sin(angle)
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([right, down]) => {
    const x = (right * width) / 2, y = (down * height) / 2
    return [cx + x * cos - y * sin, cy + x * sin + y * cos]
  })
}

const ring = (points) => `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`

// Where a shape begins, for its name tag.
function upperLeft(shape) {
  const points = {
    box: () => [[shape.x, shape.y]],
    rotated_box: () => corners(shape),
    polygon: () => shape.parts.flat(),
    keypoints: () => shape.points.filter(([, , visibility]) => visibility > 0),
  }[shape.type]?.()
  if (!points?.length) return null
  const highest = points.reduce((a, b) => (b[1] < a[1] ? b : a))
  return { x: highest[0], y: highest[1] }
}
