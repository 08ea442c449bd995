internal import DQNModel

/// A model in the Open Neural Network Exchange format, as its file has it.
struct ONNXModel {
    /// Bounds for untrusted models.
    enum Limit {
        static let nodes = 1 << 16
        static let outputs = 64
        /// Text of the file in an error message.
        static let quotedCharacters = 100
        static let opsets = 7...28
    }

    /// A node of the graph.
    struct Node {
        var operation = ""
        var domain = ""
        var name = ""
        var inputs: [String] = []
        var outputs: [String] = []
        var attributes: [String: Attribute] = [:]
    }

    /// A setting of a node.
    enum Attribute {
        case float(Float)
        case integer(Int)
        case text(String)
        case tensor(ONNXTensor)
        case floats([UInt8])
        case integers([Int])
        /// What policies do not need, in words.
        case other(String)
    }

    /// An input or an output of the graph.
    struct Port {
        var name = ""
        /// The number of the elements' type; 0 if the file does not say.
        var element = 0
        /// The extents, `nil` for those without a number; `nil` if the file does not say.
        var shape: [Int?]?
    }

    var opset = 0
    var metadata: [String: String] = [:]
    var nodes: [Node] = []
    var tensors: [String: ONNXTensor] = [:]
    var inputs: [Port] = []
    var outputs: [Port] = []
}

extension String {
    /// The text as error messages quote it: one from a file may be as long as the file.
    var quoted: String {
        "'\(count > ONNXModel.Limit.quotedCharacters ? prefix(ONNXModel.Limit.quotedCharacters) + "…" : self[...])'"
    }
}
