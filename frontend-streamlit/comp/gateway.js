// On a person's own machine the page may be opened as localhost or 127.0.0.1: the cookie belongs to one of them.
function gatewayUrl(configured) {
  const url = new URL(configured)
  const loopback = ["127.0.0.1", "localhost"]
  if (loopback.includes(url.hostname) && loopback.includes(location.hostname)) url.hostname = location.hostname
  return url.origin + url.pathname.replace(/\/$/, "")
}
