#!/usr/bin/env python3
"""table.py FOLDER PAGE: the tables of docs/gpus.md from the results of tests/gpu/drivers.sh, written into the page between
the lines "<!-- tables -->" and "<!-- end of tables -->". Needs nothing but Python."""
import json
import re
import statistics
import sys
import xml.etree.ElementTree as tree
from collections import defaultdict
from pathlib import Path

# What drivers call what is told here; of several that a driver has, spills add up.
REGISTERS = ["VGPRs", "Max live registers", "Number of GPRs", "Registers used", "Work registers"]
SPILLS = ["Spilled VGPRs", "Spilled SGPRs", "Spills", "Spills to memory", "STP Count"]
MEMORY = ["Scratch size", "Scratch Memory Size", "SLM size", "Spill Size"]  # bytes of a function's variables
SHARED = ["LDS size", "Workgroup Memory Size"]
CYCLES = ["Cycles", "Static cycle count", "Latency"]


def told(executable, names):
    found = [executable["statistics"][name] for name in names if name in executable["statistics"]]
    return sum(found) if found else None


def worst(pipeline, names):
    found = [value for value in (told(e, names) for e in pipeline["executables"]) if value is not None]
    return max(found, default=None)


# Arithmetic in assembly: of each kind of text a label, a jump and its target, what is a vector instruction, what is a fused
# multiplication and addition. Instructions that move between memory and registers, and control, are no vector instructions.
class Amd:
    label = re.compile(r"(BB\d+):")
    jump = re.compile(r"\s+s_c?branch\S*\s+(BB\d+)")
    always = re.compile(r"\s+s_branch")

    @staticmethod
    def count(line):
        """(vector instructions, of them multiply-adds); a dual one is two."""
        operations = re.findall(r"\b(v_\w+)", line.split(";")[0])
        return len(operations), sum(bool(re.match(r"v_(pk_|dual_)?(fmac|fma|mac|mad|dot2|wmma)\w*_(f|b)", o)) for o in operations)


class Intel:
    label = re.compile(r"(L\d+):")
    jump = re.compile(r".*\bwhile\s*\(\d+\)\s+(?:jip:\s*)?(L\d+)")
    always = re.compile("$.")  # a program of many lanes: some always go on
    operation = re.compile(r"^(?:\(\S+\))?\s+([a-z]\w*(?:\.\w+)*)\s*\(\d+\)(.*)")
    not_vector = re.compile(r"send|sync|if|else|endif|while|break|cont|halt|goto|join|nop|jmpi|call|ret")

    @classmethod
    def count(cls, line):
        found = cls.operation.match(line.split("//")[0])
        if not found or cls.not_vector.match(found[1]):
            return 0, 0
        return 1, int((found[1].startswith("mad") and re.search(r":h?f", found[2]) is not None) or found[1].startswith("dpas"))


class Nvidia:
    label = re.compile(r"block\S* \d+ (L\d+) ")
    jump = re.compile(r".*\bbra\b.* (L\d+)")
    always = re.compile(r"\s+bra")
    operation = re.compile(r"^\s*(?:@\S+\s+)?(?:(\S.*?)\s+=\s+)?([a-z]\w*(?:\.\w+)*)")
    not_vector = re.compile(r"ld|st|bra|bssy|bsync|nop|bar|exit|membar|warpsync|break|block|s2r|cs2r|tld|atom|r2ur|ccctl|depbar|red$")

    @classmethod
    def count(cls, line):
        found = cls.operation.match(line.split("//")[0])
        # Uniform registers have a unit of their own.
        if not found or cls.not_vector.match(found[2]) or (found[1] or "").startswith("u"):
            return 0, 0
        return 1, int(re.match(r"ffma|hfma2|hmma", found[2]) is not None)


class Qualcomm:
    label = re.compile(r"(l\d+):")
    jump = re.compile(r".*\b(?:br|jump)\b.*#(l\d+)")
    always = re.compile(r".*\bjump")
    operation = re.compile(r"^((?:\([\w ]+\))*)\s*([a-z]\w*(?:\.\w+)*)\s")
    vector = re.compile(r"(mov|cov|swz|add|sub|mul|mad|cmp|sel|min|max|and|or|xor|not|shl|shr|ashr|abs|neg|rcp|rsq|exp|log|sin|cos|sqrt"
                        r"|floor|ceil|rndne|trunc|shrg|shlg|bfrev|clz|cbits)")

    @classmethod
    def count(cls, line):
        found = cls.operation.match(line)
        if not found or not cls.vector.match(found[2]):
            return 0, 0
        repeated = re.search(r"\(rpt(\d)\)", found[1])
        times = 1 + int(repeated[1]) if repeated else 1
        return times, times * int(re.match(r"mad\.f", found[2]) is not None)


