// Work one below the other; what waits is put in order by dragging, or by Alt and the arrow keys.
const instances = new WeakMap()
const TELL_AFTER_MS = 350
const DRAG_FROM_PX = 4
// An answer that never comes must not keep the list from following the others.
const WAIT_AT_MOST_MS = 6000

export default function ({ data, parentElement, setTriggerValue }) {
  let list = instances.get(parentElement)
  if (!list) instances.set(parentElement, (list = new SortList(parentElement.querySelector(".root"))))
  list.update(data, setTriggerValue)
  return () => {
    instances.get(parentElement)?.close()
    instances.delete(parentElement)
  }
}

class SortList {
  constructor(root) {
    this.list = element("ol", "list")
    this.voice = element("div", "voice")
    this.voice.setAttribute("aria-live", "polite")
    root.replaceChildren(this.list, this.voice)
    this.list.onkeydown = (event) => this.pressed(event)
    this.list.onpointerdown = (event) => this.grab(event)
    this.list.onclick = (event) => this.clicked(event)
    this.rows = new Map()
    this.order = []
    this.moves = []
  }

  update(data, trigger) {
    Object.assign(this, { data, trigger })
    this.moves = this.moves.filter((move) => move.told > data.seen && Date.now() - move.told < WAIT_AT_MOST_MS)
    this.list.setAttribute("aria-label", data.label)
    this.list.classList.toggle("sortable", data.can_sort)
    if (this.drag || this.isAhead()) return
    this.show()
  }

  // Between a move and the answer to it the list shows what the person did, not what was before.
  isAhead() {
    return Boolean(this.pending) || this.moves.length > 0
  }

  show() {
    const known = new Set(this.data.items.map((item) => item.id))
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue
      row.box.remove()
      this.rows.delete(id)
    }
    for (const item of this.data.items) {
      if (!this.rows.has(item.id)) this.rows.set(item.id, new Row(item.id))
      this.rows.get(item.id).show(item)
    }
    this.arrange(this.data.items.map((item) => item.id))
  }

  arrange(order) {
    this.order = order
    const focused = this.focusedId()
    order.forEach((id, place) => {
      const { box } = this.rows.get(id)
      if (this.list.children[place] !== box) this.list.insertBefore(box, this.list.children[place] ?? null)
    })
    this.number()
    if (focused && this.focusedId() !== focused) this.rows.get(focused)?.box.focus({ preventScroll: true })
  }

  number() {
    const first = this.focusedId() ?? this.order[0]
    this.order.forEach((id, place) => {
      const row = this.rows.get(id)
      row.place.textContent = this.data.can_sort ? String(place + 1) : ""
      row.box.tabIndex = id === first ? 0 : -1
    })
  }

  focusedId() {
    return this.list.querySelector(".row:focus")?.dataset.id ?? null
  }

  pressed(event) {
    const row = event.target.closest(".row")
    if (event.key === "Escape" && this.drag) return this.drop(false)
    if (!row || event.target !== row || event.ctrlKey || event.metaKey) return
    const place = this.order.indexOf(row.dataset.id)
    const steps = { ArrowUp: -1, ArrowDown: 1, Home: -place, End: this.order.length - 1 - place }[event.key]
    if (steps !== undefined) {
      event.preventDefault()
      if (event.altKey) this.moveTo(row.dataset.id, place + steps)
      else this.focus(place + steps)
    } else if (event.key === "Delete") {
      this.ask(row.dataset.id)
    }
  }

  focus(place) {
    const row = this.rows.get(this.order[place])
    if (!row) return
    row.box.focus({ preventScroll: true })
    row.box.scrollIntoView({ block: "nearest" })
    this.number()
  }

  moveTo(id, place) {
    if (!this.data.can_sort || place < 0 || place >= this.order.length) return
    const order = this.order.filter((each) => each !== id)
    order.splice(place, 0, id)
    if (order[place] === this.order[place]) return
    if (this.pending && this.moved !== id) this.tell()
    this.arrange(order)
    this.rows.get(id).box.scrollIntoView({ block: "nearest" })
    this.voice.textContent = `${this.rows.get(id).title.textContent}: ${place + 1} of ${order.length}`
    this.moved = id
    clearTimeout(this.pending)
    this.pending = setTimeout(() => this.tell(), TELL_AFTER_MS)
  }

  // All that was not answered yet: of two that are told close together the page may see the last only.
  tell() {
    clearTimeout(this.pending)
    this.pending = 0
    const place = this.order.indexOf(this.moved)
    if (place < 0) return
    const side = place > 0 ? { after: this.order[place - 1] } : { before: this.order[1] }
    const told = Math.max(Date.now(), (this.moves.at(-1)?.told ?? 0) + 1)
    this.moves.push({ id: this.moved, told, ...side })
    this.trigger("moved", this.moves)
  }

  grab(event) {
    const box = event.target.closest(".row")
    if (!box || !this.data.can_sort || event.button !== 0 || event.target.closest("a, button")) return
    if (event.pointerType !== "mouse" && !event.target.closest(".grip")) return
    this.drag = { id: box.dataset.id, box, from: event.clientY, start: box.getBoundingClientRect().top, place: null }
    box.setPointerCapture(event.pointerId)
    box.onpointermove = (move) => this.follow(move)
    box.onpointerup = () => this.drop(true)
    box.onpointercancel = () => this.drop(false)
  }

  follow(event) {
    const { drag } = this
    const by = event.clientY - drag.from
    if (drag.place === null && Math.abs(by) < DRAG_FROM_PX) return
    if (drag.place === null) this.lift()
    const center = drag.start + by + drag.box.offsetHeight / 2
    const others = this.order.filter((id) => id !== drag.id)
    drag.place = others.filter((id) => drag.middles.get(id) < center).length
    drag.box.style.transform = `translateY(${by}px)`
    others.forEach((id, place) => {
      const was = this.order.indexOf(id)
      const now = place < drag.place ? place : place + 1
      this.rows.get(id).box.style.transform = `translateY(${(now - was) * drag.step}px)`
    })
  }

  // Where the others are is measured once: while they make room they are on their way.
  lift() {
    const { drag } = this
    drag.middles = new Map(
      this.order.map((id) => {
        const { top, height } = this.rows.get(id).box.getBoundingClientRect()
        return [id, top + height / 2]
      }),
    )
    drag.step = drag.box.offsetHeight + parseFloat(getComputedStyle(this.list).rowGap || 0)
    this.list.classList.add("dragging")
    drag.box.classList.add("lifted")
  }

  drop(isMeant) {
    const { drag } = this
    if (!drag) return
    this.drag = null
    drag.box.onpointermove = drag.box.onpointerup = drag.box.onpointercancel = null
    this.list.classList.remove("dragging")
    drag.box.classList.remove("lifted")
    for (const { box } of this.rows.values()) box.style.transform = ""
    if (isMeant && drag.place !== null && drag.place !== this.order.indexOf(drag.id)) {
      this.moveTo(drag.id, drag.place)
      this.tell()
    } else if (!this.isAhead()) {
      this.show()
    }
  }

  clicked(event) {
    const id = event.target.closest(".row")?.dataset.id
    if (event.target.closest("a[href]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault()
      this.trigger("opened", id)
    }
    const action = event.target.closest("button")?.dataset.action
    if (!id || !action) return
    if (action === "ask") this.ask(id)
    if (action === "keep") this.keep(id)
    if (action === "remove") {
      this.rows.get(id).box.classList.add("leaving")
      this.keep(id)
      this.trigger("removed", id)
    }
  }

  ask(id) {
    const row = this.rows.get(id)
    if (!row.remove.dataset.action) return
    row.box.classList.add("asking")
    row.sure.focus({ preventScroll: true })
  }

  keep(id) {
    const row = this.rows.get(id)
    row.box.classList.remove("asking")
    row.box.focus({ preventScroll: true })
  }

  close() {
    if (this.pending) this.tell()
  }
}

