// Posts the token to the gateway, which answers with a cookie that no script can read; then loads the page again.
export default function ({ data, parentElement }) {
  const form = parentElement.querySelector(".root")
  if (form.childElementCount === 0) {
    const label = document.createElement("label")
    label.textContent = "API token"
    const input = document.createElement("input")
    input.type = "password"
    input.name = "token"
    input.autocomplete = "current-password"
    input.required = true
    const button = document.createElement("button")
    button.textContent = "Sign in"
    const message = document.createElement("p")
    message.setAttribute("role", "alert")
    label.append(input)
    form.append(label, button, message)
  }
  const message = form.querySelector("p")
  form.onsubmit = async (event) => {
    event.preventDefault()
    message.textContent = ""
    try {
      const answer = await fetch(gatewayUrl(data.url) + "/v1/auth/login", {
        method: "POST",
        credentials: "include",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: form.elements.token.value }),
      })
      if (answer.ok) window.location.reload()
      else message.textContent = (await answer.json()).detail
    } catch {
      message.textContent = "The gateway cannot be reached."
    }
  }
}
