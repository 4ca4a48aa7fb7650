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
                        const Config &config) {
  Run run;
  runProgram(program, model, config, findDependences(program, config), run);
  return run;
}

void machine::runProgram(const Program &program, FunctionalModel &model,
                         const Config &config, const Dependences &dependences,
                         Run &run) {
  run.config = config;
  run.activities.resize(program.commands.size());
  for (size_t i = 0; i < program.commands.size(); ++i)
    model.execute(program.commands[i], run.activities[i]);
  std::tie(run.schedules[unsigned(MacReading::Fixed)],
           run.schedules[unsigned(MacReading::Brick)]) =
      schedule(program, run.activities, withReading(config, MacReading::Fixed),
               withReading(config, MacReading::Brick), dependences);
}
