// Tiles with a bar, and the course of the last minutes as a line or the parts as columns; elements are kept and changed.
const shown = new WeakMap()
const WIDTH = 100, HEIGHT = 24

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  const tiles = shown.get(parentElement) ?? []
  shown.set(parentElement, tiles)
  root.classList.toggle("compact", data.compact)
  while (tiles.length > data.meters.length) tiles.pop().root.remove()
  data.meters.forEach((meter, place) => {
    if (!tiles[place]) {
      tiles[place] = new Tile()
      root.append(tiles[place].root)
    }
    tiles[place].show(meter)
  })
}

class Tile {
  constructor() {
    this.root = element("div", "tile")
    this.label = element("div", "label")
    this.value = element("div", "value")
    this.detail = element("div", "detail")
    this.drawing = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" })
    this.bar = element("div", "bar")
    this.fill = element("div", "fill")
    this.bar.append(this.fill)
    this.root.append(this.label, this.value, this.drawing, this.bar, this.detail)
  }

  show(meter) {
    this.root.className = `tile ${meter.level}`
    this.label.textContent = meter.label
    this.value.textContent = meter.value
    this.detail.textContent = meter.detail
    this.detail.title = meter.detail
    this.bar.hidden = meter.share === null
    if (meter.share !== null) {
      this.fill.style.width = `${Math.round(100 * meter.share)}%`
      this.root.setAttribute("role", "meter")
      for (const [name, value] of [["now", meter.share], ["min", 0], ["max", 1]]) this.root.setAttribute(`aria-value${name}`, value)
    }
    this.root.setAttribute("aria-label", meter.label)
    this.root.setAttribute("aria-valuetext", meter.value)
    this.drawing.replaceChildren(...(meter.bars.length ? columns(meter.bars) : line(meter.course)))
    this.drawing.style.display = meter.bars.length || meter.course.length > 1 ? "" : "none"
  }
}

// Where nothing is known the line is broken.
function line(course) {
  const steps = Math.max(1, course.length - 1)
  let path = "", open = false
  course.forEach((value, place) => {
    if (value !== null) path += `${open ? "L" : "M"}${((WIDTH * place) / steps).toFixed(1)} ${level(value)}`
    open = value !== null
  })
  return path ? [svgElement("path", { d: path, class: "line", "vector-effect": "non-scaling-stroke" })] : []
}

function columns(bars) {
  const width = WIDTH / bars.length
  return bars.map((value, place) => svgElement("rect", {
    x: (place + 0.1) * width, width: 0.8 * width, y: level(value), height: HEIGHT - level(value), class: "column",
  }))
}

const level = (value) => (HEIGHT - 1) * (1 - Math.min(1, Math.max(0, value))) + 0.5
