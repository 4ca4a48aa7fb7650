//===- MachineFigures.cpp - tables of docs/Validation.md ------------------===//
//
// Every layer runs once; the tables are made from what it gave. Published
// numbers and closed forms stand here as constants, with their source in the
// page.
//
//===----------------------------------------------------------------------===//

#include "MachineFigures.h"
#include "hdp/Machine/Energy.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;
using namespace hdp::machine;
using llvm::formatv;

namespace {

constexpr uint32_t heads = 12, headDim = 64;
constexpr uint64_t seed = 1;
constexpr double keptFractions[] = {0.25, 0.1};

/// A layer with a policy on a machine; by MacReading where it matters.
struct Figure {
  std::string machine, policy;
  uint32_t length = 0;
  double kept = 1;
  uint64_t cycles[2] = {};
  double gops[2] = {}, utilisation[2] = {};
  Range energy[2]; // uJ
  uint64_t dramBytes = 0;
  double operations = 0;
};

class Figures {
public:
  llvm::Error run(uint32_t length, Variant variant, double kept,
                  const Layer &layer, llvm::ArrayRef<Config> configs);
  const Figure &get(llvm::StringRef machine, uint32_t length,
                    llvm::StringRef policy, double kept = 1) const {
    for (const Figure &f : all)
      if (f.machine == machine && f.length == length && f.policy == policy &&
          f.kept == kept)
        return f;
    llvm_unreachable("a table asks for a layer that was run");
  }
  const std::vector<Figure> &getAll() const { return all; }

private:
  std::vector<Figure> all;
};

} // namespace

