//===- MachineLaunch.h - programs of a site, ready to launch ----*- C++ -*-===//
//
// Builds the program for sizes when they are first seen, keeps it with models
// that are free to execute it, and measures dense baselines.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_MACHINELAUNCH_H
#define HDP_LIB_EXECUTION_MACHINELAUNCH_H

#include "hdp/Execution/MachineEngine.h"
#include "hdp/Machine/Dense.h"
#include "hdp/Machine/Report.h"
#include <map>
#include <mutex>

namespace hdp {

/// What one launch gave.
struct LaunchResult {
  machine::Intermediates intermediates;
  std::vector<float> out;
  /// The elements of input symbols that are intermediates too.
  std::map<std::string, std::vector<int64_t>> inputs;
  std::vector<int32_t> valueExponents;
  std::shared_ptr<const machine::Program> program;
  machine::Run run;
};

/// The intermediates of a launch that are wanted.
enum class Recording { None, Blocks, Values };

class Launcher {
public:
  explicit Launcher(const MachineOptions &options) : options(options) {}

  /// Executes an attention. `isTimed`: not only values, also cycles.
  llvm::Expected<LaunchResult>
  launch(const machine::Site &site, const machine::AttentionOperands &operands,
         Recording recording, bool isTimed);

  /// The report of a timed launch, with the baselines that the options ask for.
  llvm::Expected<machine::RunReport>
  report(const machine::Site &site, const machine::AttentionOperands &operands,
         const LaunchResult &result);

private:
  /// A program and models that nobody uses now.
  struct Ready {
    std::shared_ptr<const machine::Program> program;
    machine::Dependences dependences;
    std::vector<std::unique_ptr<machine::FunctionalModel>> models;
  };
  llvm::Expected<Ready *> prepare(const machine::AttentionRequest &request);
  std::unique_ptr<machine::FunctionalModel> takeModel(Ready &ready);
  llvm::Expected<machine::RunReport::Baseline>
  measureDense(const machine::Site &site,
               const machine::AttentionOperands &operands, unsigned bits);

  MachineOptions options;
  std::mutex mutex; ///< guards what follows
  /// By sizes and kinds of masks.
  std::map<std::vector<uint64_t>, Ready> programs;
  /// By bits, sizes and validity: cycles do not depend on other values.
  std::map<std::pair<std::vector<uint64_t>, std::string>,
           machine::RunReport::Baseline>
      baselines;
};

} // namespace hdp

#endif // HDP_LIB_EXECUTION_MACHINELAUNCH_H
