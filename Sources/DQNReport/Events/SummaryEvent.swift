internal import DQNSupport

/// An event of TensorBoard: what happened at an agent step, in the wire format of TensorFlow's `Event`.
package struct SummaryEvent {
    /// The record of the event.
    package let record: [UInt8]

    private init(time: Double, step: Int = 0, _ body: (inout ProtocolBufferWriter) -> Void) {
        var event = ProtocolBufferWriter()
        event.addDouble(1, time)
        if step != 0 { event.add(2, step) }
        body(&event)
        record = EventRecord.framed(event.bytes)
    }

    /// The first event of a file: the version of its format.
    package static func version(time: Double) -> SummaryEvent {
        SummaryEvent(time: time) { $0.add(3, "brain.Event:2") }
    }

    /// The start of a process. A reader that has seen an earlier file of the run forgets it.
    package static func start(time: Double) -> SummaryEvent {
        SummaryEvent(time: time) { event in event.add(7) { $0.add(1, 1) } }
    }

    /// The numbers of a row, as binary32.
    package static func scalars(
        _ values: [(tag: String, value: Double)], step: Int, time: Double
    ) -> SummaryEvent {
        SummaryEvent(time: time, step: step) { event in
            event.add(5) { summary in
                for (tag, value) in values {
                    summary.add(1) { item in
                        item.add(1, tag)
                        item.add(2, Float(value))
                    }
                }
            }
        }
    }

    /// A picture.
    ///
    /// - Parameter file: the bytes of a PNG or GIF file.
    package static func picture(
        _ tag: String, file: [UInt8], width: Int, height: Int, step: Int, time: Double
    ) -> SummaryEvent {
        value(tag, step: step, time: time) { item in
            item.add(4) { image in
                image.add(1, height)
                image.add(2, width)
                // Red, green and blue.
                image.add(3, 3)
                image.add(4, file)
            }
        }
    }

    /// The distribution of values.
    package static func histogram(
        _ tag: String, _ histogram: EventHistogram, step: Int, time: Double
    ) -> SummaryEvent {
        value(tag, step: step, time: time) { item in
            item.add(5) { message in
                message.addDouble(1, histogram.least)
                message.addDouble(2, histogram.greatest)
                message.addDouble(3, Double(histogram.count))
                message.addDouble(4, histogram.sum)
                message.addDouble(5, histogram.sumOfSquares)
                message.addDoubles(6, histogram.limits)
                message.addDoubles(7, histogram.counts)
            }
        }
    }

    /// A value that belongs to a plug-in of TensorBoard and consists of its metadata alone.
    static func metadata(_ tag: String, plugin: String, time: Double, _ contents: [UInt8]) -> SummaryEvent {
        value(tag, step: 0, time: time) { item in
            item.add(9) { metadata in
                metadata.add(1) { data in
                    data.add(1, plugin)
                    data.add(2, contents)
                }
            }
            // A scalar tensor of binary32 without elements, as TensorBoard itself writes here.
            item.add(8) { tensor in
                tensor.add(1, 1)
                tensor.add(2, [UInt8]())
            }
        }
    }

    private static func value(
        _ tag: String, step: Int, time: Double, _ body: (inout ProtocolBufferWriter) -> Void
    ) -> SummaryEvent {
        SummaryEvent(time: time, step: step) { event in
            event.add(5) { summary in
                summary.add(1) { item in
                    item.add(1, tag)
                    body(&item)
                }
            }
        }
    }
}
