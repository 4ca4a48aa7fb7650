//===- MachineCall.cpp - attention calls on machines ----------------------===//
//
// See the header; nothing here knows a rule.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"

using namespace hdp::machine;
using namespace hdp::test;

Site hdp::test::makeSite(const AttentionCall &call) {
  Site site;
  site.policy = call.policy;
  site.scale = call.scale;
  site.causal = call.causal;
  site.Hq = uint32_t(call.Hq);
  site.Hkv = uint32_t(call.Hkv);
  site.Lq = uint32_t(call.Lq);
  site.Lk = uint32_t(call.Lk);
  site.d = uint32_t(call.d);
  site.dv = uint32_t(call.dv);
  return site;
}

AttentionOperands hdp::test::makeOperands(const AttentionCall &call) {
  AttentionOperands operands;
  operands.q = call.q;
  operands.k = call.k;
  operands.v = call.v;
  operands.mask = call.mask;
  operands.maskHeads = uint32_t(call.maskHeads);
  operands.maskRows = uint32_t(call.maskRows);
  operands.bias = call.bias;
  operands.biasHeads = uint32_t(call.biasHeads);
  operands.biasRows = uint32_t(call.biasRows);
  return operands;
}

AttentionRequest hdp::test::makeRequest(const AttentionCall &call) {
  return hdp::machine::makeRequest(makeSite(call), makeOperands(call));
}

llvm::Expected<AttentionResult>
hdp::test::runOnMachine(const AttentionCall &call,
                        const AttentionRequest &request, const Config &config) {
  llvm::Expected<Program> program = buildAttention(request, config);
  if (!program)
    return program.takeError();
  if (llvm::Error error = verifyProgram(*program, config))
    return error;
  FunctionalModel model(*program, config);
  AttentionOperands operands = makeOperands(call);
  writeInputs(*program, operands, model);
  AttentionResult result;
  model.record(&result);
  for (const Command &command : program->commands)
    model.execute(command);
  for (float value : readOutput(*program, operands, model))
    result["out"].push_back(floatBits(value));
  return result;
}

Config hdp::test::makeRandomConfig(std::mt19937_64 &random) {
  Config config;
  auto oneOf = [&](std::initializer_list<uint64_t> values) {
    return values.begin()[random() % values.size()];
  };
  config.cores = oneOf({1, 2, 4, 6, 8});
  do
    config.cores_per_head = oneOf({1, 2, 3, 4, 8});
  while (config.cores % config.cores_per_head != 0);
  config.pe_rows = oneOf({1, 2, 3, 4});
  config.pe_columns = oneOf({1, 2, 4, 5});
  config.strip_rows = oneOf({1, 2, 3, 4, 8});
  for (uint64_t *bytes :
       {&config.q_bytes, &config.k_bytes, &config.v_bytes, &config.theta_bytes,
        &config.mask_bytes, &config.score_bytes, &config.bias_bytes,
        &config.stat_bytes, &config.sum_bytes, &config.acc_bytes,
        &config.out_bytes})
    *bytes = uint64_t(256) << random() % 8;
  config.brick_macs = random() % 2;
  config.drain_per_cycle = 1 + random() % 16;
  config.sweep_per_cycle = 1 + random() % 16;
  config.exp_per_cycle = 1 + random() % 8;
  config.k_port_bytes = 1 + random() % 128;
  config.dram_bytes_per_kilocycle = 100 + random() % 100000;
  config.dram_latency_cycles = random() % 300;
  return config;
}

AttentionResult hdp::test::restrictTo(const AttentionResult &expected,
                                      const AttentionResult &found) {
  AttentionResult shared;
  for (const auto &[name, values] : expected)
    if (found.count(name))
      shared[name] = values;
  return shared;
}
