// What a model said about one picture: bars of how sure it is, and shapes over the picture.
const MOST_BARS = 5
const percent = (score) => `${(100 * score).toFixed(score > 0.9995 || score < 0.0005 ? 0 : 1)} %`
const figure = (value) => Number(value.toPrecision(6)).toLocaleString("en")

// What it comes down to, in a few words.
function headline(prediction) {
  switch (prediction.type) {
    case "class": return prediction.label
    case "labels": return prediction.labels.join(", ") || "none of its classes"
    case "value": return figure(prediction.value)
    case "boxes": return counted(prediction.boxes, "found")
    case "masks": return counted(prediction.masks, "masked")
    case "anomaly": return prediction.is_anomalous ? "anomalous" : "normal"
    case "code": return prediction.code
    case "text": return prediction.text
    default: return "an answer of a kind that is not shown here"
  }
}

const counted = (found, what) => (found.length ? `${found.length} ${what}` : `nothing ${what}`)

// The surest first; `isOff` are those that are below what counts.
function barsOf(prediction) {
  switch (prediction.type) {
    case "class": return prediction.scores
    case "labels": {
      const said = new Set(prediction.labels)
      const sorted = [...prediction.scores].sort((a, b) => b.score - a.score)
      return sorted.map((each) => ({ ...each, isOff: !said.has(each.label) }))
    }
    case "boxes": return prediction.boxes
    case "masks": return prediction.masks
    case "anomaly": return [{ label: "anomaly", score: prediction.score, mark: prediction.threshold }]
    default: return []
  }
}

function bars(prediction, tones) {
  const list = element("ul", "bars")
  for (const { label, score, isOff, mark } of barsOf(prediction).slice(0, MOST_BARS)) {
    const row = element("li", isOff ? "off" : "")
    const track = element("span", "track")
    const filled = element("span", "filled")
    filled.style.width = `${100 * Math.min(1, Math.max(0, score))}%`
    row.style.setProperty("--tone", toneColor(tones.get(label) ?? tones.size))
    track.append(filled)
    if (mark !== undefined) {
      const line = element("span", "mark")
      line.title = `threshold ${percent(mark)}`
      line.style.left = `${100 * Math.min(1, Math.max(0, mark))}%`
      track.append(line)
    }
    const name = element("span", "label", label)
    name.title = label
    row.append(name, track, element("span", "share", percent(score)))
    list.append(row)
  }
  return list
}

// Everything that lies over the picture, of the picture's own size in pixels.
function drawn(prediction, width, height, tones) {
  if (!width || !height) return []
  const tone = (label) => tones.get(label) ?? tones.size
  switch (prediction.type) {
    case "boxes": {
      const shapes = prediction.boxes.map((box) => ({ ...box, type: "rotated_box", tone: tone(box.label) }))
      return [overlay(shapes, width, height)]
    }
    case "masks": {
      const canvas = element("canvas", "masks")
      paintMasks(canvas, prediction.width, prediction.height, prediction.masks.map((mask) => ({
        width: prediction.width,
        height: prediction.height,
        ends: maskEnds({ ...prediction, rle: mask.rle }),
        color: toneBytes(tone(mask.label)),
        alpha: 120,
      })))
      return [canvas]
    }
    case "anomaly": return prediction.heat_map.length ? [heatMap(prediction.heat_map, width, height)] : []
    default: return []
  }
}

// Coarse squares in 0 to 1, spread over the whole picture.
function heatMap(rows, width, height) {
  const coarse = element("canvas")
  coarse.width = rows[0].length
  coarse.height = rows.length
  const pixels = coarse.getContext("2d").createImageData(coarse.width, coarse.height)
  rows.flat().forEach((value, place) => pixels.data.set([235, 50, 35, Math.round(190 * value)], 4 * place))
  coarse.getContext("2d").putImageData(pixels, 0, 0)
  const canvas = element("canvas", "heat")
  const scale = Math.min(1, 512 / Math.max(width, height))
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  canvas.getContext("2d").drawImage(coarse, 0, 0, canvas.width, canvas.height)
  return canvas
}
