// Sends one file to the gateway as it is read from the disk: nothing of it passes through the console.
const states = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root")
  let state = states.get(parentElement)
  if (!state) states.set(parentElement, (state = build(root)))
  state.url = gatewayUrl(data.url)
  state.choose.textContent = data.label
  state.hint.textContent = `or drop it here: ${data.kinds}`
  state.tell = (value) => setStateValue("uploaded", value)
  // Called when the component leaves the page, not when the page is run anew.
  return () => state.stopped?.abort()
}

function build(root) {
  const state = { stopped: null, url: "", tell: () => {} }
  const input = element("input")
  input.type = "file"
  input.hidden = true
  state.zone = element("div", "zone")
  state.zone.tabIndex = 0
  state.zone.setAttribute("role", "button")
  state.choose = element("strong")
  state.hint = element("span", "hint")
  state.zone.append(state.choose, state.hint)
  state.line = element("div", "line")
  state.line.hidden = true
  state.name = element("span", "name")
  state.share = element("span", "share")
  state.bar = element("progress")
  state.bar.max = 1
  state.stop = element("button", "", "Cancel")
  state.stop.type = "button"
  state.line.append(state.name, state.bar, state.share, state.stop)
  state.message = element("p")
  state.message.setAttribute("role", "alert")
  root.append(input, state.zone, state.line, state.message)
  state.zone.onclick = () => input.click()
  state.zone.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      input.click()
    }
  }
  input.onchange = () => {
    if (input.files.length) send(state, input.files[0])
    input.value = ""
  }
  state.zone.ondragover = (event) => {
    event.preventDefault()
    state.zone.classList.add("over")
  }
  state.zone.ondragleave = () => state.zone.classList.remove("over")
  state.zone.ondrop = (event) => {
    event.preventDefault()
    state.zone.classList.remove("over")
    if (event.dataTransfer.files.length) send(state, event.dataTransfer.files[0])
  }
  state.stop.onclick = () => {
    state.stopped?.abort()
    clear(state)
    state.tell(null)
    state.zone.focus({ preventScroll: true })
  }
  return state
}

function clear(state) {
  state.line.hidden = true
  state.zone.hidden = false
  state.message.textContent = ""
}

async function send(state, file) {
  clear(state)
  state.zone.hidden = true
  state.line.hidden = false
  state.name.textContent = state.name.title = file.name
  state.stop.textContent = "Cancel"
  show(state, 0, file.size)
  const { signal } = (state.stopped = new AbortController())
  let made = null
  try {
    // Of no announced size: the content comes through the gateway, which counts it.
    made = await ask(state.url, signal, { filename: file.name, size_bytes: 0 })
    const upload = await put(state, signal, made.id, file)
    if (signal.aborted) return
    show(state, file.size, file.size)
    state.stop.textContent = "Another file"
    state.tell({ id: upload.id, filename: upload.filename, size_bytes: upload.size_bytes })
  } catch (error) {
    if (made) forget(state.url, made.id)
    if (signal.aborted) return
    clear(state)
    state.message.textContent = error.message
    state.tell(null)
  }
}

async function ask(url, signal, wanted) {
  const answer = await fetch(`${url}/v1/uploads`, {
    method: "POST",
    credentials: "include",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wanted),
    signal,
  }).catch(() => {
    throw new Error("The gateway cannot be reached.")
  })
  const said = parsed(await answer.text())
  if (!answer.ok) throw new Error(said.detail || `The gateway answered ${answer.status}.`)
  return said
}

// fetch tells nothing about how much of a body is sent; XMLHttpRequest does.
function put(state, signal, id, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("PUT", `${state.url}/v1/uploads/${id}/content`)
    request.withCredentials = true
    request.upload.onprogress = (event) => signal.aborted || show(state, event.loaded, file.size)
    request.onload = () => {
      const said = parsed(request.responseText)
      if (request.status < 400) resolve(said)
      else reject(new Error(said.detail || `The gateway answered ${request.status}.`))
    }
    request.onerror = () => reject(new Error("The connection broke while the file was sent. Try again."))
    request.onabort = () => reject(new Error("taken back"))
    signal.addEventListener("abort", () => request.abort())
    request.send(file)
  })
}

// What arrived of it would lie there until its time is over.
function forget(url, id) {
  fetch(`${url}/v1/uploads/${id}`, { method: "DELETE", credentials: "include" }).catch(() => {})
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function show(state, sent, size) {
  state.bar.value = size ? sent / size : 1
  state.share.textContent = `${bytes(sent)} of ${bytes(size)}`
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB"]
  let unit = 0
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1000
    unit += 1
  }
  return `${count < 10 && unit ? count.toFixed(1) : Math.round(count)} ${units[unit]}`
}
