// A page of samples as even tiles: the browser fetches the thumbnails itself, annotations lie over them.
const instances = new WeakMap()
const TELL_AFTER_MS = 350
const BADGES = 2
const THUMBNAIL_SIDE = 256

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let grid = instances.get(parentElement)
  if (!grid) instances.set(parentElement, (grid = new SampleGrid(parentElement.querySelector(".root"))))
  grid.update(data, setStateValue, setTriggerValue)
  return () => {
    instances.get(parentElement)?.close()
    instances.delete(parentElement)
  }
}

class SampleGrid {
  constructor(root) {
    this.root = root
    this.list = element("div", "tiles")
    this.list.setAttribute("role", "listbox")
    this.list.setAttribute("aria-multiselectable", "true")
    this.list.setAttribute("aria-label", "Samples")
    this.list.onclick = (event) => this.clicked(event)
    this.list.onkeydown = (event) => this.pressed(event)
    this.list.onfocusin = (event) => this.focused(event)
    root.replaceChildren(this.list)
    this.tiles = []
    this.ticked = new Set()
    this.page = null
    this.at = 0
    this.anchor = 0
  }

  update(data, tell, trigger) {
    Object.assign(this, { data, tell, trigger })
    const page = data.tiles.map((tile) => tile.id).join()
    const isNew = this.page !== page
    const hadFocus = this.list.matches(":focus-within")
    this.turning = false
    this.root.classList.remove("turning")
    this.list.style.setProperty("--tile", data.tile_size)
    this.list.classList.toggle("tickable", data.can_tick)
    this.show(data)
    if (isNew) this.begin(this.page !== null, hadFocus)
    this.page = page
    this.mark()
  }

  show(data) {
    const url = gatewayUrl(data.url)
    for (const tile of this.tiles.splice(data.tiles.length)) tile.box.remove()
    data.tiles.forEach((sample, place) => {
      if (!this.tiles[place]) {
        this.tiles[place] = new Tile(place)
        this.list.append(this.tiles[place].box)
      }
      this.tiles[place].show(sample, url)
    })
  }

  // A page that was turned to starts at its top; the keyboard stays where it was.
  begin(isTurned, hadFocus) {
    this.at = this.anchor = this.backwards ? Math.max(0, this.tiles.length - 1) : 0
    this.backwards = false
    if (isTurned && this.list.getBoundingClientRect().top < 0) this.root.scrollIntoView({ block: "start" })
    if (hadFocus) this.focus(this.at)
  }

  mark() {
    this.list.classList.toggle("ticking", this.ticked.size > 0)
    this.tiles.forEach((tile, place) => {
      tile.box.tabIndex = place === this.at ? 0 : -1
      tile.box.setAttribute("aria-selected", String(this.ticked.has(tile.sample.id)))
    })
  }

  clicked(event) {
    const place = placeOf(event)
    if (place === null) return
    this.at = place
    if (event.shiftKey) this.tickTo(place)
    else if (event.target.closest(".tick") || event.ctrlKey || event.metaKey) this.tick(place)
    else this.open(place)
    this.mark()
  }

  focused(event) {
    const place = placeOf(event)
    if (place === null || place === this.at) return
    this.at = place
    this.mark()
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const across = this.columns()
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }
    const actions = {
      Enter: () => this.open(this.at),
      " ": () => (event.shiftKey ? this.tickTo(this.at) : this.tick(this.at)),
      PageDown: () => this.turn("next"),
      n: () => this.turn("next"),
      PageUp: () => this.turn("previous"),
      p: () => this.turn("previous"),
      Home: () => this.focus(0),
      End: () => this.focus(this.tiles.length - 1),
      Escape: () => this.clear(),
    }
    const action = event.key in moves ? () => this.move(moves[event.key]) : actions[event.key]
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }

  move(steps) {
    const target = this.at + steps
    if (target >= 0 && target < this.tiles.length) this.focus(target)
    else if (steps > 1) this.focus(this.tiles.length - 1)
  }

  focus(place) {
    if (!this.tiles[place]) return
    this.at = place
    this.mark()
    this.tiles[place].box.focus({ preventScroll: true })
    this.tiles[place].box.scrollIntoView({ block: "nearest" })
  }

  columns() {
    const top = this.tiles[0]?.box.offsetTop
    const second = this.tiles.findIndex((tile) => tile.box.offsetTop > top)
    return second === -1 ? this.tiles.length : second
  }

  open(place) {
    if (!this.tiles[place]) return
    this.tellNow()
    this.trigger("opened", this.tiles[place].sample.id)
  }

  turn(way) {
    if (this.turning || !(way === "next" ? this.data.has_next : this.data.has_previous)) return
    this.turning = true
    this.backwards = way === "previous"
    this.root.classList.add("turning")
    this.tellNow()
    this.trigger("turned", way)
  }

  tick(place) {
    if (!this.data.can_tick || !this.tiles[place]) return
    const { id } = this.tiles[place].sample
    if (!this.ticked.delete(id)) this.ticked.add(id)
    this.anchor = place
    this.tellSoon()
  }

  // All from the last one that was ticked up to here.
  tickTo(place) {
    if (!this.data.can_tick) return
    const from = Math.min(this.anchor, place), to = Math.max(this.anchor, place)
    for (const tile of this.tiles.slice(from, to + 1)) this.ticked.add(tile.sample.id)
    this.tellSoon()
  }

  clear() {
    if (!this.ticked.size) return
    this.ticked.clear()
    this.tellSoon()
  }

  tellSoon() {
    this.mark()
    clearTimeout(this.pending)
    this.pending = setTimeout(() => this.tellNow(), TELL_AFTER_MS)
  }

  tellNow() {
    if (!this.pending) return
    clearTimeout(this.pending)
    this.pending = 0
    this.tell("ticked", [...this.ticked])
  }

  close() {
    clearTimeout(this.pending)
  }
}

