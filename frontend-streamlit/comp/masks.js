// COCO's compressed run-length masks, decoded in the browser: runs down the columns, even ones are background.
const MASK_SIDE = 1024

// The place behind each run, as far as the mask reaches; a code that says more than fits ends there.
function maskEnds({ rle, width, height }) {
  const counts = [], ends = []
  const size = width * height
  let at = 0, behind = 0
  while (at < rle.length && behind < size) {
    let value = 0, shift = 0, code
    do {
      code = rle.charCodeAt(at++) - 48
      value |= (code & 31) << shift
      shift += 5
    } while (code & 32 && at < rle.length)
    if (code & 16 && shift < 32) value |= -1 << shift
    if (counts.length > 2) value += counts[counts.length - 2]
    counts.push(value)
    behind = Math.min(size, behind + Math.max(0, value))
    ends.push(behind)
  }
  return Uint32Array.from(ends)
}

function maskHolds(ends, place) {
  let low = 0, high = ends.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle] > place) high = middle
    else low = middle + 1
  }
  return low < ends.length && low % 2 === 1
}

// Paints masks over each other; `masks` are {width, height, ends, color: [r, g, b], alpha (0 to 255)}.
function paintMasks(canvas, width, height, masks, side = MASK_SIDE) {
  const scale = Math.min(1, side / Math.max(width, height))
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = canvas.getContext("2d")
  const image = context.createImageData(canvas.width, canvas.height)
  const pixels = new Uint32Array(image.data.buffer)
  for (const mask of masks) {
    const [red, green, blue] = mask.color
    fillRuns(pixels, image, mask, ((mask.alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0)
  }
  context.putImageData(image, 0, 0)
}

function fillRuns(pixels, image, { ends, width, height }, ink) {
  const across = image.width / width, down = image.height / height
  for (let run = 1; run < ends.length; run += 2) {
    for (let place = ends[run - 1]; place < ends[run]; ) {
      const column = Math.floor(place / height), top = place - column * height
      const bottom = Math.min(height, top + ends[run] - place)
      fillColumn(pixels, image.width, Math.floor(column * across), top * down, bottom * down, ink)
      place += bottom - top
    }
  }
}

function fillColumn(pixels, stride, x, top, bottom, ink) {
  for (let y = Math.round(top); y < Math.max(Math.round(top) + 1, Math.round(bottom)); y++) {
    if (y * stride + x < pixels.length) pixels[y * stride + x] = ink
  }
}

function toneBytes(tone) {
  const value = parseInt(toneColor(tone).slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}
