//===- Roofline.cpp - what bounds a run, as text --------------------------===//
//
// One line a part and kind of multipliers: cycles of multipliers a byte moved
// against the machine's balance of both, and how much of the lower roof was
// reached.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Report.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;

/// The queue of a core that is busy most, over all cores.
static std::pair<Queue, double> findBusiest(const RunReport::Reading &reading,
                                            uint64_t cores) {
  std::pair<Queue, double> busiest = {Queue::Array, -1.0};
  for (unsigned queue = 0; queue < numQueues; ++queue) {
    uint64_t busy = 0;
    for (uint64_t core = 0; core < cores; ++core)
      busy += reading.queues[core * numQueues + queue].busy;
    double share = reading.cycles == 0
                       ? 0.0
                       : double(busy) / double(cores) / double(reading.cycles);
    if (share > busiest.second)
      busiest = {Queue(queue), share};
  }
  return busiest;
}

void machine::printRoofline(llvm::raw_ostream &os,
                            llvm::ArrayRef<ReportPart> parts) {
  if (parts.empty())
    return;
  const Config &config = parts.front().report->config;
  double bandwidth = double(config.dram_bytes_per_kilocycle) / 1000;
  double balance = double(config.macs()) / bandwidth;
  os << llvm::formatv(
      "roofline   {0} multipliers, {1:F1} bytes of DRAM a cycle: balance at "
      "{2:F1} multiplier cycles a byte\n",
      config.macs(), bandwidth, balance);
  const char *row = "  {0,-10}{1,-6}{2,10}{3,10}{4,10}{5,9}  {6}\n";
  os << llvm::formatv(row, "", "macs", "work/byte", "bound by", "roof",
                      "reached", "busiest unit");
  for (const ReportPart &part : parts)
    for (MacReading reading : {MacReading::Fixed, MacReading::Brick}) {
      const RunReport &report = *part.report;
      const RunReport::Reading &r = report.readings[unsigned(reading)];
      double work =
          double(report.counters.total.macCost[unsigned(reading)]) / 16;
      double bytes =
          double(std::max<uint64_t>(report.counters.total.dramBytes, 1));
      double intensity = work / bytes;
      double roof = std::min(1.0, intensity / balance);
      auto [unit, share] = findBusiest(r, config.cores);
      double dram =
          r.cycles == 0 ? 0.0 : double(r.dram.busy) / double(r.cycles);
      std::string busiest =
          dram > share
              ? llvm::formatv("dram {0:F1} %", 100 * dram).str()
              : llvm::formatv("{0} {1:F1} %", stringify(unit), 100 * share)
                    .str();
      os << llvm::formatv(
          row, reading == MacReading::Fixed ? part.name : "",
          stringify(reading), llvm::formatv("{0:F2}", intensity).str(),
          intensity < balance ? "dram" : "array",
          llvm::formatv("{0:F1} %", 100 * roof).str(),
          llvm::formatv("{0:F1} %",
                        roof == 0 ? 0.0 : 100 * r.macUtilisation / roof)
              .str(),
          busiest);
    }
}
