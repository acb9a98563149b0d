// What is known of a sample, beside it: what models said, annotations by class, then its facts.
class Side {
  constructor(view, data) {
    Object.assign(this, { view, data })
  }

  parts() {
    return [
      ...this.answers(),
      ...this.annotations(),
      ...(this.data.sample.kind === "row" ? [] : section("Fields", this.data.fields)),
      ...section("Sample", this.data.facts),
    ]
  }

  answers() {
    const tones = new Map(this.data.classes.map((name, place) => [name, place]))
    const boxes = this.data.answers.map(({ title, verdict, prediction, facts }) => {
      const box = element("section", "answered")
      const said = element("p", verdict ?? "", headline(prediction))
      said.classList.add("headline")
      if (title) box.append(element("h3", "", title))
      box.append(said, bars(prediction, tones), table(facts))
      return box
    })
    return boxes.length ? [...boxes, element("h3", "truth", "Truth")] : []
  }

  annotations() {
    const groups = new Map()
    this.data.sample.shapes.forEach((shape, place) => {
      const label = shape.label ?? ""
      groups.set(label, [...(groups.get(label) ?? []), { shape, place }])
    })
    if (!groups.size) return [element("p", "none", "No annotations")]
    return [...groups].map(([label, members]) => this.group(label, members))
  }

  group(label, members) {
    const box = element("section", "group")
    if (label) box.append(this.head(label, members))
    for (const { shape, place } of members) {
      const text = described(shape)
      if (!text) continue
      const row = element("div", "line", text)
      row.dataset.place = place
      row.onpointerenter = () => this.view.highlight(place)
      row.onpointerleave = () => this.view.highlight(null)
      box.append(row)
    }
    return box
  }

  head(label, members) {
    const isDrawn = members.some(({ shape }) => OUTLINED.has(shape.type) || shape.type === "mask")
    const head = element(isDrawn ? "button" : "div", "head")
    head.style.setProperty("--tone", toneColor(members[0].shape.tone))
    head.append(element("span", "label", label))
    if (!isDrawn) return head
    head.type = "button"
    head.title = "Show or hide this class"
    head.dataset.label = label
    head.append(element("span", "count", String(members.length)))
    head.onclick = () => this.view.toggle(label)
    return head
  }
}

function described(shape) {
  const round = (value) => Math.round(value)
  const ignored = shape.is_ignored ? " · ignored" : ""
  switch (shape.type) {
    case "label":
      return ""
    case "labels":
      return shape.labels.length ? shape.labels.join(", ") : "no class"
    case "box":
      return `box ${round(shape.width)} × ${round(shape.height)} at ${round(shape.x)}, ${round(shape.y)}${ignored}`
    case "rotated_box":
      return `rotated ${round(shape.width)} × ${round(shape.height)}, ${round((shape.angle * 180) / Math.PI)}°${ignored}`
    case "polygon":
      return `polygon, ${shape.parts.flat().length} points${shape.parts.length > 1 ? ` in ${shape.parts.length} parts` : ""}${ignored}`
    case "mask":
      return `mask, ${area(shape).toLocaleString("en")} px${ignored}`
    case "keypoints":
      return `${shape.points.filter((point) => point[2] > 0).length} of ${shape.points.length} keypoints`
    case "caption":
      return `“${shape.text}”`
    case "target":
      return `${shape.name} ${Number(shape.value.toPrecision(6)).toLocaleString("en")}`
    default:
      return shape.text ?? ""
  }
}

function area(mask) {
  return maskEnds(mask).reduce((sum, end, run, ends) => (run % 2 ? sum + end - ends[run - 1] : sum), 0)
}

function section(title, lines) {
  if (!lines.length) return []
  const box = element("section", "facts")
  box.append(element("h3", "", title), table(lines))
  return [box]
}

function table(lines) {
  const list = element("dl")
  for (const [name, value] of lines) list.append(element("dt", "", name), element("dd", "", value))
  return list
}
