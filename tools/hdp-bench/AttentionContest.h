//===- AttentionContest.h - one attention, all implementations --*- C++ -*-===//
//
// Collects implementations of one attention, times them in turn, and makes a
// row of each. Who takes part is said in other files: CompiledEntrants.cpp
// (ours), DenseEntrants.cpp (our dense baselines), LibraryEntrants.cpp
// (libraries of matrix products), PythonEntrants.cpp (frameworks).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H
#define HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H

#include "CompiledAttention.h"
#include "Inputs.h"
#include "Peaks.h"
#include "PythonPeers.h"
#include "Session.h"
#include <map>

namespace hdp::bench {

struct ContestOptions {
  /// Wanted shares of pruned blocks, 0 to 1.
  std::vector<double> pruned;
  numerics::Policy policy;
  /// Folders where libraries are looked for before the system's.
  std::vector<std::string> libraryFolders;
  /// Of our kernels, as the pipeline takes it.
  std::string target = "host";
  Peaks peaks;
  /// Ours also with so many threads, by the clock; empty: not.
  std::vector<unsigned> threads;
  /// Also the policy as it is, whatever it prunes.
  bool usesPolicyAsGiven = false;
  /// Also run kernels that count the ticks of their stages.
  bool countsStages = false;
};

/// One implementation: its result and what is known of it before it runs.
struct Entrant {
  HostTensor out;
  llvm::json::Object row;
  /// Dense in f32; of the project, or something that a user could pick.
  bool isF32 = false, isOwn = false;
  /// Gives `out` where the call does not.
  std::function<llvm::Error(HostTensor &out)> fetch;
  /// Whether the result equals that of the loops, where there are any.
  std::function<bool(const HostTensor &out)> check;
  size_t index = 0;
  /// Not an attention: multiply-adds in registers.
  bool isMachine = false;
  /// The one with a single thread, which alone this is to be compared with.
  std::optional<size_t> oneThread;
  /// Of the stages, one a round, and the counting kernel's entry in the rounds.
  std::vector<StageShares> shares;
  size_t countedIndex = 0;
};

class Contest {
public:
  Contest(const AttentionInputs &inputs, const ContestOptions &options,
          Session &session)
      : inputs(inputs), options(options), session(session) {}

  /// With threads: how far this machine's cores run side by side.
  void addMachine();
  /// Ours: exact attention, and pruned attention at each wanted share.
  llvm::Error addCompiled(mlir::MLIRContext &context);
  /// Our dense attention in f32 and in 8 bits, for this processor.
  void addDense();
  /// Products of a library with our softmax between them.
  void addLibraries();
  /// The same with products of bf16, of the library that has them.
  void addBF16Library();
  /// What a Python process with frameworks offers.
  llvm::Error addPython(PythonPeers &python);

  llvm::Error run();
  /// Adds the rows and prints the table.
  llvm::Error report();

private:
  Entrant &addEntrant(llvm::StringRef name);
  /// One that writes its result into `out` and is timed here.
  Entrant &add(llvm::StringRef name,
               std::function<llvm::Error(HostTensor &out)> call);
  /// Takes turns with the others as well: a kernel that counts its stages.
  void addCounted(Entrant &entrant, CompiledAttention attention);
  void reportStages(Entrant &entrant);
  /// Our code for `policy`, or exact; it lives as long as this.
  llvm::Expected<const CompiledAttention *>
  compile(const std::optional<numerics::Policy> &policy,
          const CompileOptions &kernels, mlir::MLIRContext &context);
  /// Ours with one and with more threads.
  llvm::Error addThreaded(llvm::StringRef name,
                          const std::optional<numerics::Policy> &policy,
                          mlir::MLIRContext &context);
  Entrant &addDense(llvm::StringRef name, DenseKernel kernel, bool isF32);
  /// The fastest dense f32 implementation, null if there is none.
  const Entrant *findBest(bool isOwn) const;
  float *takeMemory(size_t bytes);

  const AttentionInputs &inputs;
  const ContestOptions &options;
  Session &session;
  /// Calls refer to these.
  std::vector<std::unique_ptr<Entrant>> entrants;
  std::vector<std::unique_ptr<CompiledAttention>> compiled;
  std::vector<std::unique_ptr<float, void (*)(void *)>> memory;
  RoundRobin rounds;
  std::optional<size_t> ownInt8;
};

/// The f32 kernels for this processor, in vectors no wider than those of
/// `target`: what its figures are compared with has no more either.
DenseKernel getDenseF32(const Host &host, llvm::StringRef target);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_ATTENTIONCONTEST_H
