internal import ArgumentParser
package import DQNReport

/// `--size 1200x800`: see ``DQNReport/PlotSize``.
extension PlotSize: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
