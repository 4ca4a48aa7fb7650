//===- Machine.cpp - the run loop -----------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Machine.h"

using namespace hdp;
using namespace hdp::machine;

llvm::StringRef machine::stringify(MacReading reading) {
  return reading == MacReading::Fixed ? "fixed" : "brick";
}

Config machine::withReading(Config config, MacReading reading) {
  config.brick_macs = reading == MacReading::Brick;
  return config;
}

Run machine::runProgram(const Program &program, FunctionalModel &model,
                        const Config &config, RunProgress progress) {
  Run run;
  runProgram(program, model, config, findDependences(program, config), run,
             progress);
  return run;
}

void machine::runProgram(const Program &program, FunctionalModel &model,
                         const Config &config, const Dependences &dependences,
                         Run &run, RunProgress progress) {
  run.config = config;
  size_t n = program.commands.size();
  run.activities.resize(n);
  for (size_t i = 0; i < n; ++i) {
    model.execute(program.commands[i], run.activities[i]);
    if (progress && (i % 64 == 63 || i + 1 == n))
      progress(int64_t(i + 1), int64_t(n));
  }
  std::tie(run.schedules[unsigned(MacReading::Fixed)],
           run.schedules[unsigned(MacReading::Brick)]) =
      schedule(program, run.activities, withReading(config, MacReading::Fixed),
               withReading(config, MacReading::Brick), dependences);
}
