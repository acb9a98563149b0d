// Curves of one run: drawn from the page's history, extended by the gateway's event stream, one canvas per metric.
const instances = new WeakMap()
const COLORS = ["--st-chart-categorical-color-1", "--st-chart-categorical-color-2", "--st-chart-categorical-color-3"]
const FALLBACK = ["#2457d6", "#e0803a", "#3a9d6e"]
const CATCH_UP_MS = [0, 2000]
const PAD = { left: 52, right: 12, top: 10, bottom: 24 }

export default function ({ data, parentElement, setTriggerValue }) {
  let chart = instances.get(parentElement)
  if (!chart || chart.run !== data.run) {
    chart?.close()
    chart = new LiveChart(parentElement.querySelector(".root"), data, setTriggerValue)
    instances.set(parentElement, chart)
  }
  chart.update(data)
  return () => {
    instances.get(parentElement)?.close()
    instances.delete(parentElement)
  }
}

class LiveChart {
  constructor(root, data, setTriggerValue) {
    this.root = root
    this.run = data.run
    this.trigger = setTriggerValue
    this.series = new Map()
    this.panels = new Map()
    this.smoothing = 0
    this.log = false
    this.root.replaceChildren(this.toolbar(), (this.grid = element("div", "grid")))
    this.resize = new ResizeObserver(() => this.draw())
    this.resize.observe(this.root)
  }

  update(data) {
    for (const [key, points] of Object.entries(data.series)) this.add(key, points)
    this.showProgress(data.progress)
    if (data.live && !this.source) this.listen(data)
    if (!data.live) this.source?.close()
    this.draw()
  }

  add(key, points) {
    if (!this.series.has(key)) this.series.set(key, new Map())
    const known = this.series.get(key)
    // A step has one value: a resumed run writes it again, and the later one counts.
    for (const [step, value] of points) known.set(step, value)
  }

  listen(data) {
    const run = `${gatewayUrl(data.url)}/v1/runs/${data.run}`
    this.source = new EventSource(`${run}/stream`, { withCredentials: true })
    // What was measured between the page and the stream is in neither; some of it is still on its way to the table.
    this.source.onopen = () => CATCH_UP_MS.forEach((delay) => setTimeout(() => this.catchUp(run), delay))
    this.source.addEventListener("metrics", (event) => {
      for (const point of JSON.parse(event.data)) this.add(point.key, [[point.step, finite(point.value)]])
      this.drawSoon()
    })
    this.source.addEventListener("progress", (event) => this.showProgress(JSON.parse(event.data)))
    for (const name of ["ended", "reset"]) {
      this.source.addEventListener(name, () => {
        this.source.close()
        this.trigger("ended", true)
      })
    }
  }

  async catchUp(run) {
    const answer = await fetch(`${run}/metrics`, { credentials: "include" }).catch(() => null)
    if (!answer?.ok || this.source?.readyState === EventSource.CLOSED) return
    for (const { key, points } of await answer.json()) {
      this.add(key, points.map((point) => [point.step, finite(point.value)]))
    }
    this.drawSoon()
  }

  toolbar() {
    const bar = element("div", "toolbar")
    this.progressBar = element("progress")
    this.progressBar.max = 1
    this.progressText = element("span", "progress-text")
    const log = element("label")
    const logBox = element("input")
    logBox.type = "checkbox"
    logBox.onchange = () => { this.log = logBox.checked; this.draw() }
    log.append(logBox, " log scale")
    const smooth = element("label")
    const slider = element("input")
    Object.assign(slider, { type: "range", min: 0, max: 0.95, step: 0.05, value: 0 })
    slider.oninput = () => { this.smoothing = Number(slider.value); this.draw() }
    smooth.append("smoothing ", slider)
    bar.append(this.progressBar, this.progressText, log, smooth)
    return bar
  }

  showProgress(progress) {
    this.progressBar.hidden = this.progressText.hidden = !progress
    if (!progress) return
    this.progressBar.value = progress.fraction
    const parts = [progress.message]
    if (progress.samples_per_second) parts.push(`${Math.round(progress.samples_per_second)} samples/s`)
    if (progress.eta_seconds) parts.push(`${Math.ceil(progress.eta_seconds)} s left`)
    this.progressText.textContent = parts.filter(Boolean).join(" · ")
  }

  drawSoon() {
    if (this.pending) return
    this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw() })
  }

  draw() {
    const groups = new Map()
    for (const key of [...this.series.keys()].sort(byPlace)) {
      const group = key.split("/").pop()
      groups.set(group, [...(groups.get(group) ?? []), key])
    }
    for (const [group, keys] of groups) {
      if (!this.panels.has(group)) this.panels.set(group, new Panel(group, this.grid))
      const curves = keys.map((key) => ({ key, points: smoothed(sorted(this.series.get(key)), this.smoothing) }))
      this.panels.get(group).draw(curves, this.log)
    }
  }

  close() {
    this.source?.close()
    this.resize.disconnect()
    cancelAnimationFrame(this.pending)
  }
}

