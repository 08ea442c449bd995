internal import ArgumentParser
package import DQNSupport

/// `--memory 512M`: see ``DQNSupport/ByteCount``.
extension ByteCount: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
