// Takes the cookie away, which only the gateway can, and begins anew.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root")
  if (root.childElementCount === 0) root.append(element("button", "", "Sign out"), element("p"))
  const [button, message] = root.children
  button.type = "button"
  message.setAttribute("role", "alert")
  button.onclick = async () => {
    try {
      const answer = await fetch(`${gatewayUrl(data.url)}/v1/auth/logout`, { method: "POST", credentials: "include" })
      if (!answer.ok) throw new Error()
      // What the bell has kept is for who was signed in.
      for (const key of Object.keys(localStorage)) if (key.startsWith("modelyard.facts.")) localStorage.removeItem(key)
      window.location.assign(new URL(".", window.location.href))
    } catch {
      message.textContent = "The gateway cannot be reached: you are still signed in."
    }
  }
}
