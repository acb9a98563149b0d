// Pictures that a deployed model is asked about: the browser sends them to the gateway itself.
const instances = new WeakMap()
const AT_ONCE = 4
const MOST_KEPT = 40
const TINY = 96
const REFUSED = "prediction_refused"

export default function ({ data, parentElement }) {
  let shown = instances.get(parentElement)
  if (!shown) instances.set(parentElement, (shown = new Predictor(parentElement.querySelector(".root"))))
  shown.update(data)
  return () => {
    shown.close()
    instances.delete(parentElement)
  }
}

class Predictor {
  constructor(root) {
    this.root = root
    this.items = []
    this.waiting = []
    this.num_asking = 0
    this.opened = null
    this.stopped = new AbortController()
    this.build()
    this.listen()
  }

  build() {
    this.input = element("input")
    this.input.type = "file"
    this.input.accept = "image/*"
    this.input.multiple = true
    this.input.hidden = true
    this.zone = element("button", "zone")
    this.zone.type = "button"
    this.zone.append(
      element("strong", "", "Choose images"), element("span", "hint", "or drop them here, or paste one"),
    )
    this.samples = element("div", "samples")
    this.answer = element("section", "answer")
    this.answer.setAttribute("role", "status")
    this.strip = element("div", "strip")
    this.strip.setAttribute("role", "group")
    this.strip.setAttribute("aria-label", "Last answers")
    const inputs = element("div", "inputs")
    inputs.append(this.zone, this.input, this.samples)
    this.root.replaceChildren(inputs, this.answer, this.strip)
  }

  listen() {
    this.zone.onclick = () => this.input.click()
    this.input.onchange = () => {
      this.askFiles(this.input.files)
      this.input.value = ""
    }
    this.root.ondragover = (event) => {
      event.preventDefault()
      this.root.classList.add("over")
    }
    this.root.ondragleave = (event) => {
      if (!this.root.contains(event.relatedTarget)) this.root.classList.remove("over")
    }
    this.root.ondrop = (event) => {
      event.preventDefault()
      this.root.classList.remove("over")
      this.askFiles(event.dataTransfer.files)
    }
    const pasted = (event) => {
      const files = event.clipboardData?.files ?? []
      if (!files.length || event.target.closest?.("input, textarea")) return
      event.preventDefault()
      this.askFiles(files)
    }
    document.addEventListener("paste", pasted, { signal: this.stopped.signal })
  }

  update(data) {
    const isOther = this.data && this.data.name !== data.name
    this.data = data
    this.url = gatewayUrl(data.url)
    this.tones = new Map(data.classes.map((name, place) => [name, place]))
    this.zone.disabled = !data.is_answering
    if (isOther) this.forget()
    const samples = JSON.stringify([data.samples, data.is_answering, this.url])
    if (this.known !== samples) this.showSamples()
    this.known = samples
    if (isOther || !this.opened) this.show()
  }

  forget() {
    for (const item of this.items) URL.revokeObjectURL(item.picture)
    Object.assign(this, { items: [], waiting: [], opened: null })
    this.showStrip()
  }

  showSamples() {
    const { samples, is_answering } = this.data
    const thumbnails = samples.map((sample) => {
      const button = element("button", "thumbnail")
      button.type = "button"
      button.disabled = !is_answering
      button.title = sample.truth ? `${sample.name}: ${worded(sample.truth)}` : sample.name
      button.append(picture(`${this.url}/v1/samples/${sample.id}/thumbnail`, sample.name))
      button.onclick = () => this.ask([{ ...itemOf(sample.name), sample: sample.id, truth: sample.truth }])
      return button
    })
    const row = element("div", "thumbnails")
    row.append(...thumbnails)
    this.samples.replaceChildren(element("span", "hint", "Or one that it was not trained on"), row)
    this.samples.hidden = samples.length === 0
  }

  askFiles(files) {
    if (!this.data.is_answering) return
    this.ask([...files].map((file) => ({
      ...itemOf(file.name || "pasted image"), blob: file, picture: URL.createObjectURL(file),
    })))
  }

  ask(items) {
    if (!items.length) return
    this.items = [...items, ...this.items]
    this.waiting.push(...items)
    for (const item of this.items.splice(Math.max(MOST_KEPT, items.length))) URL.revokeObjectURL(item.picture)
    this.open(items[0])
    this.next()
  }

  next() {
    while (this.num_asking < AT_ONCE && this.waiting.length) {
      const item = this.waiting.shift()
      this.num_asking += 1
      this.send(item).finally(() => {
        this.num_asking -= 1
        this.showStrip()
        if (this.opened === item) this.show()
        this.next()
      })
    }
  }

  async send(item) {
    const { signal } = this.stopped
    try {
      if (!item.blob) await this.fetchSample(item, signal)
      const started = performance.now()
      const answer = await fetch(`${this.url}/v1/deployments/${encodeURIComponent(this.data.name)}/predict`, {
        method: "POST",
        credentials: "include",
        headers: { "Content-Type": item.blob.type || "application/octet-stream" },
        body: item.blob,
        signal,
      })
      const said = parsed(await answer.text())
      item.way_ms = performance.now() - started
      if (answer.ok) item.said = said
      else item.problem = problemOf(answer.status, said)
    } catch {
      item.problem = { title: "The gateway cannot be reached", detail: "Or it took no file of this size. Try again." }
    }
  }

