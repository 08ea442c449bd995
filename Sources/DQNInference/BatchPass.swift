/// One forward pass of several: batches of any size are computed in passes of a few sizes.
///
/// Sizes are powers of two, since each has a computation of its own. A batch in between fills up to a quarter of its
/// last pass with rows that nobody looks at, or is split: what is wasted is at most a third of what is needed.
struct BatchPass: Equatable {
    /// Observations of the largest pass. More of them gain little speed, and a convolutional network's activations
    /// leave the processor's cache.
    static let largest = 64

    /// Observations that the computation is made for.
    let size: Int
    /// How many of them are the batch's, from the first on.
    let rows: Int

    /// The first pass of what is left of a batch, at least one observation.
    init(of remaining: Int) {
        if remaining >= Self.largest {
            (size, rows) = (Self.largest, Self.largest)
            return
        }
        var above = 1
        while above < remaining { above *= 2 }
        (size, rows) = 4 * remaining >= 3 * above ? (above, remaining) : (above / 2, above / 2)
    }
}
