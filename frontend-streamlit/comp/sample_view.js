// One sample large: its annotations drawn over it and listed beside it; zoom by wheel, pan by drag.
const instances = new WeakMap()
const MOST_TAGS = 40
const MOST_LETTERS = 200_000

export default function ({ data, parentElement, setTriggerValue }) {
  let view = instances.get(parentElement)
  if (!view) instances.set(parentElement, (view = new SampleView(parentElement.querySelector(".root"))))
  view.update(data, setTriggerValue)
  return () => {
    instances.get(parentElement)?.close()
    instances.delete(parentElement)
  }
}

class SampleView {
  constructor(root) {
    this.root = root
    this.hidden = new Set()
    this.opacity = 0.35
    this.tools = new Tools(this)
    this.stage = element("div", "stage")
    this.stage.tabIndex = 0
    this.side = element("div", "side")
    const main = element("div", "main")
    main.append(this.tools.bar, this.stage)
    root.replaceChildren(main, this.side)
    root.onkeydown = (event) => this.pressed(event)
    this.resize = new ResizeObserver(() => this.picture?.place())
    this.resize.observe(this.stage)
  }

  update(data, trigger) {
    this.trigger = trigger
    const known = JSON.stringify(data)
    if (this.known === known) return
    const isOther = this.data?.sample.id !== data.sample.id
    this.known = known
    this.data = data
    this.moving = false
    if (isOther) this.begin()
    else if (this.picture) this.picture.redraw(data.sample)
    this.tools.show(data, Boolean(this.picture))
    this.side.replaceChildren(...new Side(this, data).parts())
    this.refresh()
    // The arrow keys work at once, unless somebody types elsewhere.
    if (isOther && !isTyping()) this.stage.focus({ preventScroll: true })
  }

  begin() {
    const { sample, url } = this.data
    this.picture?.close()
    this.picture = null
    this.highlighted = null
    this.stage.className = `stage ${sample.kind}`
    this.stage.setAttribute("aria-label", sample.name)
    if (sample.kind === "image") this.picture = new Picture(this, gatewayUrl(url), sample)
    else this.stage.replaceChildren(sample.kind === "row" ? table(sample.fields) : this.text(sample, gatewayUrl(url)))
    for (const id of this.data.neighbours) new Image().src = `${gatewayUrl(url)}/v1/samples/${id}/image`
  }

  text(sample, url) {
    const page = element("article", "", sample.excerpt)
    readText(`${url}/v1/samples/${sample.id}/image`)
      .then((text) => { if (this.data.sample.id === sample.id) page.textContent = text })
      .catch(() => page.append(element("p", "note", "The rest of the text cannot be fetched.")))
    return page
  }

  isShown(shape) {
    return !this.hidden.has(shape.label ?? "")
  }

  toggle(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label)
    this.refresh()
  }

  highlight(place) {
    if (this.highlighted === place) return
    this.highlighted = place
    this.refresh()
  }

  refresh() {
    this.picture?.mark()
    for (const row of this.side.querySelectorAll("[data-place]")) {
      const isLit = Number(row.dataset.place) === this.highlighted
      row.classList.toggle("lit", isLit)
      if (isLit && !row.matches(":hover")) row.scrollIntoView({ block: "nearest" })
    }
    for (const head of this.side.querySelectorAll("[data-label]")) {
      head.setAttribute("aria-pressed", String(!this.hidden.has(head.dataset.label)))
    }
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return
    const action = {
      ArrowLeft: () => this.move("previous"),
      ArrowRight: () => this.move("next"),
      "+": () => this.picture?.zoom(1.25),
      "=": () => this.picture?.zoom(1.25),
      "-": () => this.picture?.zoom(0.8),
      0: () => this.picture?.fit(),
    }[event.key]
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }

  move(way) {
    if (this.moving || !(way === "next" ? this.data.has_next : this.data.has_previous)) return
    this.moving = true
    this.trigger("moved", way)
  }

  close() {
    this.picture?.close()
    this.resize.disconnect()
  }
}

