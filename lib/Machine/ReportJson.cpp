//===- ReportJson.cpp - a run's report for programs -----------------------===//
//
// The keys of docs/Report.md.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;
namespace json = llvm::json;

static double divide(double part, double whole) {
  return whole == 0 ? 0.0 : part / whole;
}

static json::Value toJson(const Range &range) {
  return json::Array{range.low, range.high};
}

static json::Object toJson(const Energy &energy) {
  json::Object object{{"total", toJson(energy.total())}};
  forEachPart(energy, [&](const char *name, const Range &part) {
    object[name] = toJson(part);
  });
  return object;
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
    unit["utilisation"] =
        divide(double(reading.queues[i].busy), double(reading.cycles));
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

/// What one head took with the machine's own multipliers; leakage is nobody's.
static json::Object toJson(const RunReport &report, size_t head) {
  const Counters &c = report.counters.heads[head];
  const RunReport::Reading &own = report.readings[unsigned(report.own())];
  auto cycles = double(own.headCycles[head]);
  double operations =
      report.denseOperations / double(report.counters.heads.size());
  return json::Object{
      {"cycles", own.headCycles[head]},
      {"macs", c.macs},
      {"dram_bytes", c.dramBytes},
      {"energy_pj",
       computeEnergy(c, report.energyTable, report.own(), report.config, 0)
           .total()
           .low},
      {"effective_gops",
       divide(operations * double(report.config.clock_mhz) / 1000, cycles)},
      {"mac_utilisation", divide(double(c.macCost[unsigned(report.own())]) /
                                     16 / double(report.config.macs()),
                                 cycles)},
      {"exponentials", c.exponentials},
      {"full_blocks", c.fullBlocks},
      {"kept_full_blocks", c.keptFullBlocks},
      {"pruned_fraction", prunedFraction(c)},
      {"gated", c.gatedHeads > 0},
      {"gated_programs", c.gatedHeads}};
}

static json::Object toJson(const RunReport::Baseline &baseline,
                           const RunReport &report) {
  json::Object object{{"macs", baseline.counters.macs},
                      {"dram_bytes", baseline.counters.dramBytes}};
  for (MacReading reading : {MacReading::Fixed, MacReading::Brick}) {
    auto r = unsigned(reading);
    const RunReport::Reading &mine = report.readings[r];
    auto cycles = double(baseline.cycles[r]);
    Range energy = baseline.energy[r].total(), own = mine.energy.total();
    object[stringify(reading)] = json::Object{
        {"cycles", baseline.cycles[r]},
        {"energy_pj", toJson(energy)},
        {"effective_gops",
         divide(report.denseOperations * double(report.config.clock_mhz) / 1000,
                cycles)},
        {"mac_utilisation", divide(double(baseline.counters.macCost[r]) / 16 /
                                       double(report.config.macs()),
                                   cycles)},
        {"speed_up", divide(cycles, double(mine.cycles))},
        {"energy_ratio", json::Array{divide(energy.low, own.low),
                                     divide(energy.high, own.high)}}};
  }
  return object;
}

json::Value machine::toJson(const Config &config, const EnergyTable &table) {
  json::Object machine{
      {"name", config.name},
      {"energy_table", table.name},
      {"fingerprint", llvm::formatv("{0:x16}", fingerprint(config)).str()}};
  for (size_t i = 0; i < getParams().size(); ++i)
    machine[getParams()[i].name] = config.get(i);
  return machine;
}

json::Value machine::toJson(const RunReport &report) {
  const Counters &total = report.counters.total;
  json::Array heads;
  for (size_t h = 0; h < report.counters.heads.size(); ++h)
    heads.push_back(::toJson(report, h));
  json::Object scratchpads;
  for (unsigned b = 0; b + 1 < numBuffers; ++b)
    scratchpads[stringify(Buffer(b))] = json::Object{
        {"bytes_read", total.read[b]}, {"bytes_written", total.written[b]}};
  json::Value baselines = nullptr;
  if (!report.baselines.empty()) {
    json::Object object;
    for (const RunReport::Baseline &baseline : report.baselines)
      object["dense" + std::to_string(baseline.bits)] =
          ::toJson(baseline, report);
    baselines = std::move(object);
  }
  const RunReport::Reading &own = report.readings[unsigned(report.own())];
  return json::Object{
      {"cycles", own.cycles},
      {"macs", total.macs},
      {"dram_bytes", total.dramBytes},
      {"energy_pj", own.energy.total().low},
      {"effective_gops", own.effectiveGops},
      {"mac_utilisation", own.macUtilisation},
      {"programs", report.programs},
      {"dense_operations", report.denseOperations},
      {"pruned_fraction", prunedFraction(total)},
      {"gated_fraction", divide(double(total.gatedHeads), double(total.heads))},
      {"commands", total.commands},
      {"dropped_commands", total.dropped},
      {"exponentials", total.exponentials},
      {"thetas", total.thetas},
      {"scratchpads", std::move(scratchpads)},
      {"scratchpad_mm2",
       ::toJson(computeArea(report.energyTable, report.config))},
      {"heads", std::move(heads)},
      {"baselines", std::move(baselines)},
      {"fixed", ::toJson(report.readings[0], report.config)},
      {"brick", ::toJson(report.readings[1], report.config)},
      {"machine", toJson(report.config, report.energyTable)}};
}
