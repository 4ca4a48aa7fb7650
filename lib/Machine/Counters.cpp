//===- Counters.cpp - what a run did, added up ----------------------------===//
//
// Which head a command belongs to follows from its slot, or, for transfers,
// from the rows that it moves.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Counters.h"
#include "hdp/Machine/TimingRules.h"
#include "llvm/ADT/bit.h"

using namespace hdp;
using namespace hdp::machine;

static void addProduct(std::vector<ProductCount> &products,
                       const ProductCount &product) {
  auto same = llvm::find_if(products, [&](const ProductCount &other) {
    return other.a == product.a && other.b == product.b &&
           other.isPooled == product.isPooled;
  });
  if (same == products.end())
    products.push_back(product);
  else
    same->count += product.count;
}

void Counters::add(const Counters &o) {
  for (const ProductCount &product : o.products)
    addProduct(products, product);
  auto sum = [&](auto... fields) { ((this->*fields += o.*fields), ...); };
  sum(&Counters::commands, &Counters::dropped, &Counters::macs,
      &Counters::dramBytes, &Counters::thetas, &Counters::exponentials,
      &Counters::weights, &Counters::codes, &Counters::fullBlocks,
      &Counters::keptFullBlocks, &Counters::prunedBlocks, &Counters::heads,
      &Counters::gatedHeads);
  for (unsigned r = 0; r < 2; ++r)
    macCost[r] += o.macCost[r];
  for (unsigned b = 0; b < numBuffers; ++b) {
    read[b] += o.read[b];
    written[b] += o.written[b];
  }
}

void Counters::add(const Activity &activity, const Config &config) {
  ++commands;
  dropped += activity.isDropped;
  for (const ProductCount &product : activity.products) {
    if (product.count == 0)
      continue;
    macs += product.count;
    addProduct(products, product);
  }
  for (MacReading reading : {MacReading::Fixed, MacReading::Brick})
    macCost[unsigned(reading)] +=
        totalCost(activity, withReading(config, reading));
  dramBytes += activity.dramBytes;
  thetas += activity.thetas;
  exponentials += activity.exponentials;
  for (uint32_t nk : activity.keptPositions)
    weights += nk;
  codes += activity.codes;
  fullBlocks += activity.fullBlocks;
  keptFullBlocks += activity.keptFullBlocks;
  gatedHeads += activity.isGated;
  for (unsigned b = 0; b < numBuffers; ++b) {
    read[b] += activity.read[b];
    written[b] += activity.written[b];
  }
}

namespace {
/// Follows the heads in the slots of each core.
class HeadFinder {
public:
  HeadFinder(const Program &program, const Config &config)
      : program(program), slots(config.cores * numSlots) {}

  uint32_t find(const Command &command) {
    return std::visit([&](const auto &c) { return of(c); }, command);
  }

private:
  uint32_t of(const SetupCommand &c) {
    forEachCore(c.cores, [&](uint8_t core) {
      slots[core * numSlots + c.slot] = {c.query_head, c.key_head};
    });
    return c.query_head;
  }
  uint32_t of(const LoadCommand &c) { return byRow(c.symbol, c.row, c.cores); }
  uint32_t of(const LoadValuesCommand &c) {
    return byRow(c.symbol, c.row, c.cores);
  }
  uint32_t of(const StoreCommand &c) {
    return byRow(c.symbol, c.row, uint64_t(1) << c.core);
  }
  uint32_t of(const EndHeadCommand &c) {
    return at(unsigned(llvm::countr_zero(c.cores)), c.slot);
  }
  template <typename T> uint32_t of(const T &c) { return at(c.core, c.slot); }

