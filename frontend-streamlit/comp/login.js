// Hands name and password, or a token, to the gateway, which answers with a cookie that no script can read.
const forms = new WeakMap()

export default function ({ data, parentElement }) {
  let form = forms.get(parentElement)
  if (!form) forms.set(parentElement, (form = new LoginForm(parentElement.querySelector(".root"))))
  form.show(data)
}

class LoginForm {
  constructor(root) {
    this.name = field("Name", { name: "name", autocomplete: "username", autocapitalize: "none" })
    this.password = field("Password", { name: "password", type: "password", autocomplete: "current-password" })
    this.token = field("API token", { name: "token", type: "password", autocomplete: "off" })
    this.button = element("button", "", "Sign in")
    this.message = element("p")
    this.message.setAttribute("role", "alert")
    this.other = element("button", "other")
    this.other.type = "button"
    this.provider = element("a", "provider")
    this.provider.hidden = true
    const form = element("form")
    form.append(this.name, this.password, this.token, this.button, this.message, this.provider, this.other)
    root.append(form)
    form.onsubmit = (event) => {
      event.preventDefault()
      this.send()
    }
    this.other.onclick = () => this.choose(!this.withToken)
    this.choose(false)
  }

  show({ url }) {
    const known = gatewayUrl(url)
    if (known === this.url) return
    this.url = known
    this.offerProvider()
  }

  // Where the gateway has an identity provider; one that cannot be reached is told when somebody signs in.
  async offerProvider() {
    const answer = await fetch(`${this.url}/v1/auth`).catch(() => null)
    const { provider } = answer?.ok ? await answer.json() : {}
    this.provider.hidden = !provider
    this.provider.textContent = `Sign in with ${provider}`
    this.provider.href = `${this.url}/v1/auth/oidc`
  }

  choose(withToken) {
    this.withToken = withToken
    for (const [label, isShown] of [[this.name, !withToken], [this.password, !withToken], [this.token, withToken]]) {
      label.hidden = !isShown
      label.lastChild.required = isShown
    }
    this.other.textContent = withToken ? "With name and password" : "With an API token"
    this.message.textContent = ""
  }

  async send() {
    const sent = this.withToken
      ? { token: this.token.lastChild.value }
      : { name: this.name.lastChild.value, password: this.password.lastChild.value }
    this.message.textContent = ""
    this.button.disabled = true
    try {
      const answer = await fetch(`${this.url}/v1/auth/login`, {
        method: "POST",
        credentials: "include",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(sent),
      })
      if (answer.ok) return window.location.reload()
      this.message.textContent = await reasonOf(answer)
    } catch {
      this.message.textContent = "The gateway cannot be reached."
    }
    this.button.disabled = false
  }
}

async function reasonOf(answer) {
  const { detail } = await answer.json().catch(() => ({}))
  const seconds = Number(answer.headers.get("Retry-After"))
  if (seconds) return `Too many tries. Come back in ${seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`}.`
  return detail ? `${detail[0].toUpperCase()}${detail.slice(1)}.` : `The gateway answered ${answer.status}.`
}

function field(text, attributes) {
  const label = element("label", "", text)
  const input = element("input")
  Object.assign(input, attributes)
  label.append(input)
  return label
}
