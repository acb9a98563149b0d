// Takes the cookie away, which only the gateway can, and begins anew; done once, as soon as it is shown.
const begun = new WeakSet()

export default function ({ data, parentElement }) {
  if (begun.has(parentElement)) return
  begun.add(parentElement)
  const message = element("p", "", "One moment…")
  message.setAttribute("role", "status")
  parentElement.querySelector(".root").replaceChildren(message)
  leave(gatewayUrl(data.url)).catch(() => (message.textContent = "The gateway cannot be reached: you are still signed in."))
}

async function leave(url) {
  const answer = await fetch(`${url}/v1/auth/logout`, { method: "POST", credentials: "include" })
  if (!answer.ok) throw new Error()
  // What the bell has kept is for who was signed in.
  for (const key of Object.keys(localStorage)) if (key.startsWith("modelyard.facts.")) localStorage.removeItem(key)
  window.location.assign(new URL(".", window.location.href))
}