// The image in its layer; the layer's size is the zoom, so that strokes and pixels stay sharp.
class Picture {
  constructor(view, url, sample) {
    Object.assign(this, { view, sample, scale: 1, x: 0, y: 0 })
    this.stage = view.stage
    this.layer = element("div", "layer")
    this.image = element("img")
    this.image.alt = sample.name
    this.image.draggable = false
    this.masks = element("canvas", "masks")
    this.tags = element("div", "tags")
    this.stage.classList.add("loading")
    this.image.onload = () => this.stage.classList.remove("loading")
    // What a browser cannot show (TIFF) it sees at least small.
    this.image.onerror = () => {
      this.image.onerror = () => this.stage.classList.replace("loading", "broken")
      this.image.src = `${url}/v1/samples/${sample.id}/thumbnail`
    }
    this.image.src = `${url}/v1/samples/${sample.id}/image`
    this.stage.replaceChildren(this.layer)
    this.redraw(sample)
    this.fit()
    this.listen()
  }

  redraw(sample) {
    this.sample = sample
    this.ends = new Map()
    sample.shapes.forEach((shape, place) => {
      if (shape.type === "mask") this.ends.set(place, maskEnds(shape))
    })
    this.svg = overlay(sample.shapes, sample.width, sample.height)
    this.tags.replaceChildren(...this.names())
    this.layer.replaceChildren(this.image, this.masks, this.svg, this.tags)
  }

  names() {
    const { shapes, width, height } = this.sample
    if (shapes.length > MOST_TAGS) return []
    return shapes.flatMap((shape, place) => {
      const corner = upperLeft(shape)
      if (!corner) return []
      const tag = element("span", "tag", shape.label)
      tag.dataset.place = place
      tag.style.setProperty("--tone", toneColor(shape.tone))
      tag.style.left = `${(100 * corner.x) / width}%`
      tag.style.top = `${(100 * corner.y) / height}%`
      return [tag]
    })
  }

  // What is shown and what is lit, without drawing the image anew.
  mark() {
    const { shapes, width, height } = this.sample
    const lit = this.view.highlighted
    this.layer.style.setProperty("--opacity", this.view.opacity)
    this.layer.classList.toggle("choosing", lit !== null)
    for (const drawn of [...this.svg.children, ...this.tags.children]) {
      const place = Number(drawn.dataset.place)
      drawn.classList.toggle("off", !this.view.isShown(shapes[place]))
      drawn.classList.toggle("lit", place === lit)
    }
    const shown = [...this.ends].filter(([place]) => this.view.isShown(shapes[place]))
    const faded = lit !== null && this.ends.has(lit) ? 0.35 : 1
    paintMasks(this.masks, width, height, shown.map(([place, ends]) => ({
      ...shapes[place],
      ends,
      color: toneBytes(shapes[place].tone),
      alpha: Math.round(255 * (place === lit ? Math.max(0.6, this.view.opacity) : this.view.opacity * faded)),
    })))
  }

  listen() {
    this.stage.onwheel = (event) => {
      event.preventDefault()
      this.zoom(Math.exp(-event.deltaY / 400), event)
    }
    this.stage.ondblclick = (event) => (this.scale > 1 ? this.fit() : this.zoom(4, event))
    this.stage.onpointerdown = (event) => {
      if (event.button !== 0) return
      this.stage.setPointerCapture(event.pointerId)
      this.from = { x: event.clientX - this.x, y: event.clientY - this.y }
    }
    this.stage.onpointerup = () => { this.from = null }
    this.stage.onpointermove = (event) => {
      if (this.from) this.pan(event.clientX - this.from.x, event.clientY - this.from.y)
      else this.view.highlight(this.under(event))
    }
    this.stage.onpointerleave = () => this.view.highlight(null)
  }

  // The annotation under the pointer: outlines before masks, the one on top first.
  under(event) {
    const shape = this.view.root.getRootNode().elementFromPoint(event.clientX, event.clientY)?.closest("[data-place]")
    if (shape) return Number(shape.dataset.place)
    const box = this.layer.getBoundingClientRect()
    const right = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height
    if (right < 0 || right >= 1 || down < 0 || down >= 1) return null
    for (const [place, ends] of [...this.ends].reverse()) {
      const { width, height } = this.sample.shapes[place]
      const pixel = Math.floor(right * width) * height + Math.floor(down * height)
      if (this.view.isShown(this.sample.shapes[place]) && maskHolds(ends, pixel)) return place
    }
    return null
  }

  fit() {
    Object.assign(this, { scale: 1, x: 0, y: 0 })
    this.place()
  }

