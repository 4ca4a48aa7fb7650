//===- Report.cpp - a run in numbers, and as text -------------------------===//
//
// Sums and what follows from them; ReportJson.cpp prints the same for programs.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;

static const MacReading readings[] = {MacReading::Fixed, MacReading::Brick};

/// Works out what follows from the sums.
static void derive(RunReport &report) {
  const Config &config = report.config;
  const Counters &total = report.counters.total;
  double peak = 2.0 * double(config.macs()) * double(config.clock_mhz) / 1000;
  for (MacReading reading : readings) {
    RunReport::Reading &r = report.readings[unsigned(reading)];
    auto cycles = double(r.cycles);
    r.effectiveGops = cycles == 0 ? 0.0
                                  : report.denseOperations / cycles *
                                        double(config.clock_mhz) / 1000;
    r.macUtilisation = cycles == 0 ? 0.0
                                   : double(total.macCost[unsigned(reading)]) /
                                         16 / (cycles * double(config.macs()));
    r.macEfficiency = r.effectiveGops / peak;
    r.energy =
        computeEnergy(total, report.energyTable, reading, config, r.cycles);
    for (RunReport::Baseline &baseline : report.baselines)
      baseline.energy[unsigned(reading)] =
          computeEnergy(baseline.counters, report.energyTable, reading, config,
                        baseline.cycles[unsigned(reading)]);
  }
}

RunReport machine::makeReport(const Program &program, const Run &run,
                              const EnergyTable &table) {
  RunReport report;
  report.config = run.config;
  report.energyTable = table;
  report.programs = 1;
  report.denseOperations = denseOperations(program);
  report.counters = count(program, run);
  std::vector<uint32_t> headOf = findHeads(program, run.config);
  size_t numHeads = report.counters.heads.size();
  for (MacReading reading : readings) {
    RunReport::Reading &r = report.readings[unsigned(reading)];
    const Schedule &schedule = run.get(reading);
    r.cycles = schedule.cycles;
    r.queues = schedule.queues;
    r.dram = schedule.dram;
    std::vector<uint64_t> first(numHeads, schedule.cycles), last(numHeads, 0);
    for (size_t i = 0; i < headOf.size(); ++i)
      if (headOf[i] < numHeads) {
        const CommandTime &time = schedule.commands[i];
        first[headOf[i]] = std::min(first[headOf[i]], time.start);
        last[headOf[i]] = std::max(last[headOf[i]], time.end);
      }
    for (size_t h = 0; h < numHeads; ++h)
      r.headCycles.push_back(last[h] - std::min(first[h], last[h]));
  }
  derive(report);
  return report;
}

RunReport::Baseline machine::makeBaseline(const Program &program,
                                          const Run &run,
                                          const EnergyTable &table,
                                          unsigned bits) {
  RunReport report = makeReport(program, run, table);
  RunReport::Baseline baseline;
  baseline.bits = bits;
  baseline.counters = report.counters.total;
  for (unsigned r = 0; r < 2; ++r) {
    baseline.cycles[r] = report.readings[r].cycles;
    baseline.energy[r] = report.readings[r].energy;
  }
  return baseline;
}

/// Element by element; the longer one's rest stays.
template <typename T, typename Add>
static void addLists(std::vector<T> &sum, const std::vector<T> &other,
                     Add add) {
  if (sum.size() < other.size())
    sum.resize(other.size());
  for (size_t i = 0; i < other.size(); ++i)
    add(sum[i], other[i]);
}

static void addQueue(QueueTime &sum, const QueueTime &other) {
  sum.busy += other.busy;
  sum.idle += other.idle;
  sum.commands += other.commands;
  for (unsigned cause = 0; cause < numCauses; ++cause)
    sum.stalled[cause] += other.stalled[cause];
}

