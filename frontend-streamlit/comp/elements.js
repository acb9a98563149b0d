// Small makers of elements; what people typed gets in as text only.
function element(kind, name = "", text = "") {
  const made = document.createElement(kind)
  if (name) made.className = name
  if (text !== "") made.textContent = text
  return made
}

function svgElement(kind, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}
