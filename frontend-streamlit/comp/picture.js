// An image with its annotations, zoomed and panned. Its layer's size is the zoom, so strokes stay sharp.
const MOST_TAGS = 40

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
    // The stage is the next picture's, too: what becomes of one that was left meanwhile does not concern it.
    const ifShown = (then) => () => this.image.isConnected && then()
    this.image.onload = ifShown(() => this.stage.classList.remove("loading"))
    // What a browser cannot show (TIFF) it sees at least small.
    this.image.onerror = () => {
      this.image.onerror = ifShown(() => this.stage.classList.replace("loading", "broken"))
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
