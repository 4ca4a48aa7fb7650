//===- Report.cpp - text and JSON -----------------------------------------===//
//
// Printers over RunReport; derived numbers come from Counters.h.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;
namespace json = llvm::json;

static const MacReading readings[] = {MacReading::Fixed, MacReading::Brick};

RunReport machine::makeReport(const Program &program, const Run &run,
                              const EnergyTable &table) {
  RunReport report;
  report.config = run.config;
  report.energyTable = table;
  report.denseOperations = denseOperations(program);
  report.counters = count(program, run);
  for (MacReading reading : readings) {
    auto &r = report.readings[unsigned(reading)];
    const Schedule &schedule = run.get(reading);
    r.cycles = schedule.cycles;
    r.effectiveGops = effectiveGops(program, run, reading);
    r.macUtilisation = macUtilisation(report.counters.total, run, reading);
    r.macEfficiency = macEfficiency(program, run, reading);
    r.energy = computeEnergy(report.counters.total, table, reading, run.config,
                             schedule.cycles);
    r.queues = schedule.queues;
    r.dram = schedule.dram;
  }
  return report;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static json::Value toJson(const Range &range) {
  return json::Array{range.low, range.high};
}

static json::Object toJson(const Energy &energy) {
  return json::Object{{"total", toJson(energy.total())},
                      {"multiply", toJson(energy.multiply)},
                      {"accumulate", toJson(energy.accumulate)},
                      {"scratchpads", toJson(energy.scratchpads)},
                      {"softmax", toJson(energy.softmax)},
                      {"normalise", toJson(energy.normalise)},
                      {"sparsity", toJson(energy.sparsity)},
                      {"dram", toJson(energy.dram)},
                      {"leakage", toJson(energy.leakage)}};
}

static json::Object toJson(const QueueTime &queue) {
  json::Object stalled;
  for (unsigned cause = 0; cause < numCauses; ++cause)
    if (queue.stalled[cause] != 0)
      stalled[stringify(Cause(cause))] = queue.stalled[cause];
  return json::Object{{"commands", queue.commands},
                      {"busy", queue.busy},
                      {"stalled", std::move(stalled)},
                      {"idle", queue.idle}};
}

static json::Object toJson(const RunReport::Reading &reading,
                           const Config &config) {
  json::Array units;
  for (size_t i = 0; i < reading.queues.size(); ++i) {
    json::Object unit = toJson(reading.queues[i]);
    bool isGate = i == config.cores * numQueues;
    unit["unit"] = isGate ? "gate" : stringify(Queue(i % numQueues));
    if (!isGate)
      unit["core"] = i / numQueues;
    units.push_back(std::move(unit));
  }
  return json::Object{
      {"cycles", reading.cycles},
      {"effective_gops", reading.effectiveGops},
      {"mac_utilisation", reading.macUtilisation},
      {"mac_efficiency", reading.macEfficiency},
      {"energy_pj", toJson(reading.energy)},
      {"dram", json::Object{{"busy", reading.dram.busy},
                            {"bursts", reading.dram.bursts},
                            {"row_misses", reading.dram.rowMisses},
                            {"refreshes", reading.dram.refreshes}}},
      {"units", std::move(units)}};
}

json::Value machine::toJson(const RunReport &report) {
  const Counters &total = report.counters.total;
  json::Object machine{
      {"name", report.config.name},
      {"energy_table", report.energyTable.name},
      {"fingerprint",
       llvm::formatv("{0:x16}", fingerprint(report.config)).str()}};
  for (size_t i = 0; i < getParams().size(); ++i)
    machine[getParams()[i].name] = report.config.get(i);
  json::Array heads;
  for (const Counters &head : report.counters.heads)
    heads.push_back(json::Object{{"macs", head.macs},
                                 {"dram_bytes", head.dramBytes},
                                 {"exponentials", head.exponentials},
                                 {"full_blocks", head.fullBlocks},
                                 {"kept_full_blocks", head.keptFullBlocks},
                                 {"gated", head.gatedHeads > 0}});
  json::Object scratchpads;
  for (unsigned b = 0; b + 1 < numBuffers; ++b)
    scratchpads[stringify(Buffer(b))] = json::Object{
        {"bytes_read", total.read[b]}, {"bytes_written", total.written[b]}};
  const auto &own =
      report.readings[report.config.brick_macs ? 1 : 0]; // the machine's own
  return json::Object{
      {"cycles", own.cycles},
      {"macs", total.macs},
      {"dram_bytes", total.dramBytes},
      {"energy_pj", own.energy.total().low},
      {"effective_gops", own.effectiveGops},
      {"mac_utilisation", own.macUtilisation},
      {"dense_operations", report.denseOperations},
      {"pruned_fraction", prunedFraction(report.counters)},
      {"gated_fraction",
       total.heads == 0 ? 0.0 : double(total.gatedHeads) / double(total.heads)},
      {"commands", total.commands},
      {"dropped_commands", total.dropped},
      {"exponentials", total.exponentials},
      {"thetas", total.thetas},
      {"scratchpads", std::move(scratchpads)},
      {"scratchpad_mm2",
       ::toJson(computeArea(report.energyTable, report.config))},
      {"heads", std::move(heads)},
      {"fixed", ::toJson(report.readings[0], report.config)},
      {"brick", ::toJson(report.readings[1], report.config)},
      {"machine", std::move(machine)}};
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

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
                      total.dramBytes,
                      percent(prunedFraction(report.counters), 1),
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