# A load of what other workgroups share: with it a loop is a whole step.
LOAD = re.compile(r".*\b(?:buffer_load|global_load|send\.(?:ugm|smpl)|ldg|tld|suld|ldib|isam|sam)")


def language_of(text):
    for mark, language in (("=== GEN", Intel), ("=== NAK", Nvidia), ("=== IR3", Qualcomm), ("=== Assembly", Amd)):
        if mark in text[:200]:
            return language
    return None


def blocks_of(text, language):
    """Of each block (vector instructions, multiply-adds, loads from memory), and the blocks that may follow it."""
    counts, edges, labels, jumps = [[0, 0, 0]], [[]], {}, []
    falls = True  # into what comes next
    for line in text.splitlines():
        label = language.label.match(line)
        if label:
            labels[label[1]] = len(counts)
            if falls:
                edges[-1].append(len(counts))
            counts.append([0, 0, 0])
            edges.append([])
            falls = True
            continue
        vector, multiplied = language.count(line)
        counts[-1][0] += vector
        counts[-1][1] += multiplied
        counts[-1][2] += LOAD.match(line) is not None
        jump = language.jump.match(line)
        if jump:
            jumps.append((len(counts) - 1, jump[1]))
            if falls:  # a block of its own begins behind
                edges[-1].append(len(counts))
            if language.always.match(line):
                edges[-1].clear()
            counts.append([0, 0, 0])
            edges.append([])
    for block, label in jumps:
        if label in labels:
            edges[block].append(labels[label])
    return counts, edges


