//===- MachineReport.cpp - cycles and energy of a model -------------------===//
//
// The machine's reports of layers, added up: the layers of a model wait for
// each other.
//
//===----------------------------------------------------------------------===//

#include "MachineReport.h"
#include "hdp/Machine/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using machine::MacReading;

static const MacReading readings[] = {MacReading::Fixed, MacReading::Brick};

std::shared_ptr<machine::RunReport> hdp::RunReport::getCost() const {
  std::shared_ptr<machine::RunReport> sum;
  for (const LayerReport &layer : layers) {
    if (!layer.cost)
      continue;
    if (!sum)
      sum = std::make_shared<machine::RunReport>();
    sum->add(*layer.cost);
  }
  return sum;
}

void hdp::addCost(llvm::json::Object &object, const machine::RunReport *cost,
                  int64_t samples) {
  llvm::json::Object all;
  if (cost)
    all = std::move(*machine::toJson(*cost).getAsObject());
  for (const char *key : {"cycles", "macs", "dram_bytes", "energy_pj",
                          "effective_gops", "mac_utilisation"})
    object[key] = cost ? llvm::json::Value(all[key]) : nullptr;
  if (samples > 0) {
    double n = double(samples);
    object["samples"] = samples;
    object["cycles_per_sample"] =
        cost ? llvm::json::Value(*object.getNumber("cycles") / n) : nullptr;
    object["energy_pj_per_sample"] =
        cost ? llvm::json::Value(*object.getNumber("energy_pj") / n) : nullptr;
  }
  object["accelerator"] = cost ? llvm::json::Value(std::move(all)) : nullptr;
}

namespace {
/// One kind of multipliers in a table.
struct Column {
  std::string cycles, gops, utilisation, energy;
};
} // namespace

static Column makeColumn(const machine::RunReport &cost, MacReading reading,
                         int64_t samples) {
  const machine::RunReport::Reading &r = cost.readings[unsigned(reading)];
  machine::Range energy = r.energy.total();
  double n = double(samples);
  return {llvm::formatv("{0:F0}", double(r.cycles) / n),
          llvm::formatv("{0:F1}", r.effectiveGops),
          llvm::formatv("{0:F1} %", 100 * r.macUtilisation),
          llvm::formatv("{0:F2} to {1:F2}", energy.low / n / 1e6,
                        energy.high / n / 1e6)};
}

/// Speed and energy against the same machine dense.
static void printBaselines(llvm::raw_ostream &os,
                           const machine::RunReport &cost) {
  for (const machine::RunReport::Baseline &baseline : cost.baselines) {
    os << "  dense" << llvm::formatv("{0,-3}", baseline.bits);
    for (MacReading reading : readings) {
      auto r = unsigned(reading);
      os << llvm::formatv(
          "  {0}: {1:F2} times the cycles, {2:F2} the energy",
          stringify(reading),
          double(baseline.cycles[r]) / double(cost.readings[r].cycles),
          baseline.energy[r].total().low / cost.readings[r].energy.total().low);
    }
    os << "\n";
  }
}

void hdp::printCost(llvm::raw_ostream &os, const RunReport &report) {
  std::shared_ptr<machine::RunReport> sum = report.getCost();
  if (!sum)
    return;
  os << llvm::formatv("machine    {0}: {1} cores, {2} multipliers, {3} MHz, "
                      "energy by {4}; attention of one sample\n",
                      sum->config.name, sum->config.cores, sum->config.macs(),
                      sum->config.clock_mhz, sum->energyTable.name);
  const char *row = "  {0,-8}{1,-6}{2,10}  {3,7}  {4,11}  {5,-20}{6}\n";
  os << llvm::formatv(row, "layer", "macs", "cycles", "GOP/s", "utilisation",
                      "  energy uJ", "DRAM bytes");
  auto print = [&](const std::string &name, const machine::RunReport &cost) {
    for (MacReading reading : readings) {
      Column c = makeColumn(cost, reading, report.samples);
      bool isFirst = reading == MacReading::Fixed;
      os << llvm::formatv(row, isFirst ? name : "", stringify(reading),
                          c.cycles, c.gops, c.utilisation, "  " + c.energy,
                          isFirst
                              ? std::to_string(cost.counters.total.dramBytes /
                                               uint64_t(report.samples))
                              : "");
    }
  };
  for (auto [index, layer] : llvm::enumerate(report.layers))
    if (layer.cost)
      print(std::to_string(index), *layer.cost);
  print("all", *sum);
  printBaselines(os, *sum);
}

//===----------------------------------------------------------------------===//
// Trace, roofline, page
//===----------------------------------------------------------------------===//

static std::vector<machine::ReportPart> getParts(const RunReport &report) {
  std::vector<machine::ReportPart> parts;
  for (auto [index, layer] : llvm::enumerate(report.layers))
    if (layer.cost)
      parts.push_back({"layer " + std::to_string(index), layer.location,
                       layer.cost.get(), layer.launch.get()});
  return parts;
}

void hdp::printMachineTrace(llvm::raw_ostream &os, const RunReport &report) {
  std::vector<machine::ReportPart> parts = getParts(report);
  machine::printTrace(os, parts,
                      parts.empty() ? MacReading::Fixed
                                    : parts.front().report->own());
}

void hdp::printMachineRoofline(llvm::raw_ostream &os, const RunReport &report) {
  std::vector<machine::ReportPart> parts = getParts(report);
  std::shared_ptr<machine::RunReport> sum = report.getCost();
  if (sum)
    parts.push_back({"all", "", sum.get(), nullptr});
  machine::printRoofline(os, parts);
}

void hdp::printMachineHtml(llvm::raw_ostream &os, const RunReport &report) {
  std::shared_ptr<machine::RunReport> sum = report.getCost();
  std::string title = report.model + ", function '" + report.function +
                      "', samples: " + std::to_string(report.samples);
  machine::printHtml(os, title, sum ? *sum : machine::RunReport(),
                     getParts(report));
}