class Panel {
  constructor(title, parent) {
    const figure = element("figure")
    const caption = element("figcaption")
    caption.textContent = title
    this.legend = element("div", "legend")
    this.canvas = element("canvas")
    this.canvas.setAttribute("role", "img")
    this.tip = element("div", "tip")
    this.tip.hidden = true
    figure.append(caption, this.legend, this.canvas, this.tip)
    parent.append(figure)
    this.canvas.onmousemove = (event) => this.point(event)
    this.canvas.onmouseleave = () => { this.tip.hidden = true }
  }

  draw(curves, log) {
    const style = getComputedStyle(this.canvas)
    const color = (place) => style.getPropertyValue(COLORS[place % 3]).trim() || FALLBACK[place % 3]
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight, ratio = devicePixelRatio || 1
    this.canvas.width = width * ratio
    this.canvas.height = height * ratio
    const context = this.canvas.getContext("2d")
    context.scale(ratio, ratio)
    const usable = (value) => value !== null && (!log || value > 0)
    const all = curves.flatMap((curve) => curve.points.filter((point) => usable(point[1])))
    this.legend.replaceChildren(...curves.map((curve, place) => legendItem(curve, color(place))))
    this.canvas.setAttribute("aria-label", curves.map((curve) => `${curve.key}: ${last(curve.points)}`).join(", "))
    if (!all.length || width < 80) return
    const scale = (value) => (log ? Math.log10(value) : value)
    const x = axis(all.map((point) => point[0]), PAD.left, width - PAD.right)
    const y = axis(all.map((point) => scale(point[1])), height - PAD.bottom, PAD.top)
    this.view = { curves, x, colors: curves.map((_, place) => color(place)) }
    context.font = "11px " + style.fontFamily
    drawTicks(context, style, x, y, width, height, log)
    curves.forEach((curve, place) => {
      context.strokeStyle = context.fillStyle = color(place)
      context.lineWidth = 1.75
      context.beginPath()
      let open = false
      for (const [step, value] of curve.points) {
        if (usable(value)) context[open ? "lineTo" : "moveTo"](x.at(step), y.at(scale(value)))
        open = usable(value)
      }
      context.stroke()
      if (curve.points.length === 1) context.fillRect(x.at(curve.points[0][0]) - 2, y.at(scale(curve.points[0][1])) - 2, 4, 4)
    })
  }

  point(event) {
    if (!this.view) return
    const step = this.view.x.invert(event.offsetX)
    const rows = this.view.curves.map((curve) => {
      const near = curve.points.reduce((a, b) => (Math.abs(b[0] - step) < Math.abs(a[0] - step) ? b : a), curve.points[0])
      return `${curve.key}  ${format(near[1])}  (step ${near[0]})`
    })
    this.tip.textContent = rows.join("\n")
    this.tip.style.left = `${Math.min(event.offsetX + 12, this.canvas.clientWidth - 160)}px`
    this.tip.style.top = `${event.offsetY + 40}px`
    this.tip.hidden = false
  }
}

function axis(values, from, to) {
  let low = Infinity, high = -Infinity
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value) }
  if (low === high) { low -= Math.abs(low) * 0.1 || 1; high += Math.abs(high) * 0.1 || 1 }
  return {
    low, high,
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    invert: (place) => low + ((place - from) / (to - from)) * (high - low),
  }
}

function drawTicks(context, style, x, y, width, height, log) {
  context.strokeStyle = style.getPropertyValue("--st-border-color") || "#8884"
  context.fillStyle = style.color
  context.lineWidth = 1
  context.textAlign = "right"
  context.textBaseline = "middle"
  for (const tick of ticks(y.low, y.high, 4)) {
    context.beginPath()
    context.moveTo(PAD.left, y.at(tick))
    context.lineTo(width - PAD.right, y.at(tick))
    context.stroke()
    context.fillText(format(log ? 10 ** tick : tick), PAD.left - 6, y.at(tick))
  }
  context.textAlign = "center"
  context.textBaseline = "top"
  for (const tick of ticks(x.low, x.high, 5)) context.fillText(format(tick), x.at(tick), height - PAD.bottom + 6)
}

function ticks(low, high, count) {
  const raw = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw)
  const found = []
  for (let tick = Math.ceil(low / step) * step; tick <= high + step / 1e6; tick += step) found.push(tick)
  return found
}

function smoothed(points, weight) {
  let kept = null
  return points.map(([step, value]) => {
    if (value === null) return [step, null]
    kept = kept === null ? value : kept * weight + value * (1 - weight)
    return [step, kept]
  })
}

function legendItem(curve, color) {
  const item = element("span")
  const dot = element("i")
  dot.style.background = color
  item.append(dot, `${curve.key} ${last(curve.points)}`)
  return item
}

// Losses first, learning rates last, the others by name.
const place = (key) => (key.endsWith("loss") ? 0 : key.endsWith("lr") ? 2 : 1)
const byPlace = (a, b) => place(a) - place(b) || (a < b ? -1 : 1)
const sorted = (points) => [...points].sort((a, b) => a[0] - b[0])
const last = (points) => (points.length ? format(points.at(-1)[1]) : "")
const finite = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null)

function format(value) {
  if (value === null || value === undefined) return "–"
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2)
  return String(Number(value.toPrecision(4)))
}

function element(kind, name = "") {
  const made = document.createElement(kind)
  if (name) made.className = name
  return made
}