def components(nodes, edges):
    """The sets of nodes that reach each other (Tarjan's), of more than one node or with an edge to itself."""
    order, low, stack, found = {}, {}, [], []
    for root in sorted(nodes):
        if root in order:
            continue
        work = [(root, iter(edges[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in nodes:
                    continue
                if other not in order:
                    order[other] = low[other] = len(order)
                    stack.append(other)
                    work.append((other, iter(edges[other])))
                    break
                if other in stack:
                    low[node] = min(low[node], order[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    component = set()
                    while node not in component:
                        component.add(stack.pop())
                    if len(component) > 1 or node in edges[node]:
                        found.append(component)
    return found


def loops_of(edges):
    """All loops, those within others too: without the blocks through which it is entered a loop leaves those within."""
    loops, open_sets = [], [set(range(len(edges)))]
    while open_sets:
        for loop in components(open_sets.pop(), edges):
            loops.append(loop)
            entries = {to for block, targets in enumerate(edges) if block not in loop for to in targets if to in loop}
            open_sets.append(loop - (entries or {min(loop)}))
    return loops


def arithmetic(text):
    """Multiply-adds over vector instructions in the hot loop: the shortest that has nine tenths of the most of any loop, and
    loads: a whole step. Instructions are counted once where they stand, also those of a loop within."""
    language = language_of(text)
    if not language:
        return None
    counts, edges = blocks_of(text, language)
    loops = [[sum(counts[block][which] for block in loop) for which in range(3)] for loop in loops_of(edges)]
    most = max((multiplied for _, multiplied, _ in loops), default=0)
    if not most:
        return None
    hot = [loop for loop in loops if loop[1] >= 0.9 * most]
    vector, multiplied, _ = min([loop for loop in hot if loop[2]] or hot)
    return multiplied / vector


def read(path):
    """Of a "compiles" row: device, commands [name, status, last begun, failures], pipelines by name."""
    device, commands, pipelines = {}, [], {}
    for line in path.read_text().splitlines():
        item = json.loads(line)
        kind = item["kind"]
        if kind == "run":
            commands.append({"name": item["name"], "status": None, "open": set(), "failures": set()})
        elif kind == "device":
            device = item
        elif kind == "begin":
            commands[-1]["open"].add(item["name"])
        elif kind == "end":
            commands[-1]["status"] = item["status"]
        else:
            commands[-1]["open"].discard(item["name"])
            if kind == "failure":
                commands[-1]["failures"].add(item["name"])
            else:
                pipelines.setdefault(item["name"], item)
    return device, commands, pipelines


def shown(value):
    if value is None:
        return ""
    value = float(value)
    return f"{value / 1000:.0f}k" if value >= 10000 else f"{value:.0f}"


def span(values, form):
    low, high = min(values), max(values)
    return form(low) if form(low) == form(high) else f"{form(low)} to {form(high)}"


def most(pipelines, names):
    return max((v for v in (worst(p, names) for p in pipelines) if v is not None), default=None)


def spilling(pipeline):
    return bool((worst(pipeline, SPILLS) or 0) + (worst(pipeline, MEMORY) or 0))


def tables(folder):
    rows, kernels, refused, ran = [], [], [], []
    for path in sorted(folder.glob("compiles.*.jsonl")):
        _, driver, family = path.stem.split(".", 2)
        device, commands, pipelines = read(path)
        good = sum(command["status"] == 0 for command in commands)
        every = list(pipelines.values())
        registers = [v for v in (worst(p, REGISTERS) for p in every) if v is not None]
        bad = sorted(p["name"] for p in every if spilling(p))
        version = re.sub(r"^.*?(Mesa [\d.]+).*$", r"\1", device.get("driver", ""))
        rows.append([driver, version, family, f"{good} of {len(commands)}", str(len(every)),
                     f"{statistics.median(registers):.0f}, {max(registers):.0f}" if registers else "",
                     str(len(bad)) if most(every, SPILLS + MEMORY) is not None else "",
                     shown(most(every, SPILLS)), shown(most(every, MEMORY)), shown(most(every, SHARED))])
        for command in commands:
            if command["status"] != 0:
                stopped = sorted(command["failures"] | command["open"])
                refused.append(f"- {driver} {family}: `{Path(command['name'].split()[2]).stem}` "
                               f"({' '.join(command['name'].split()[3:5])}) ends with {command['status']}"
                               + (f" at `{'`, `'.join(stopped)}`" if stopped else ""))
        if bad:
            refused.append(f"- {driver} {family} keeps in memory: `" + "`, `".join(bad[:8]) + "`"
                           + (f" and {len(bad) - 8} more" if len(bad) > 8 else ""))
        by_shader = defaultdict(list)
        for pipeline in every:
            texts = [t.read_text(errors="replace") for t in path.with_suffix(".texts").glob(
                re.sub(r"([\[\]*?])", r"[\1]", pipeline["name"].replace("/", "_")) + ".*.txt")]
            shares = [s for s in map(arithmetic, texts) if s is not None]
            if re.match(r"conv_|winograd|coop", pipeline["name"]):
                by_shader[pipeline["name"].split("[")[0]].append((pipeline, max(shares, default=None)))
        for shader, found in sorted(by_shader.items()):
            of_shader = [p for p, _ in found]
            shares = [s for _, s in found if s is not None]
            cycles = [c for c in (worst(p, CYCLES) for p in of_shader) if c is not None]
            kernels.append([shader, f"{driver} {family}", str(len(found)), span(shares, lambda s: f"{s:.2f}") if shares else "",
                            shown(most(of_shader, REGISTERS)), shown(most(of_shader, SPILLS)),
                            shown(most(of_shader, SHARED)), span(cycles, shown) if cycles else ""])
    for path in sorted(folder.glob("runs.*.log")):
        _, driver, family = path.stem.split(".", 2)
        result = path.with_suffix(".xml")
        if result.exists():
            root = tree.parse(result).getroot()
            tests, failed = int(root.get("tests")), int(root.get("failures"))
            skipped = sum(case.get("result") == "skipped" for case in root.iter("testcase"))
            ran.append([driver, family, str(tests - failed - skipped), str(failed), str(skipped), ""])
        else:
            text = path.read_text(errors="replace")
            begun = re.findall(r"\[ RUN      \] (\S+)", text)
            ran.append([driver, family, str(text.count("[       OK ]")), str(text.count("[  FAILED  ]")), "",
                        f"did not end: `{begun[-1]}`" if begun else "did not begin"])

    def table(head, body):
        return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *body])

    kernels.sort(key=lambda row: row[0])
    parts = ["### Compiles on", table(["driver", "version", "GPU", "commands", "pipelines", "registers: median, most",
                                       "pipelines that spill", "spills, most", "bytes of variables in memory, most",
                                       "shared memory, most"], rows)]
    if refused:
        parts.append("\n".join(refused))
    parts += ["### The kernels that do a net's work", table(
        ["kernel", "on", "pipelines", "share of arithmetic", "registers", "spills", "shared memory",
         "the driver's own estimate of cycles"], kernels)]
    if ran:
        parts += ["### Runs on", table(["driver", "", "tests passed", "failed", "skipped", ""], ran)]
    return "\n\n".join(parts)


def main():
    folder, page = Path(sys.argv[1]), Path(sys.argv[2])
    begin, end = "<!-- tables -->", "<!-- end of tables -->"
    text = page.read_text()
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"{page}: has no place for the tables")
    before, after = text.split(begin)[0], text.split(end)[1]
    page.write_text(f"{before}{begin}\n{tables(folder)}\n{end}{after}")


if __name__ == "__main__":
    main()
