extension CurveDrawing {
    /// The title, grid, frame, ticks and axis labels.
    var axes: [String] {
        let frame = Self.frame
        let number = SVGText.number
        let box =
            "x=\"\(number(frame.left))\" y=\"\(number(frame.top))\" width=\"\(number(frame.width))\" "
            + "height=\"\(number(frame.height))\""
        var parts = ["<clipPath id=\"frame\"><rect \(box)/></clipPath>"]
        if !plot.title.isEmpty {
            parts.append(
                Self.text(
                    plot.title, x: frame.left + frame.width / 2, y: frame.top - 14, size: 16, anchor: "middle",
                    width: Self.width - 20))
        }
        let across = AxisTicks(xRange, most: 10)
        let upwards = AxisTicks(yRange, most: 7)
        parts.append("<g stroke=\"\(Self.grid)\" stroke-width=\"1\">")
        for value in upwards.values {
            parts.append(Self.line(frame.left, y(value), frame.right, y(value)))
        }
        for value in across.values {
            parts.append(Self.line(x(value), frame.top, x(value), frame.bottom))
        }
        parts.append("</g>")
        parts.append("<g stroke=\"\(Self.ink)\" stroke-width=\"1\">")
        parts.append(Self.line(frame.left, frame.top, frame.left, frame.bottom))
        parts.append(Self.line(frame.left, frame.bottom, frame.right, frame.bottom))
        for value in upwards.values { parts.append(Self.line(frame.left - 4, y(value), frame.left, y(value))) }
        for value in across.values { parts.append(Self.line(x(value), frame.bottom, x(value), frame.bottom + 4)) }
        parts.append("</g>")
        for (value, label) in zip(upwards.values, upwards.labels) {
            parts.append(Self.text(label, x: frame.left - 8, y: y(value) + 4, size: 12, anchor: "end", width: 52))
        }
        for (value, label) in zip(across.values, across.labels) {
            parts.append(Self.text(label, x: x(value), y: frame.bottom + 18, size: 12, anchor: "middle", width: 76))
        }
        parts.append(
            Self.text(
                plot.xLabel, x: frame.left + frame.width / 2, y: frame.bottom + 38, size: 14, anchor: "middle",
                width: frame.width))
        parts.append(
            Self.text(
                plot.yLabel, x: 20, y: frame.top + frame.height / 2, size: 14, anchor: "middle", width: frame.height,
                isUpright: true))
        return parts
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        let number = SVGText.number
        return "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
    }

    /// Returns a line of text, truncated to `width`.
    static func text(
        _ text: String, x: Double, y: Double, size: Double, anchor: String, width: Double, isUpright: Bool = false
    ) -> String {
        let place = "x=\"\(SVGText.number(x))\" y=\"\(SVGText.number(y))\""
        let turn = isUpright ? " transform=\"rotate(-90 \(SVGText.number(x)) \(SVGText.number(y)))\"" : ""
        let words = SVGText.escaped(SVGText.fitted(text, width: width, size: size))
        return "<text \(place) font-size=\"\(SVGText.number(size))\" text-anchor=\"\(anchor)\"\(turn)>\(words)</text>"
    }
}
