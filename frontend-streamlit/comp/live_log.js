// The log of one run: what was said before comes with the page, new lines straight from the gateway.
const MOST_LINES = 5000
const logs = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let log = logs.get(parentElement)
  if (!log || log.run !== data.run) {
    log?.close()
    log = new LiveLog(parentElement.querySelector(".root"), data, setTriggerValue)
    logs.set(parentElement, log)
  }
  log.update(data)
  return () => {
    logs.get(parentElement)?.close()
    logs.delete(parentElement)
  }
}

class LiveLog {
  constructor(root, data, trigger) {
    this.run = data.run
    this.trigger = trigger
    this.known = new Set()
    this.list = element("div", "lines")
    this.list.tabIndex = 0
    this.list.setAttribute("role", "log")
    root.replaceChildren(this.toolbar(), this.list)
  }

  toolbar() {
    const bar = element("div", "toolbar")
    this.search = element("input")
    Object.assign(this.search, { type: "search", placeholder: "Find in the log" })
    this.search.setAttribute("aria-label", "Find in the log")
    this.search.oninput = () => this.filter()
    this.level = element("select")
    this.level.setAttribute("aria-label", "Least level")
    for (const [value, text] of [["0", "all lines"], ["2", "warnings and errors"], ["3", "errors"]]) {
      const option = element("option", "", text)
      option.value = value
      this.level.append(option)
    }
    this.level.onchange = () => this.filter()
    this.state = element("span", "state")
    bar.append(this.search, this.level, this.state)
    return bar
  }

  update(data) {
    this.add(data.lines)
    this.state.textContent = data.live ? "live" : ""
    if (data.live && !this.source) this.listen(data)
    if (!data.live) this.close()
  }

  listen(data) {
    this.source = new EventSource(`${gatewayUrl(data.url)}/v1/runs/${data.run}/stream`, { withCredentials: true })
    this.source.addEventListener("log", (event) => this.add(JSON.parse(event.data)))
    for (const name of ["ended", "reset"]) {
      this.source.addEventListener(name, () => {
        this.source.close()
        this.trigger("ended", true)
      })
    }
  }

  add(lines) {
    const follows = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 24
    for (const line of lines) {
      // The page and the stream may both bring a line.
      const key = `${line.at} ${line.seq}`
      if (this.known.has(key)) continue
      this.known.add(key)
      this.list.append(this.row(line))
    }
    while (this.list.children.length > MOST_LINES) this.list.firstChild.remove()
    if (follows) this.list.scrollTop = this.list.scrollHeight
  }

  row(line) {
    const row = element("div", `line ${line.level}`)
    row.append(element("time", "", new Date(line.at).toLocaleTimeString()), element("span", "", line.text))
    row.hidden = !this.fits(row)
    return row
  }

  fits(row) {
    const level = ["debug", "info", "warning", "error"].findIndex((name) => row.classList.contains(name))
    const wanted = this.search.value.toLowerCase()
    return level >= Number(this.level.value) && row.lastChild.textContent.toLowerCase().includes(wanted)
  }

  filter() {
    for (const row of this.list.children) row.hidden = !this.fits(row)
    this.list.scrollTop = this.list.scrollHeight
  }

  close() {
    this.source?.close()
    this.source = null
  }
}
