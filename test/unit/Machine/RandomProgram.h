//===- RandomProgram.h - programs of random words ---------------*- C++ -*-===//
//
// Every command with random fields: nothing that a machine would execute, but
// everything that a stream has to carry.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_MACHINE_RANDOMPROGRAM_H
#define HDP_TEST_UNIT_MACHINE_RANDOMPROGRAM_H

#include "hdp/Machine/Program.h"
#include <random>

namespace hdp::test {

/// One of each command, all fields random.
inline std::vector<machine::Command>
makeRandomCommands(std::mt19937_64 &random) {
  std::vector<machine::Command> commands = {
#define HDP_COMMAND(Name, opcode, unit, mnemonic, sentence)                    \
  machine::Name##Command(),
#include "hdp/Machine/Commands.def"
  };
  for (machine::Command &command : commands)
    std::visit(
        [&](auto &alternative) {
          visitFields(alternative, [&](const char *, auto &value) {
            value = static_cast<std::decay_t<decltype(value)>>(random());
          });
        },
        command);
  return commands;
}

/// A program with two sites, some symbols and one of each command.
inline machine::Program makeRandomProgram(uint64_t seed) {
  std::mt19937_64 random(seed);
  machine::Program program;
  program.name = "random" + std::to_string(seed);
  program.arch = machine::getArch(machine::Config());
  machine::Site site;
  site.Hq = 4;
  site.Hkv = 2;
  site.Lq = 1 + random() % 100;
  site.Lk = 1 + random() % 100;
  site.d = 64;
  site.dv = 1 + random() % 64;
  site.scale = 0.125;
  site.causal = random() % 2;
  program.sites = {site};
  site.policy = numerics::paperPolicy();
  site.hasMask = true;
  program.sites.push_back(site);
  for (const char *name : {"q", "k", "", "a longer name"})
    program.symbols.push_back(
        {name,
         random() % 2 ? machine::Symbol::Input : machine::Symbol::Output,
         uint8_t(1 + random() % 32),
         1 + random() % 9999,
         uint32_t(1 + random() % 999),
         random() >> 20,
         {}});
  for (unsigned bits : {1, 8, 16, 32}) {
    machine::Symbol constant{"c" + std::to_string(bits),
                             machine::Symbol::Constant,
                             uint8_t(bits),
                             1 + random() % 3,
                             uint32_t(1 + random() % 20),
                             random() >> 20,
                             {}};
    for (uint64_t i = 0; i < constant.bytes(); ++i)
      constant.contents.push_back(
          char(bits == 1 && constant.columns % 8 ? random() % 2 : random()));
    program.symbols.push_back(std::move(constant));
  }
  program.commands = makeRandomCommands(random);
  return program;
}

} // namespace hdp::test

#endif // HDP_TEST_UNIT_MACHINE_RANDOMPROGRAM_H