class Tile {
  constructor(place) {
    this.box = element("div", "tile")
    this.box.setAttribute("role", "option")
    this.box.dataset.place = place
    this.picture = element("div", "picture")
    this.tick = element("span", "tick")
    this.tick.setAttribute("aria-hidden", "true")
    this.name = element("div", "name")
    this.badges = element("div", "badges")
    this.rows = element("div", "rows")
    this.box.append(this.picture, this.tick, this.name, this.badges, this.rows)
  }

  show(sample, url) {
    const known = JSON.stringify(sample) + url
    this.sample = sample
    if (this.known === known) return
    this.known = known
    const labels = sample.labels.map((label) => label.text)
    this.box.title = sample.name
    const rows = sample.rows.map((row) => [row.mark, row.text, row.note].filter(Boolean).join(" "))
    this.box.setAttribute("aria-label", [sample.name, ...labels, ...rows].filter(Boolean).join(", "))
    this.box.dataset.verdict = sample.verdict ?? ""
    this.name.textContent = shortName(sample.name)
    this.badges.replaceChildren(...badges(sample))
    this.badges.hidden = sample.rows.length > 0
    this.rows.replaceChildren(...sample.rows.map(answer))
    this.picture.className = "picture"
    this.picture.replaceChildren(...this.content(sample, url))
  }

  content(sample, url) {
    if (sample.kind === "image") return this.seen(sample, url)
    if (!sample.excerpt && !sample.fields.length) this.lookUp(sample, url)
    return [words(sample)]
  }

  // Of a result no more is known than whose it is: what such a sample says is looked up where it is shown.
  async lookUp(sample, url) {
    const answer = await fetch(`${url}/v1/samples/${sample.id}`, { credentials: "include" }).catch(() => null)
    if (!answer?.ok) return
    const { excerpt, fields } = await answer.json()
    if (this.sample !== sample) return
    const known = Object.keys(fields ?? {}).length ? fields : parsed(excerpt)
    const said = Object.entries(known).map(([name, value]) => [name, String(value ?? "–")])
    this.picture.replaceChildren(words({ ...sample, excerpt: excerpt ?? "", fields: said }))
  }

  seen(sample, url) {
    return [this.image(sample, url), ...drawings(sample)]
  }

  image(sample, url) {
    const image = element("img")
    const done = (name) => this.picture.contains(image) && this.picture.classList.replace("loading", name)
    this.picture.classList.add("loading")
    image.alt = ""
    image.loading = "lazy"
    image.decoding = "async"
    image.draggable = false
    image.onload = () => {
      image.classList.toggle("tiny", Math.max(image.naturalWidth, image.naturalHeight) <= 64)
      done("loaded")
    }
    image.onerror = () => done("broken")
    image.src = `${url}/v1/samples/${sample.id}/thumbnail`
    return image
  }
}

function drawings({ shapes, width, height }) {
  if (!width || !shapes.length) return []
  const masks = shapes.filter((shape) => shape.type === "mask")
  const drawn = [overlay(shapes, width, height)]
  if (masks.length) {
    const canvas = element("canvas", "masks")
    const painted = masks.map((mask) => ({
      ...mask, ends: maskEnds(mask), color: toneBytes(mask.tone), alpha: 120,
    }))
    paintMasks(canvas, width, height, painted, THUMBNAIL_SIDE)
    drawn.unshift(canvas)
  }
  return drawn
}

function words({ kind, excerpt, fields }) {
  return kind === "row" && fields.length ? row(fields) : element("div", "excerpt", excerpt)
}

// The text of a row may be cut off, or be something else.
function parsed(text) {
  try {
    const found = JSON.parse(text)
    return found && typeof found === "object" && !Array.isArray(found) ? found : {}
  } catch {
    return {}
  }
}

function row(fields) {
  const list = element("dl", "fields")
  for (const [name, value] of fields) list.append(element("dt", "", name), element("dd", "", value))
  return list
}

// What somebody said of the sample, and how sure they were.
function answer({ text, tone, note, mark, verdict }) {
  const box = element("div", "answer")
  if (verdict) box.dataset.verdict = verdict
  if (mark) box.append(element("span", "mark", mark))
  const said = element("span", tone === null ? "said" : "said badge", text)
  if (tone !== null) said.style.setProperty("--tone", toneColor(tone))
  box.append(said)
  if (note) box.append(element("span", "note", note))
  return box
}

function badges(sample) {
  const shown = sample.labels.slice(0, BADGES).map((label) => {
    const badge = element("span", "badge", label.text)
    badge.style.setProperty("--tone", toneColor(label.tone))
    return badge
  })
  const rest = sample.labels.length - shown.length
  if (rest > 0) shown.push(element("span", "more", `+${rest}`))
  if (!shown.length && sample.line) shown.push(element("span", "line", sample.line))
  return shown
}

// The end of a path tells samples apart, not its folders.
const shortName = (name) => name.split("/").pop() || name

function placeOf(event) {
  const tile = event.target.closest?.(".tile")
  return tile ? Number(tile.dataset.place) : null
}