class Row {
  constructor(id) {
    this.box = element("li", "row")
    this.box.dataset.id = id
    this.grip = element("span", "grip icon", "drag_indicator")
    this.place = element("span", "place")
    this.icon = element("span", "icon state")
    this.title = element("a", "title")
    this.said = element("div", "said")
    this.bar = element("progress")
    this.bar.max = 1
    this.facts = element("div", "facts")
    this.remove = element("button", "remove")
    this.remove.append(element("span", "icon", "close"))
    const what = element("div", "what")
    what.append(this.title, this.said, this.bar)
    this.grip.setAttribute("aria-hidden", "true")
    this.icon.setAttribute("role", "img")
    this.box.append(this.grip, this.place, this.icon, what, this.facts, this.remove, this.question())
  }

  question() {
    const box = element("div", "question")
    this.words = element("span", "words")
    this.sure = element("button", "sure")
    const keep = element("button", "", "Keep")
    this.sure.dataset.action = "remove"
    keep.dataset.action = "keep"
    box.onkeydown = (event) => { if (event.key === "Escape") keep.click() }
    box.append(this.words, this.sure, keep)
    return box
  }

  show(item) {
    this.icon.textContent = item.icon
    this.icon.dataset.tone = item.tone
    this.icon.setAttribute("aria-label", item.state)
    this.icon.title = item.state
    this.title.textContent = item.title
    if (item.href) this.title.href = item.href
    else this.title.removeAttribute("href")
    this.said.textContent = item.said
    this.bar.hidden = item.progress === null
    this.bar.value = item.progress ?? 0
    this.bar.setAttribute("aria-label", `Progress of ${item.title}`)
    this.facts.replaceChildren(...item.facts.map((fact) => element("span", "", fact)))
    this.remove.hidden = !item.action
    if (item.action) this.offer(item)
    else delete this.remove.dataset.action
    this.box.classList.remove("leaving")
  }

  offer(item) {
    this.remove.dataset.action = "ask"
    this.remove.setAttribute("aria-label", `${item.action} ${item.title}`)
    this.remove.title = item.action
    this.sure.textContent = item.action
    this.words.textContent = item.question
  }
}
