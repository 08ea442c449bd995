internal import ArgumentParser
package import DQNSupport

/// `--time-limit 1h30m`: see ``DQNSupport/TimeSpan``.
extension TimeSpan: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
