"""The table of Benchmarks/peers/run: a row for each comparison, and four cells of it for each instruction set."""


def rows_of(bench, measurements):
    """The rows of a column by their names. Figures that an earlier run lacks have no row."""
    found = {}
    for measurement in measurements:
        try:
            found.update({row.what: row for row in measurement.rows(bench)})
        except KeyError as missing:
            bench.remark(f"no {missing} in these results")
    return found


def paragraph(name, bench):
    """What stands behind the figures of a column."""
    column = bench.column
    facts = column["machine"]
    rounds = f"median of {column['rounds']} rounds" if column["rounds"] > 1 else "one round"
    quick = ", shortened by --quick: no result" if column["quick"] else ""
    versions = ", ".join(f"{library} {version}" for library, version in facts["versions"].items())
    in_force = "; ".join(f"{library}: {said}" for library, said in column["in_force"].items())
    limited = " (both sides limited)" if column["limits"] else ""
    remarks = "".join(f" {remark[0].upper()}{remark[1:]}." for remark in bench.remarks)
    return (f"**{name}**{limited}, {column['date']}: {rounds}{quick}; {facts['cores']} cores of {facts['processor']}, "
            f"load average {facts['load_before']} before the run; Python {facts['python']}, {versions}. In force: "
            f"{in_force}.{remarks}")


def table(columns, measurements):
    """All columns in Markdown, with what stands behind them."""
    measurements = list(measurements)
    found = {name: rows_of(bench, measurements) for name, bench in columns.items()}
    names = dict.fromkeys(what for rows in found.values() for what in rows)
    titles = [f"{name}, {bench.column['date']}: {cell}" if cell == "swift-dqn" else cell
              for name, bench in columns.items() for cell in ("swift-dqn", "peer", "ratio", "met")]
    lines = [f"| what; peer | goal | {' | '.join(titles)} |", f"|---|---|{'---|' * len(titles)}"]
    for what in names:
        rows = [rows.get(what) for rows in found.values()]
        cells = [cell for row in rows for cell in (row.cells if row else ["not measured", "", "", ""])]
        aim = next((row.aim for row in rows if row and row.goal is not None), "—")
        lines.append(f"| {what} | {aim} | {' | '.join(cells)} |")
    lines += ["", "One thread where no number is given. CartPole's times are those of our whole processes; the times "
              "of CleanRL's loops, of saving and of loading exclude the peers' imports."]
    if "AVX2" not in columns:
        lines += ["", "The AVX2 column was not measured."]
    for name, bench in columns.items():
        lines += ["", paragraph(name, bench)]
    return "\n".join(lines)