  // As it is stored: a picture that was shown before may lie in the browser's memory without leave to read it.
  async fetchSample(item, signal) {
    const answer = await fetch(`${this.url}/v1/samples/${item.sample}/image`, {
      credentials: "include", cache: "no-store", signal,
    })
    if (!answer.ok) throw new Error(`this sample answered ${answer.status}`)
    item.blob = await answer.blob()
    item.picture = URL.createObjectURL(item.blob)
  }

  open(item) {
    this.opened = item
    this.showStrip()
    this.show()
  }

  show() {
    const item = this.opened
    if (!item) {
      this.answer.className = "answer empty"
      this.answer.replaceChildren(element("p", "hint", "Here the model will say what it sees."))
      return
    }
    this.answer.className = "answer"
    const stage = element("div", "stage")
    const said = element("div", "said")
    if (item.picture) this.showPicture(stage, item)
    said.append(element("p", "file", item.name), ...this.words(item))
    this.answer.replaceChildren(stage, said)
  }

  showPicture(stage, item) {
    const image = picture(item.picture, item.name)
    image.onload = () => {
      const { naturalWidth: width, naturalHeight: height } = image
      image.classList.toggle("tiny", Math.max(width, height) <= TINY)
      const prediction = item.said?.predictions[0]
      if (prediction) stage.append(...drawn(prediction, width, height, this.tones))
    }
    image.onerror = () => stage.replaceChildren(element("span", "hint", "This file cannot be shown"))
    stage.append(image)
  }

  words(item) {
    if (item.problem) return told(item.problem)
    if (!item.said) return [element("p", "hint waiting", "Asking …")]
    const [prediction] = item.said.predictions
    const parts = [element("h3", "", headline(prediction)), ...verdict(item.truth, prediction)]
    if (item.said.refused?.length) {
      parts.push(element("p", "unsure", "The model is not sure enough of this to be believed."))
    }
    return [...parts, bars(prediction, this.tones), this.source(item)]
  }

  source({ said, way_ms }) {
    const line = element("p", "source")
    line.append(element("span", "chip", `${said.model} v${said.version}`))
    const { canary } = this.data
    if (canary && canary.model === said.model && canary.version === said.version) {
      line.append(element("span", "chip canary", "canary"))
    }
    const took = element("span", "took", `${said.latency_ms.toFixed(1)} ms`)
    took.title = "What the inference room took"
    const way = element("span", "hint", `${way_ms.toFixed(0)} ms until it was here`)
    line.append(took, way)
    return line
  }

  showStrip() {
    const focused = this.items.indexOf(this.opened)
    this.strip.replaceChildren(...this.items.map((item) => this.tile(item)))
    this.strip.hidden = this.items.length < 2
    if (focused >= 0 && this.had_focus) this.strip.children[focused]?.focus({ preventScroll: true })
    this.had_focus = false
  }

  tile(item) {
    const button = element("button", "tile")
    button.type = "button"
    button.title = item.name
    button.setAttribute("aria-pressed", String(item === this.opened))
    if (item.problem) button.classList.add(item.problem.isRefusal ? "unsure" : "failed")
    if (item.picture) button.append(smallPicture(item.picture))
    button.append(element("span", "caption", shortly(item)))
    button.onclick = () => {
      this.had_focus = true
      this.open(item)
    }
    return button
  }

  close() {
    this.stopped.abort()
    for (const item of this.items) URL.revokeObjectURL(item.picture)
  }
}

const itemOf = (name) => ({ name, blob: null, picture: "", said: null, problem: null, truth: null })

function picture(url, name) {
  const image = element("img")
  image.alt = name
  image.draggable = false
  image.src = url
  return image
}

function smallPicture(url) {
  const image = picture(url, "")
  image.onerror = () => image.replaceWith(element("span", "unseen", "?"))
  return image
}

function shortly(item) {
  if (item.problem) return item.problem.isRefusal ? "not said" : "error"
  return item.said ? headline(item.said.predictions[0]) : "…"
}

const worded = (labels) => labels.join(", ") || "no class"

// Nothing for answers that are not classes.
function verdict(truth, prediction) {
  const labels = prediction.labels ?? (prediction.type === "class" ? [prediction.label] : null)
  if (!truth || !labels) return []
  const isRight = labels.length === truth.length && labels.every((label) => truth.includes(label))
  const words = isRight ? "✓ as it is labelled" : `✗ it is labelled ${worded(truth)}`
  return [element("p", isRight ? "right" : "wrong", words)]
}

function told({ title, detail, isRefusal }) {
  return [element("h3", isRefusal ? "unsure" : "failed", title), element("p", "", detail)]
}

// What is wrong with the one picture that was sent says more than how many were wrong.
function problemOf(status, said) {
  const detail = (said.errors ?? []).map((each) => each.message).join("; ") || said.detail
  return {
    title: said.title || `The gateway answered ${status}`,
    detail: detail || "",
    isRefusal: said.code === REFUSED,
  }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