void RunReport::add(const RunReport &other) {
  if (programs == 0) {
    *this = other;
    return;
  }
  programs += other.programs;
  denseOperations += other.denseOperations;
  counters.total.add(other.counters.total);
  addLists(counters.heads, other.counters.heads,
           [](Counters &sum, const Counters &one) { sum.add(one); });
  for (unsigned r = 0; r < 2; ++r) {
    Reading &sum = readings[r];
    const Reading &one = other.readings[r];
    sum.cycles += one.cycles;
    addLists(sum.queues, one.queues, addQueue);
    addLists(sum.headCycles, one.headCycles,
             [](uint64_t &a, uint64_t b) { a += b; });
    sum.dram.busy += one.dram.busy;
    sum.dram.bursts += one.dram.bursts;
    sum.dram.rowMisses += one.dram.rowMisses;
    sum.dram.refreshes += one.dram.refreshes;
    sum.dram.refreshCycles += one.dram.refreshCycles;
  }
  for (const Baseline &one : other.baselines) {
    auto same = llvm::find_if(
        baselines, [&](const Baseline &b) { return b.bits == one.bits; });
    if (same == baselines.end()) {
      baselines.push_back(one);
      continue;
    }
    same->counters.add(one.counters);
    for (unsigned r = 0; r < 2; ++r)
      same->cycles[r] += one.cycles[r];
  }
  derive(*this);
}

static std::string percent(double part, double all) {
  return llvm::formatv("{0:F1} %", all == 0 ? 0.0 : 100 * part / all);
}

void machine::printReport(llvm::raw_ostream &os, const RunReport &report) {
  const Counters &total = report.counters.total;
  os << llvm::formatv(
      "machine {0}: {1} cores, {2} multipliers, {3} MHz, energy by {4}\n",
      report.config.name, report.config.cores, report.config.macs(),
      report.config.clock_mhz, report.energyTable.name);
  os << llvm::formatv("{0} commands ({1} dropped), {2} products, {3} bytes of "
                      "DRAM, {4} of blocks pruned, {5} of {6} heads gated\n\n",
                      total.commands, total.dropped, total.macs,
                      total.dramBytes, percent(prunedFraction(total), 1),
                      total.gatedHeads, total.heads);
  os << llvm::formatv("{0,-22}{1,16}{2,16}\n", "multipliers", "fixed", "brick");
  auto row = [&](llvm::StringRef name, auto value) {
    os << llvm::formatv("{0,-22}{1,16}{2,16}\n", name,
                        value(report.readings[0]), value(report.readings[1]));
  };
  using Reading = RunReport::Reading;
  row("cycles", [](const Reading &r) { return std::to_string(r.cycles); });
  row("effective GOP/s", [](const Reading &r) {
    return llvm::formatv("{0:F1}", r.effectiveGops).str();
  });
  row("MAC utilisation",
      [](const Reading &r) { return percent(r.macUtilisation, 1); });
  row("MAC efficiency",
      [](const Reading &r) { return percent(r.macEfficiency, 1); });
  row("DRAM busy", [](const Reading &r) {
    return percent(double(r.dram.busy), double(r.cycles));
  });
  row("energy uJ", [](const Reading &r) {
    Range total = r.energy.total();
    return llvm::formatv("{0:F1} to {1:F1}", total.low / 1e6, total.high / 1e6)
        .str();
  });
  for (const RunReport::Baseline &baseline : report.baselines) {
    auto ratio = [&](llvm::StringRef name, auto of) {
      os << llvm::formatv("{0,-22}{1,16:F2}{2,16:F2}\n", name, of(0), of(1));
    };
    std::string against = " over dense" + std::to_string(baseline.bits);
    ratio("speed" + against, [&](unsigned r) {
      return double(baseline.cycles[r]) / double(report.readings[r].cycles);
    });
    ratio("energy" + against, [&](unsigned r) {
      return baseline.energy[r].total().low /
             report.readings[r].energy.total().low;
    });
  }
  for (MacReading reading : readings) {
    const Reading &r = report.readings[unsigned(reading)];
    os << llvm::formatv("\n{0}, all cores: busy, stalled by cause, idle\n",
                        stringify(reading));
    for (unsigned queue = 0; queue < numQueues; ++queue) {
      QueueTime sum;
      for (uint64_t core = 0; core < report.config.cores; ++core) {
        const QueueTime &one = r.queues[core * numQueues + queue];
        sum.busy += one.busy;
        sum.idle += one.idle;
        for (unsigned cause = 0; cause < numCauses; ++cause)
          sum.stalled[cause] += one.stalled[cause];
      }
      double all = double(r.cycles) * double(report.config.cores);
      os << llvm::formatv("  {0,-12}{1,9}", stringify(Queue(queue)),
                          percent(double(sum.busy), all));
      for (unsigned cause = 0; cause < numCauses; ++cause)
        if (sum.stalled[cause] != 0)
          os << ", " << stringify(Cause(cause)) << " "
             << percent(double(sum.stalled[cause]), all);
      os << ", idle " << percent(double(sum.idle), all) << "\n";
    }
  }
}
