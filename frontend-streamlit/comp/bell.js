// The bell: what has happened since one looked last, with the way to it; and the browser's own notifications.
const bells = new WeakMap()
const SWITCH = "modelyard.notifies"
// What is older was missed: it stands in the list, but nobody is called for it.
const MOST_SECONDS_AGO = 300

export default function ({ data, parentElement, setTriggerValue }) {
  let bell = bells.get(parentElement)
  if (bell?.owner !== data.owner) {
    bell?.close()
    bell = new Bell(parentElement.querySelector(".root"), data)
    bells.set(parentElement, bell)
  }
  bell.open = (link) => setTriggerValue("opened", link)
  return () => {
    bells.get(parentElement)?.close()
    bells.delete(parentElement)
  }
}

class Bell {
  constructor(root, data) {
    this.owner = data.owner
    this.kinds = data.kinds
    this.button = element("button", "bell")
    this.button.type = "button"
    this.count = element("span", "count")
    this.button.append(drawnBell(), this.count)
    this.panel = element("div", "panel")
    this.panel.popover = "auto"
    this.panel.setAttribute("role", "dialog")
    this.panel.setAttribute("aria-label", "What has happened")
    this.list = element("ul")
    this.panel.append(this.top(), this.list)
    this.button.onclick = () => this.panel.togglePopover()
    this.panel.ontoggle = ({ newState }) => newState === "open" && this.look()
    root.replaceChildren(this.button, this.panel)
    this.facts = new Facts(gatewayUrl(data.url), data.owner, (fact) => this.told(fact), () => this.show())
    this.facts.onNew = (item) => this.notify(item)
    this.show()
  }

  top() {
    const top = element("div", "top")
    this.switch = element("button", "switch")
    this.switch.type = "button"
    this.switch.onclick = () => this.turn()
    top.append(element("strong", "", "What has happened"), this.switch)
    return top
  }

  // Null for what is no news; `{part.of.it}` in the words stands for what the fact says.
  told({ id, type, occurred_at, data }) {
    const kind = this.kinds[type]
    if (!kind) return null
    const words = (text) => text.replace(/\{([\w.]+)\}/g, (_, path) => path.split(".").reduce((value, part) => value?.[part], data) ?? "")
    const link = kind.link && kind.link.replace(/\{([\w.]+)\}/g, (hole) => encodeURIComponent(words(hole)))
    const severity = data.severity === "critical" ? "error" : kind.severity
    return { id, at: occurred_at, severity, link, calls: kind.calls, title: words(kind.title), text: words(kind.text).slice(0, 300) }
  }

  show() {
    const unread = this.facts?.unread ?? 0
    this.count.textContent = unread > 99 ? "99+" : unread || ""
    this.count.hidden = !unread
    this.button.setAttribute("aria-label", unread ? `Notifications, ${unread} new` : "Notifications")
    this.showSwitch()
    if (this.panel.matches(":popover-open")) this.look()
  }

  look() {
    const { items } = this.facts.kept
    const unread = this.facts.unread
    this.place()
    this.list.replaceChildren(...items.map((item, place) => this.row(item, place < unread)))
    if (!items.length) this.list.append(element("li", "nothing", "Nothing has happened since you came here first."))
    this.facts.markRead()
  }

  row(item, isNew) {
    const row = element("li", `${item.severity}${isNew ? " new" : ""}`)
    const title = element(item.link ? "a" : "span", "title", item.title)
    if (item.link) {
      title.href = item.link
      title.onclick = (event) => {
        // A new tab is the browser's affair.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        this.panel.hidePopover()
        this.open(item.link)
      }
    }
    const time = element("time", "", new Date(item.at).toLocaleString([], { dateStyle: "short", timeStyle: "short" }))
    time.dateTime = item.at
    row.append(element("i"), title, time)
    row.firstChild.title = item.severity
    if (item.text) row.append(element("p", "", item.text))
    return row
  }

  place() {
    const { bottom, right } = this.button.getBoundingClientRect()
    Object.assign(this.panel.style, { top: `${bottom + 6}px`, right: `${Math.max(8, innerWidth - right)}px` })
  }

  get isOn() {
    return globalThis.Notification?.permission === "granted" && localStorage.getItem(SWITCH) !== "off"
  }

  showSwitch() {
    const state = globalThis.Notification?.permission
    this.switch.disabled = state === undefined || state === "denied" || !isSecureContext
    this.switch.setAttribute("aria-pressed", this.isOn)
    this.switch.textContent = this.isOn ? "Browser notifications are on" : "Notify me in the browser"
    this.switch.title = this.switch.disabled
      ? state === "denied" ? "Your browser forbids it for this site" : "Browsers allow it over HTTPS only"
      : "When work completes or fails, also while this tab is in the background"
  }

  // Browsers ask for the permission on a click only.
  async turn() {
    if (Notification.permission === "granted") localStorage.setItem(SWITCH, this.isOn ? "off" : "on")
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(SWITCH, "on")
    this.showSwitch()
  }

  notify(item) {
    if (!item.calls || !this.isOn || Date.now() - new Date(item.at) > MOST_SECONDS_AGO * 1000) return
    // The same tag twice is one notification, should two tabs call.
    const call = new Notification(item.title, { body: item.text, tag: item.id })
    call.onclick = () => {
      window.focus()
      call.close()
      if (item.link) this.open(item.link)
    }
  }

  close() {
    this.facts.close()
  }
}

function drawnBell() {
  const drawing = svgElement("svg", { viewBox: "0 -960 960 960", "aria-hidden": "true" })
  const d = "M160-200v-80h80v-280q0-83 50-147.500T420-792v-28q0-25 17.500-42.500T480-880q25 0 42.500 17.500T540-820v28q80 20 130 84.500T720-560v280h80v80H160Zm320-300Zm0 420q-33 0-56.500-23.500T400-160h160q0 33-23.500 56.500T480-80ZM320-280h320v-280q0-66-47-113t-113-47q-66 0-113 47t-47 113v280Z"
  drawing.append(svgElement("path", { d, fill: "currentColor" }))
  return drawing
}
