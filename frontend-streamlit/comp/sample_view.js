// One sample large: its annotations drawn over it and listed beside it; zoom by wheel, pan by drag.
const instances = new WeakMap()
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
    if (this.picture) for (const id of this.data.neighbours) new Image().src = `${gatewayUrl(url)}/v1/samples/${id}/image`
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
