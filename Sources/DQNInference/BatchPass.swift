/// One forward pass of a batch: batches of any size are computed in passes of a few sizes.
///
/// Sizes are powers of two because each size needs a computation. A batch in between either leaves up to a quarter of
/// its last pass unused or is split, so at most a third of the needed work is added.
struct BatchPass: Equatable {
    /// The size of the largest pass. Larger passes are hardly faster, and a convolutional network's activations no longer
    /// fit the processor's cache.
    static let largest = 64

    /// The number of observations that the computation processes.
    let size: Int
    /// The number of leading rows that hold observations of the batch.
    let rows: Int

    /// Creates the next pass for a batch with `remaining` observations left, at least one.
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
