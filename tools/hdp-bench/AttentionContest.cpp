//===- AttentionContest.cpp - rounds, rows --------------------------------===//

#include "AttentionContest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstdlib>

using namespace hdp;
using namespace hdp::bench;

Entrant &Contest::addEntrant(llvm::StringRef name) {
  entrants.push_back(std::make_unique<Entrant>());
  Entrant &entrant = *entrants.back();
  entrant.out = HostTensor(
      ElementType::F32, {inputs.heads(), inputs.queries(), inputs.valueDim()});
  entrant.row = llvm::json::Object{
      {"implementation", name.str()}, {"inputs", inputs.source},
      {"heads", inputs.heads()},      {"length", inputs.keys()},
      {"queries", inputs.queries()},  {"head_dim", inputs.headDim()}};
  return entrant;
}

Entrant &Contest::add(llvm::StringRef name,
                      std::function<llvm::Error(HostTensor &out)> call) {
  Entrant &entrant = addEntrant(name);
  entrant.index = rounds.add(name.str(), [&entrant, call = std::move(call)] {
    return call(entrant.out);
  });
  return entrant;
}

float *Contest::takeMemory(size_t bytes) {
  memory.emplace_back(static_cast<float *>(std::aligned_alloc(
                          64, std::max<size_t>(64, (bytes + 63) / 64 * 64))),
                      &std::free);
  return memory.back().get();
}

/// How long the loop takes on one thread: threads are started for it.
static constexpr double kMachineSeconds = 20e-3;

void Contest::addMachine() {
  PeakLoop loop = getPeakF32(session.getHost());
  bool hasLoop = loop.run && options.peaks.f32 > 0;
  if (!hasLoop)
    loop = getClockLoop();
  double rate = hasLoop ? options.peaks.f32 : options.peaks.clock;
  auto steps = static_cast<int64_t>(kMachineSeconds * rate / loop.operations);
  std::optional<size_t> one;
  for (unsigned threads : options.threads) {
    std::string text =
        llvm::formatv("{0}, threads: {1}",
                      hasLoop ? "multiply-adds" : "additions", threads)
            .str();
    Entrant &entrant = addEntrant(text);
    entrant.isMachine = true;
    entrant.index =
        rounds.addThreaded(text, [loop, steps, threads]() -> llvm::Error {
          runShared(loop, steps, threads);
          return llvm::Error::success();
        });
    one = one.value_or(entrant.index);
    entrant.oneThread = one;
    entrant.row["threads"] = threads;
  }
}

llvm::Error Contest::run() { return rounds.run(session.getEffort()); }

const Entrant *Contest::findBest(bool isOwn) const {
  const Entrant *best = nullptr;
  for (const auto &entrant : entrants)
    if (entrant->isF32 && entrant->isOwn == isOwn &&
        (!best ||
         rounds.getMedian(entrant->index) < rounds.getMedian(best->index)))
      best = entrant.get();
  return best;
}

llvm::Error Contest::report() {
  const Entrant *best = findBest(/*isOwn=*/false);
  const Entrant *own = findBest(/*isOwn=*/true);
  if (!best) {
    best = own;
    session.addNote(own ? "no f32 library is there: the best f32 is our own"
                        : "no f32 library is there to compare with");
  }
  for (auto &entrant : entrants) {
    if (entrant->fetch)
      if (llvm::Error error = entrant->fetch(entrant->out))
        return error;
    llvm::json::Object &row = entrant->row;
    double seconds = rounds.getMedian(entrant->index);
    row["milliseconds"] = 1e3 * seconds;
    row["minimum_milliseconds"] = 1e3 * rounds.getMinimum(entrant->index);
    row["rounds"] = rounds.getRounds();
    if (entrant->check)
      row["equal_to_loops"] = entrant->check(entrant->out);
    if (!entrant->isMachine)
      row["error_of_exact"] = computeErrorOfExact(inputs, entrant->out);
    if (entrant->oneThread) {
      row["ratio_to_one_thread"] =
          rounds.getSpeedup(entrant->index, *entrant->oneThread);
      session.addRow(std::move(row));
      continue;
    }
    double rate = inputs.operations() / seconds;
    row["dense_gflops"] = 1e-9 * rate;
    if (options.peaks.f32 > 0)
      row["of_f32_peak"] = rate / options.peaks.f32;
    row["cycles_per_score"] = seconds * options.peaks.clock / inputs.scores();
    if (best) {
      row["best_f32"] = rounds.getName(best->index);
      row["ratio_to_best_f32"] = rounds.getSpeedup(entrant->index, best->index);
    }
    if (own)
      row["ratio_to_own_f32"] = rounds.getSpeedup(entrant->index, own->index);
    if (ownInt8)
      row["ratio_to_own_int8"] = rounds.getSpeedup(entrant->index, *ownInt8);
    reportStages(*entrant);
    session.addRow(std::move(row));
  }
  std::vector<Column> columns = {{"implementation", "implementation"},
                                 {"milliseconds", "ms", 3},
                                 {"ratio_to_best_f32", "x best f32", 2},
                                 {"ratio_to_own_f32", "x own f32", 2},
                                 {"ratio_to_own_int8", "x own int8", 2},
                                 {"pruned", "pruned", 3},
                                 {"equal_to_loops", "= loops"},
                                 {"loops_milliseconds", "loops' ms", 1},
                                 {"of_f32_peak", "of f32 peak", 2},
                                 {"cycles_per_score", "cycles/score", 2}};
  std::array<std::string, kNumKernelStages> keys;
  for (auto [number, key] : llvm::enumerate(keys)) {
    key = getStageKey(KernelStage(number));
    if (options.countsStages)
      columns.push_back({key, getName(KernelStage(number)), 2});
  }
  if (!options.threads.empty())
    columns.push_back({"ratio_to_one_thread", "x one thread", 2});
  columns.push_back({"error_of_exact", "error", 6});
  session.printTable(
      llvm::formatv("attention, {0} inputs, {1} heads, {2} x {3} scores, d {4}",
                    inputs.source, inputs.heads(), inputs.queries(),
                    inputs.keys(), inputs.headDim())
          .str(),
      columns);
  return llvm::Error::success();
}