llvm::Error Figures::run(uint32_t length, Variant variant, double kept,
                         const Layer &layer, llvm::ArrayRef<Config> configs) {
  for (const Config &config : configs) {
    llvm::Expected<LayerRun> ran = runLayer(layer, variant, config);
    if (!ran)
      return ran.takeError();
    llvm::Expected<EnergyTable> table = loadEnergyTable(config.energy_table);
    if (!table)
      return table.takeError();
    Figure figure;
    figure.machine = config.name;
    figure.policy = variant.name;
    figure.length = length;
    figure.kept = kept;
    RunCounters counters = count(ran->program, ran->run);
    for (MacReading reading : {MacReading::Fixed, MacReading::Brick}) {
      auto r = unsigned(reading);
      figure.cycles[r] = ran->run.get(reading).cycles;
      figure.gops[r] = effectiveGops(ran->program, ran->run, reading);
      figure.utilisation[r] = macUtilisation(counters.total, ran->run, reading);
      figure.energy[r] = computeEnergy(counters.total, *table, reading, config,
                                       figure.cycles[r])
                             .total() *
                         1e-6;
    }
    figure.dramBytes = counters.total.dramBytes;
    figure.operations = denseOperations(ran->program);
    all.push_back(std::move(figure));
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string keptText(const Figure &f) {
  return f.kept == 1 ? "all" : formatv("{0:P0}", f.kept).str();
}

/// What the model says, all of it.
static void printLayers(llvm::raw_ostream &os, const Figures &figures) {
  os << "| machine | L | policy | kept | kcycles F, B | GOP/s F, B | MAC "
        "utilisation F, B | DRAM KiB | energy F, B uJ |\n"
     << "|---|---|---|---|---|---|---|---|---|\n";
  for (const Figure &f : figures.getAll()) {
    if (f.machine != "hdp-edge" && f.machine != "hdp-server")
      continue;
    os << formatv("| {0} | {1} | {2} | {3} | {4:F1}, {5:F1} | {6:F0}, {7:F0} | "
                  "{8:F2}, {9:F2} | {10} | {11:F0} to {12:F0}, {13:F0} to "
                  "{14:F0} |\n",
                  f.machine, f.length, f.policy, keptText(f),
                  double(f.cycles[0]) / 1e3, double(f.cycles[1]) / 1e3,
                  f.gops[0], f.gops[1], f.utilisation[0], f.utilisation[1],
                  f.dramBytes / 1024, f.energy[0].low, f.energy[0].high,
                  f.energy[1].low, f.energy[1].high);
  }
}

/// Against designs with 128 multipliers.
static void printComparators(llvm::raw_ostream &os, const Figures &figures) {
  struct Published {
    const char *name, *gops, *gopj, *comment;
  };
  static const Published published[] = {
      {"A3", "221", "269", "40 nm, 64 GB/s"},
      {"SpAtten-1/8", "360", "382", "40 nm, 64 GB/s, 12-bit multipliers"},
      {"Energon", "612", "-", "360 x 1.7, as its authors' ratio"},
      {"FACT", "928", "-", "28 nm"},
      {"DTQAtten", "952", "-", "mixed widths"}};
  os << "| design | effective GOP/s | GOP/J | |\n|---|---|---|---|\n";
  for (const Published &p : published)
    os << formatv("| {0} | {1} | {2} | {3} |\n", p.name, p.gops, p.gopj,
                  p.comment);
  for (llvm::StringRef machine : {"hdp-edge", "hdp-edge, 64 GB/s"})
    for (llvm::StringRef policy : {"dense16", "dense8", "compensated"})
      for (double kept : keptFractions) {
        bool isDense = policy != "compensated";
        if (isDense && kept != keptFractions[0])
          continue;
        const Figure &f = figures.get(machine, 384, policy, isDense ? 1 : kept);
        auto perJoule = [&](unsigned r) {
          return formatv("{0:F0} to {1:F0}",
                         f.operations / f.energy[r].high / 1e3,
                         f.operations / f.energy[r].low / 1e3)
              .str();
        };
        os << formatv("| {0}, {1}{2} | F {3:F0}, B {4:F0} | F {5}, B {6} | "
                      "L 384 |\n",
                      machine, policy,
                      isDense ? "" : formatv(", {0} kept", keptText(f)).str(),
                      f.gops[0], f.gops[1], perJoule(0), perJoule(1));
      }
}

/// Milliseconds of a layer of "1.05 GOP".
static void printMilliseconds(llvm::raw_ostream &os, const Figures &figures) {
  os << "| design | ms for 1.05 GOP | ms for 0.453 GOP |\n|---|---|---|\n"
     << "| Sanger (as SALO's authors scale it) | 1.44 | - |\n"
     << "| SALO2 | 0.96 | - |\n";
  for (double kept : keptFractions) {
    const Figure &f = figures.get("hdp-edge", 384, "compensated", kept);
    auto ms = [&](unsigned r, double gop) { return gop * 1e3 / f.gops[r]; };
    os << formatv("| hdp-edge, compensated, {0} kept | F {1:F2}, B {2:F2} | F "
                  "{3:F2}, B {4:F2} |\n",
                  keptText(f), ms(0, 1.05), ms(1, 1.05),
                  ms(0, f.operations / 1e9), ms(1, f.operations / 1e9));
  }
}

/// SpAtten's behavioural model of a BERT layer without pruning: 12 heads,
/// L ceil(L / 8) cycles each and about 100 of drain, 8-bit K and V from 16
/// channels of 32 bytes a cycle; 1,024 multipliers.
static double spattenCycles(uint32_t length) {
  // Twelve layers, as its formulas give them.
  return length == 128   ? 300948.0 / 12
         : length == 384 ? 2669844.0 / 12
                         : 4739028.0 / 12;
}

/// Sanger's closed form for QK^T and PV of a layer alone: 2,048 GOP/s over
/// density and load balance (0.9).
static double sangerCycles(double operations, double density) {
  return operations * density / 0.9 / 2048;
}

static void printThousand(llvm::raw_ostream &os, const Figures &figures) {
  os << "| L | SpAtten, dense | dense8 F | dense16 F | Sanger 10 % | paper "
        "10 % F, B | compensated 10 % F, B | Sanger 25 % | compensated 25 % F, "
        "B |\n|---|---|---|---|---|---|---|---|---|\n";
  for (uint32_t length : {128u, 384u, 512u}) {
    auto cycles = [&](llvm::StringRef policy, double kept, unsigned r) {
      return double(figures.get("hdp-server", length, policy, kept).cycles[r]) /
             1e3;
    };
    double operations = figures.get("hdp-server", length, "dense8").operations;
    os << formatv("| {0} | {1:F1} | {2:F1} | {3:F1} | {4:F1} | {5:F1}, {6:F1} "
                  "| {7:F1}, {8:F1} | {9:F1} | {10:F1}, {11:F1} |\n",
                  length, spattenCycles(length) / 1e3, cycles("dense8", 1, 0),
                  cycles("dense16", 1, 0), sangerCycles(operations, 0.1) / 1e3,
                  cycles("paper", 0.1, 0), cycles("paper", 0.1, 1),
                  cycles("compensated", 0.1, 0), cycles("compensated", 0.1, 1),
                  sangerCycles(operations, 0.25) / 1e3,
                  cycles("compensated", 0.25, 0),
                  cycles("compensated", 0.25, 1));
  }
}

/// The goals of this project for the modelled hardware, at L 384.
static void printGoals(llvm::raw_ostream &os, const Figures &figures) {
  struct Goal {
    const char *machine;
    double kept;
    double dense16[2][2], dense8[2], gops[2][2], energy[2][2];
  };
  // Floor and aim: F, B; over dense8 with B; GOP/s; energy.
  static const Goal goals[] = {{"hdp-edge",
                                0.25,
                                {{2.3, 2.5}, {7, 8.5}},
                                {2.7, 3.2},
                                {{570, 640}, {1900, 2280}},
                                {{1.9, 2.2}, {2.8, 3.5}}},
                               {"hdp-edge",
                                0.1,
                                {{3.6, 4.2}, {12, 16}},
                                {4.8, 6},
                                {{900, 1100}, {3300, 4000}},
                                {{2.5, 3}, {3.6, 5.1}}},
                               {"hdp-server",
                                0.25,
                                {{2.1, 2.4}, {6, 7.5}},
                                {2.4, 3},
                                {{0, 0}, {0, 0}},
                                {{2, 2.4}, {3.4, 4}}},
                               {"hdp-server",
                                0.1,
                                {{3.2, 3.8}, {10, 13}},
                                {4, 5.5},
                                {{0, 0}, {0, 0}},
                                {{2.8, 3.4}, {5, 6}}}};
  os << "| machine | kept | what | F | floor, aim | B | floor, aim |\n"
     << "|---|---|---|---|---|---|---|\n";
  for (const Goal &goal : goals) {
    const Figure &f = figures.get(goal.machine, 384, "compensated", goal.kept),
                 &d16 = figures.get(goal.machine, 384, "dense16"),
                 &d8 = figures.get(goal.machine, 384, "dense8");
    auto row = [&](const char *what, const char *style, double fixed,
                   const double *fixedGoal, double brick,
                   const double *brickGoal) {
      auto pair = [](const double *g) {
        std::string text;
        llvm::raw_string_ostream os(text);
        if (g == nullptr)
          os << "-";
        else
          os << llvm::format("%g, %g", g[0], g[1]);
        return text;
      };
      auto number = [&](double x) {
        return llvm::StringRef(style) == "0" ? formatv("{0:F0}", x).str()
                                             : formatv("{0:F2}", x).str();
      };
      os << formatv("| {0} | {1} | {2} | {3} | {4} | {5} | {6} |\n",
                    goal.machine, keptText(f), what, number(fixed),
                    pair(fixedGoal), number(brick), pair(brickGoal));
    };
    auto speedup = [&](const Figure &dense, unsigned r) {
      return double(dense.cycles[r]) / double(f.cycles[r]);
    };
    row("times dense16", "2", speedup(d16, 0), goal.dense16[0], speedup(d16, 1),
        goal.dense16[1]);
    row("times dense8", "2", speedup(d8, 0), nullptr, speedup(d8, 1),
        goal.dense8);
    bool hasGops = goal.gops[0][0] > 0;
    row("effective GOP/s", "0", f.gops[0], hasGops ? goal.gops[0] : nullptr,
        f.gops[1], hasGops ? goal.gops[1] : nullptr);
    row("energy of dense16 over ours, low constants", "2",
        d16.energy[0].low / f.energy[0].low, goal.energy[0],
        d16.energy[1].low / f.energy[1].low, goal.energy[1]);
    row("the same, high constants", "2", d16.energy[0].high / f.energy[0].high,
        nullptr, d16.energy[1].high / f.energy[1].high, nullptr);
    static const double utilisation[] = {0.93, 0.93};
    bool isAsked = llvm::StringRef(goal.machine) == "hdp-edge" &&
                   goal.kept == keptFractions[0];
    row("MAC utilisation", "2", f.utilisation[0],
        isAsked ? utilisation : nullptr, f.utilisation[1],
        isAsked ? utilisation : nullptr);
  }
}

llvm::Error bench::printFigures(llvm::raw_ostream &os) {
  Figures figures;
  std::vector<Config> configs;
  for (const char *name : {"hdp-edge", "hdp-server"}) {
    llvm::Expected<Config> config = loadConfig(name);
    if (!config)
      return config.takeError();
    configs.push_back(std::move(*config));
  }
  Config wide = configs[0]; // what SpAtten gives its comparators
  wide.name = "hdp-edge, 64 GB/s";
  wide.dram_bytes_per_kilocycle = 64000;
  for (uint32_t length : {128u, 384u, 512u}) {
    Layer layer(heads, length, headDim, seed);
    std::vector<Config> machines = configs;
    if (length == 384)
      machines.push_back(wide);
    for (const char *name : {"dense16", "dense8", "paper", "compensated"}) {
      llvm::Expected<Variant> variant = makeVariant(name);
      if (!variant)
        return variant.takeError();
      for (double kept : keptFractions) {
        if (variant->dense && kept != keptFractions[0])
          continue;
        if (!variant->dense)
          if (llvm::Error error = calibrate(layer, kept, *variant))
            return error;
        if (llvm::Error error = figures.run(
                length, *variant, variant->dense ? 1 : kept, layer, machines))
          return error;
      }
    }
  }
  auto part = [&](const char *name, auto print) {
    os << "<!-- begin: " << name << " -->\n";
    print(os, figures);
    os << "<!-- end: " << name << " -->\n";
  };
  part("layers", printLayers);
  part("goals", printGoals);
  part("comparators", printComparators);
  part("milliseconds", printMilliseconds);
  part("closed forms", printThousand);
  return llvm::Error::success();
}