  uint32_t at(unsigned core, uint8_t slot) const {
    return slots[core * numSlots + slot].query;
  }
  /// Query rows name their head; rows of K and V that of a slot that reads
  /// them; masks that are shared count for the first head.
  uint32_t byRow(uint16_t symbol, uint64_t row, uint64_t cores) const {
    const Site &site = program.sites[0];
    uint64_t rows = program.symbols[symbol].rows;
    if (rows == uint64_t(site.Hkv) * site.Lk) {
      auto core = unsigned(llvm::countr_zero(cores));
      for (unsigned slot = 0; slot < numSlots; ++slot)
        if (slots[core * numSlots + slot].key == row / site.Lk)
          return slots[core * numSlots + slot].query;
    }
    return uint32_t(row * site.Hq / rows);
  }

  struct Slot {
    uint32_t query = 0, key = ~uint32_t(0);
  };
  const Program &program;
  std::vector<Slot> slots;
};
} // namespace

std::vector<uint32_t> machine::findHeads(const Program &program,
                                         const Config &config) {
  std::vector<uint32_t> heads;
  HeadFinder finder(program, config);
  for (const Command &command : program.commands)
    heads.push_back(program.sites.empty() ? 0 : finder.find(command));
  return heads;
}

RunCounters machine::count(const Program &program, const Run &run) {
  RunCounters counters;
  uint32_t heads = program.sites.empty() ? 0 : program.sites[0].Hq;
  counters.heads.resize(heads);
  std::vector<uint32_t> headOf = findHeads(program, run.config);
  // A block row that is decided twice (keys in chunks, with a gate) has its
  // blocks once.
  std::vector<std::vector<bool>> isDecided(heads);
  auto add = [&](Counters &sum, const Activity &activity, bool isAgain) {
    sum.add(activity, run.config);
    if (!isAgain)
      return;
    sum.fullBlocks -= activity.fullBlocks;
    sum.keptFullBlocks -= activity.keptFullBlocks;
  };
  for (size_t i = 0; i < run.activities.size(); ++i) {
    uint32_t head = headOf[i];
    bool isAgain = false;
    if (auto *end = std::get_if<EndRowsCommand>(&program.commands[i]);
        end && head < heads) {
      std::vector<bool> &rows = isDecided[head];
      rows.resize(std::max<size_t>(rows.size(), end->block_row + 1));
      isAgain = rows[end->block_row];
      rows[end->block_row] = true;
    }
    add(counters.total, run.activities[i], isAgain);
    if (head < heads)
      add(counters.heads[head], run.activities[i], isAgain);
  }
  for (Counters &head : counters.heads) {
    head.heads = 1;
    head.prunedBlocks = head.gatedHeads > 0
                            ? head.fullBlocks
                            : head.fullBlocks - head.keptFullBlocks;
    counters.total.prunedBlocks += head.prunedBlocks;
  }
  counters.total.heads = heads;
  return counters;
}

double machine::denseOperations(const Program &program) {
  double operations = 0;
  for (const Site &s : program.sites)
    operations += 2.0 * s.Lq * s.Lk * (double(s.d) + s.dv) * s.Hq;
  return operations;
}

double machine::effectiveGops(const Program &program, const Run &run,
                              MacReading reading) {
  uint64_t cycles = run.get(reading).cycles;
  return cycles == 0 ? 0.0
                     : denseOperations(program) / double(cycles) *
                           double(run.config.clock_mhz) / 1000;
}

double machine::macUtilisation(const Counters &counters, const Run &run,
                               MacReading reading) {
  double all = double(run.get(reading).cycles) * double(run.config.macs());
  return all == 0 ? 0.0
                  : double(counters.macCost[unsigned(reading)]) / 16 / all;
}

double machine::macEfficiency(const Program &program, const Run &run,
                              MacReading reading) {
  double peak =
      2.0 * double(run.config.macs()) * double(run.config.clock_mhz) / 1000;
  return effectiveGops(program, run, reading) / peak;
}

double machine::prunedFraction(const Counters &counters) {
  return counters.fullBlocks == 0
             ? 0.0
             : double(counters.prunedBlocks) / double(counters.fullBlocks);
}