  zoom(factor, event) {
    const scale = Math.min(40, Math.max(1, this.scale * factor))
    const box = this.stage.getBoundingClientRect()
    const across = event ? event.clientX - box.left - box.width / 2 : 0
    const down = event ? event.clientY - box.top - box.height / 2 : 0
    // The point under the pointer stays where it is.
    this.x = across - ((across - this.x) * scale) / this.scale
    this.y = down - ((down - this.y) * scale) / this.scale
    this.scale = scale
    this.place()
  }

  pan(x, y) {
    Object.assign(this, { x, y })
    this.place()
  }

  place() {
    const { width, height } = this.sample
    const across = this.stage.clientWidth, down = this.stage.clientHeight
    if (!width || !across) return
    const size = Math.min(across / width, down / height) * this.scale
    // No part of the image is pushed out further than the stage is wide.
    const slackX = Math.max(0, (width * size - across) / 2), slackY = Math.max(0, (height * size - down) / 2)
    this.x = Math.min(slackX, Math.max(-slackX, this.x))
    this.y = Math.min(slackY, Math.max(-slackY, this.y))
    Object.assign(this.layer.style, {
      width: `${width * size}px`,
      height: `${height * size}px`,
      left: `${(across - width * size) / 2 + this.x}px`,
      top: `${(down - height * size) / 2 + this.y}px`,
    })
    this.image.classList.toggle("pixels", size > 3)
    this.stage.classList.toggle("zoomed", this.scale > 1)
    this.view.tools.scale(size)
  }

  close() {
    for (const name of ["onwheel", "ondblclick", "onpointerdown", "onpointerup", "onpointermove", "onpointerleave"]) {
      this.stage[name] = null
    }
  }
}

// Previous and next, and how the image is looked at.
class Tools {
  constructor(view) {
    this.bar = element("div", "tools")
    this.previous = button("‹", "Previous (←)", () => view.move("previous"))
    this.place = element("span", "place")
    this.next = button("›", "Next (→)", () => view.move("next"))
    this.percent = button("", "Fit into the window (0)", () => view.picture?.fit())
    this.percent.className = "percent"
    const slider = element("input")
    Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: view.opacity })
    slider.setAttribute("aria-label", "Opacity of the annotations")
    slider.oninput = () => { view.opacity = Number(slider.value); view.refresh() }
    this.opacity = element("label", "opacity", "Fill")
    this.opacity.append(slider)
    this.looks = element("div", "looks")
    this.looks.append(
      this.opacity,
      button("−", "Zoom out (−)", () => view.picture?.zoom(0.8)),
      this.percent,
      button("+", "Zoom in (+)", () => view.picture?.zoom(1.25)),
    )
    this.name = element("span", "name")
    this.bar.append(this.previous, this.place, this.next, this.name, this.looks)
  }

  show(data, isImage) {
    this.previous.disabled = !data.has_previous
    this.next.disabled = !data.has_next
    this.place.textContent = data.place
    this.name.textContent = this.name.title = data.sample.name
    this.looks.hidden = !isImage
    this.opacity.hidden = !data.sample.shapes.some((shape) => OUTLINED.has(shape.type) || shape.type === "mask")
  }

  scale(size) {
    this.percent.textContent = `${Math.round(size * 100)} %`
  }
}

// What is known of the sample: annotations by class, then its facts.
class Side {
  constructor(view, data) {
    Object.assign(this, { view, data })
  }

  parts() {
    return [
      ...this.annotations(),
      ...(this.data.sample.kind === "row" ? [] : section("Fields", this.data.fields)),
      ...section("Sample", this.data.facts),
    ]
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

function button(text, title, action) {
  const made = element("button", "", text)
  Object.assign(made, { type: "button", title, onclick: action })
  made.setAttribute("aria-label", title)
  return made
}

// The beginning of a text, however long it is.
async function readText(address) {
  const answer = await fetch(address, { credentials: "include" })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += value
    if (text.length > MOST_LETTERS) {
      await reader.cancel()
      return `${text.slice(0, MOST_LETTERS)}…`
    }
  }
}

function isTyping() {
  const active = document.activeElement
  return Boolean(active?.matches("input:not([type=range]), textarea, [contenteditable=true]"))
}
