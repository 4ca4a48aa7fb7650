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
  run.config = config;
  run.activities.reserve(program.commands.size());
  for (const Command &command : program.commands)
    run.activities.push_back(model.execute(command));
  Dependences dependences = findDependences(program, config);
  for (MacReading reading : {MacReading::Fixed, MacReading::Brick})
    run.schedules[unsigned(reading)] = schedule(
        program, run.activities, withReading(config, reading), dependences);
  return run;
}
