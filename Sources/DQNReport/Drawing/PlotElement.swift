/// A shape of a plot. Shapes are drawn in order, each over the earlier ones. Coordinates are pixels from the top left corner.
package enum PlotElement: Sendable, Equatable {
    /// The area to which bars and bands are clipped.
    case clipArea(CurveDrawing.Box)
    /// Straight lines, one pixel wide.
    case rules([PlotRule], colour: String)
    /// A line of text.
    case text(PlotText)
    /// The interval of a single point, clipped.
    case bar(PlotInterval, colour: String)
    /// The intervals of several points, joined and clipped.
    case band([PlotInterval], colour: String)
    /// The sample of a band.
    case swatch(CurveDrawing.Box, colour: String)
    /// A polyline.
    case curve([PlotPoint], PlotStroke)
    /// A marked point.
    case marker(PlotPoint, colour: String)

    /// The opacity of bands.
    static let bandOpacity = 0.18
    /// The width of bars.
    static let barWidth = 2.0
    /// The radius of markers.
    static let markerRadius = 3.0
}

/// A point of a plot.
package struct PlotPoint: Sendable, Equatable {
    package var x: Double
    package var y: Double
}

/// A straight line of a plot.
package struct PlotRule: Sendable, Equatable {
    package var start: PlotPoint
    package var end: PlotPoint
}

/// A vertical interval of a plot.
package struct PlotInterval: Sendable, Equatable {
    package var x: Double
    /// The end with the lower value: the larger coordinate.
    package var low: Double
    /// The end with the higher value.
    package var high: Double
}

/// How a polyline is drawn.
package struct PlotStroke: Sendable, Equatable {
    /// The colour, `#RRGGBB`.
    package var colour: String
    package var width: Double
    package var opacity: Double
    /// The lengths of dashes and gaps; empty for a solid line.
    package var dashes: [Double]
}

/// A line of text, which fits its place.
package struct PlotText: Sendable, Equatable {
    /// Which point of the text is at its position.
    package enum Anchor: String, Sendable {
        case start = "start"
        case middle = "middle"
        case end = "end"
    }

    /// The text, printable.
    package var text: String
    /// The anchor's position on the baseline.
    package var position: PlotPoint
    /// The font size.
    package var size: Double
    package var anchor: Anchor
    /// Whether the text runs upwards.
    package var isUpright: Bool
}
