// Facts of the house as they happen: one connection for all tabs of a browser, nothing missed between two visits.
const MOST_KEPT = 100
const RETRY_SECONDS = [1, 2, 5, 15, 30]
const REFUSED = [401, 403]

// What is known is kept by the browser, for each account by itself; other tabs are told when it changes.
class Facts {
  constructor(url, owner, told, changed) {
    Object.assign(this, { url, told, changed, key: `modelyard.facts.${owner}`, left: new AbortController() })
    window.addEventListener("storage", ({ key }) => key === this.key && changed(), { signal: this.left.signal })
    this.lead()
  }

  get kept() {
    try {
      return { last: null, read: null, items: [], ...JSON.parse(localStorage.getItem(this.key)) }
    } catch {
      return { last: null, read: null, items: [] }
    }
  }

  keep(changes) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...this.kept, ...changes }))
    } catch {
      // A browser that keeps nothing shows what comes while the page is open no longer than that.
    }
    this.changed()
  }

  // The tab that has the lock listens, the others wait to take over. Without locks every tab listens for itself.
  lead() {
    const { signal } = this.left
    if (!navigator.locks) return void this.listen()
    navigator.locks.request(this.key, { signal }, () => this.listen()).catch(() => {})
  }

  async listen() {
    let failed = 0
    while (!this.left.signal.aborted) {
      try {
        await this.follow(() => (failed = 0))
      } catch (error) {
        if (error.refused) return
      }
      const seconds = RETRY_SECONDS[Math.min(failed++, RETRY_SECONDS.length - 1)]
      await new Promise((go) => setTimeout(go, seconds * 1000))
    }
  }

  // An EventSource cannot say at its start what it has already; this can.
  async follow(onOpen) {
    const { last } = this.kept
    const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) }
    const answer = await fetch(`${this.url}/v1/events`, { headers, credentials: "include", signal: this.left.signal })
    if (!answer.ok) throw Object.assign(new Error(), { refused: REFUSED.includes(answer.status) })
    onOpen()
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const blocks = (text + part.value).split(/\r?\n\r?\n/)
      text = blocks.pop()
      for (const block of blocks) this.hear(fieldsOf(block))
    }
  }

  hear({ event, data, id }) {
    // Something is missing that cannot be had any more: from here on it goes on with what comes.
    if (event === "reset") return this.keep({ last: null })
    if (!id) return
    const { items } = this.kept
    const item = this.told(JSON.parse(data))
    if (!item || items.some((each) => each.id === item.id)) return this.keep({ last: id })
    this.keep({ last: id, items: [item, ...items].slice(0, MOST_KEPT) })
    this.onNew?.(item)
  }

  get unread() {
    const { items, read } = this.kept
    const place = items.findIndex((item) => item.id === read)
    return place < 0 ? items.length : place
  }

  markRead() {
    const [newest] = this.kept.items
    if (newest && this.unread) this.keep({ read: newest.id })
  }

  close() {
    this.left.abort()
  }
}

function fieldsOf(block) {
  const fields = {}
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name) fields[name] = name in fields ? `${fields[name]}\n${value}` : value
  }
  return fields
}
