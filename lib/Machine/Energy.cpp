//===- Energy.cpp - counters times constants ------------------------------===//
//
// Tables from YAML, and the sums.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Energy.h"
#include "Yaml.h"
#include "hdp/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace hdp;
using namespace hdp::machine;

namespace {
/// A constant while it is read.
struct Entry {
  Range *range;
  std::string message;
};
} // namespace

namespace llvm::yaml {
template <> struct ScalarTraits<Entry> {
  static void output(const Entry &entry, void *, raw_ostream &os) {
    os << entry.range->low << " to " << entry.range->high;
  }
  static StringRef input(StringRef text, void *, Entry &entry) {
    auto [first, second] = text.split(" to ");
    double low = 0, high = 0;
    if (first.getAsDouble(low) ||
        (second.empty() ? (high = low, false) : second.getAsDouble(high)) ||
        !(low >= 0) || !(high >= low) || !(high < 1e9)) {
      entry.message =
          formatv("expected a number or LOW to HIGH, found '{0}'", text);
      return entry.message;
    }
    *entry.range = {low, high};
    return StringRef();
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

template <> struct MappingTraits<EnergyTable> {
  static void mapping(IO &io, EnergyTable &table) {
    io.mapOptional("name", table.name);
#define HDP_ENERGY(field, unit, low, high, sentence, source)                   \
  mapEntry(io, #field, table.field);
#include "hdp/Machine/Energy.def"
  }
  static void mapEntry(IO &io, const char *name, Range &range) {
    bool useDefault = false;
    void *saved = nullptr;
    Entry entry{&range, {}};
    if (!io.preflightKey(name, false, false, useDefault, saved))
      return;
    EmptyContext context;
    yamlize(io, entry, true, context);
    io.postflightKey(saved);
  }
};
} // namespace llvm::yaml

llvm::Expected<EnergyTable> machine::parseEnergyTable(llvm::StringRef text,
                                                      llvm::StringRef file) {
  EnergyTable table;
  table.name = file.str();
  if (llvm::Error error = readYaml(text, file, table, "an energy table"))
    return error;
  return table;
}

llvm::Expected<EnergyTable> machine::loadEnergyTable(llvm::StringRef name) {
  EnergyTable table;
  if (name == table.name)
    return table;
  if (name == "hbm2-45nm") {
    table.name = name.str();
    // accelergy-cacti-plug-in (device only), and what DRAMsim3 gave Prosperity.
    table.dram_pj_per_bit = {3.9, 12.45};
    return table;
  }
  auto buffer = llvm::MemoryBuffer::getFile(name, /*IsText=*/true);
  if (!buffer)
    return makeError("expected an energy table lpddr4-45nm, hbm2-45nm or a "
                     "file, found " +
                     name);
  return parseEnergyTable((*buffer)->getBuffer(), name);
}

Range Energy::total() const {
  Range sum;
  for (const Range &part : {multiply, accumulate, scratchpads, softmax,
                            normalise, sparsity, dram, leakage})
    sum += part;
  return sum;
}

Energy machine::computeEnergy(const Counters &counters,
                              const EnergyTable &table, MacReading reading,
                              const Config &config, uint64_t cycles) {
  Energy energy;
  auto multiplier = [&](double a, double b) {
    Range range = table.multiply_pj_per_bit2 * (a * b);
    range += table.multiply_pj_per_bit * (a + b);
    return range;
  };
  for (const ProductCount &product : counters.products) {
    auto count = double(product.count);
    if (reading == MacReading::Fixed) {
      double halves = double((product.a + 15) / 16 * ((product.b + 15) / 16));
      energy.multiply += multiplier(16, 16) * (halves * count);
      continue;
    }
    auto width = [&](uint8_t bits) {
      return product.isPooled ? bits : (bits + 3) / 4 * 4;
    };
    Range each = multiplier(width(product.a), width(product.b));
    each = {each.low * table.brick_factor.low,
            each.high * table.brick_factor.high};
    each += table.brick_pj;
    energy.multiply += each * count;
  }
  energy.accumulate =
      table.accumulate_pj * (double(counters.macCost[unsigned(reading)]) / 16);
  for (unsigned b = 0; b < numBuffers; ++b) {
    energy.scratchpads +=
        table.sram_read_pj_per_byte * double(counters.read[b]);
    energy.scratchpads +=
        table.sram_write_pj_per_byte * double(counters.written[b]);
  }
  energy.softmax = table.exponential_pj * double(counters.exponentials);
  energy.softmax += table.weight_pj * double(counters.weights);
  energy.normalise = table.code_pj * double(counters.codes);
  energy.sparsity = table.theta_pj * double(counters.thetas);
  energy.dram = table.dram_pj_per_bit * (8.0 * double(counters.dramBytes));
  // mW x us = nJ = 1000 pJ.
  double microseconds = double(cycles) / double(config.clock_mhz);
  energy.leakage = table.sram_leak_mw_per_kib *
                   (double(config.scratchpadBytes() * config.cores) / 1024 *
                    microseconds * 1000);
  return energy;
}

Range machine::computeArea(const EnergyTable &table, const Config &config) {
  return table.sram_mm2_per_kib *
         (double(config.scratchpadBytes() * config.cores) / 1024);
}

void machine::printEnergyTable(llvm::raw_ostream &os) {
  os << "| constant | unit | low | high | what | source |\n"
     << "|---|---|---|---|---|---|\n";
#define HDP_ENERGY(field, unit, low, high, sentence, source)                   \
  os << "| `" << #field << "` | " << unit << " | " << #low << " | " << #high   \
     << " | " << sentence << " | " << source << " |\n";
#include "hdp/Machine/Energy.def"
}
