//===- DoubleBufferTest.cpp - overlap changes cycles, not numbers ---------===//
//
// Programs with and without double buffering on values, and what it saves.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/DoubleBuffer.h"
#include "MachineCall.h"
#include "hdp/Machine/Allocation.h"
#include "hdp/Machine/Machine.h"
#include "hdp/Support/Error.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;

namespace {

llvm::Expected<Program> place(const NamedProgram &named, const Config &config) {
  llvm::Expected<Allocation> allocation = allocate(named, config);
  if (!allocation)
    return allocation.takeError();
  Program program = applyAllocation(named, *allocation);
  if (llvm::Error error = checkAllocation(named, program, config))
    return error;
  return program;
}

struct Outcome {
  std::vector<float> out;
  uint64_t cycles = 0;
};

llvm::Expected<Outcome> execute(const AttentionCall &call,
                                const NamedProgram &named,
                                const Config &config) {
  llvm::Expected<Program> program = place(named, config);
  if (!program)
    return program.takeError();
  if (llvm::Error error = verifyProgram(*program, config))
    return error;
  FunctionalModel model(*program, config);
  AttentionOperands operands = makeOperands(call);
  writeInputs(*program, operands, model);
  Run run = runProgram(*program, model, config);
  return Outcome{readOutput(*program, operands, model),
                 run.get(MacReading::Brick).cycles};
}

/// Bits, so that every NaN and zero counts.
std::vector<uint32_t> bitsOf(const std::vector<float> &values) {
  std::vector<uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), 4 * values.size());
  return bits;
}

} // namespace

TEST(DoubleBuffer, outputsAreTheSameOnAnyMachine) {
  std::mt19937_64 random(4);
  int ran = 0, moved = 0, faster = 0, slower = 0;
  for (uint64_t seed = 3000; seed < 3800; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config = seed % 2 ? makeRandomConfig(random) : Config();
    AttentionRequest request = makeRequest(call);
    request.fetchUponMask = random() % 4 != 0;
    llvm::Expected<NamedProgram> named = buildNamedAttention(request, config);
    if (!named) {
      llvm::consumeError(named.takeError());
      continue;
    }
    llvm::Error error = verifyNamedProgram(*named, config);
    ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
    llvm::Expected<Outcome> plain = execute(call, *named, config);
    ASSERT_TRUE(bool(plain)) << llvm::toString(plain.takeError());
    llvm::Expected<Overlapped> done = doubleBuffer(*named, config);
    ASSERT_TRUE(bool(done)) << llvm::toString(done.takeError());
    llvm::Expected<Outcome> overlapped = execute(call, *named, config);
    ASSERT_TRUE(bool(overlapped)) << llvm::toString(overlapped.takeError());
    ++ran;
    moved += done->moved > 0;
    faster += overlapped->cycles < plain->cycles;
    slower += overlapped->cycles > plain->cycles;
    ASSERT_EQ(bitsOf(overlapped->out), bitsOf(plain->out))
        << "seed " << seed << ": " << describe(call);
  }
  std::printf("%d ran, %d with another order, %d faster, %d slower\n", ran,
              moved, faster, slower);
  EXPECT_GT(ran, 600);
  EXPECT_GT(moved, 200);
  EXPECT_GT(faster, 10 * slower);
}

namespace {
/// Cycles of normal Q, K and V without and with overlap, which are printed.
std::pair<uint64_t, uint64_t> measureLayer(const Config &config,
                                           AttentionCall call) {
  std::mt19937_64 random(6);
  call.d = call.dv = 64;
  call.scale = 0.125;
  std::normal_distribution<float> normal;
  auto fill = [&](std::vector<float> &x, int64_t rows) {
    x.resize(size_t(call.Hq * rows * 64));
    for (float &value : x)
      value = normal(random);
  };
  fill(call.q, call.Lq);
  fill(call.k, call.Lk);
  fill(call.v, call.Lk);
  llvm::Expected<NamedProgram> named =
      buildNamedAttention(makeRequest(call), config);
  EXPECT_TRUE(bool(named)) << llvm::toString(named.takeError());
  llvm::Expected<Outcome> plain = execute(call, *named, config);
  EXPECT_TRUE(bool(plain)) << llvm::toString(plain.takeError());
  EXPECT_TRUE(bool(doubleBuffer(*named, config)));
  llvm::Expected<Outcome> overlapped = execute(call, *named, config);
  EXPECT_TRUE(bool(overlapped)) << llvm::toString(overlapped.takeError());
  EXPECT_EQ(bitsOf(overlapped->out), bitsOf(plain->out));
  std::printf("%s, %d x %d: %d cycles plain, %d overlapped\n",
              config.name.c_str(), int(call.Lq), int(call.Lk),
              int(plain->cycles), int(overlapped->cycles));
  return {plain->cycles, overlapped->cycles};
}
} // namespace

TEST(DoubleBuffer, savesCyclesOnLayers) {
  for (const char *name : {"hdp-edge.yaml", "hdp-server.yaml"}) {
    auto config = loadConfig(std::string(HDP_MACHINES_DIR "/") + name);
    ASSERT_TRUE(bool(config));
    for (int64_t length : {128, 384, 512}) {
      AttentionCall call;
      call.Hq = call.Hkv = 12;
      call.Lq = call.Lk = length;
      auto [plain, overlapped] = measureLayer(*config, call);
      EXPECT_LT(overlapped * 10, plain * 9);
    }
  }
}

TEST(DoubleBuffer, savesCyclesWhereKeysComeInChunks) {
  auto config = loadConfig(HDP_MACHINES_DIR "/hdp-edge.yaml");
  ASSERT_TRUE(bool(config));
  AttentionCall call;
  call.Hq = call.Hkv = 1;
  call.Lq = 128;
  call.Lk = 4096;
  for (double rho : {0.0, 0.5}) {
    call.policy.threshold = rho;
    auto [plain, overlapped] = measureLayer(*config, call);
    EXPECT_LT(overlapped * 10, plain * 9);
  }
}

TEST(DoubleBuffer, withoutRoomNothingChanges) {
  AttentionCall call = makeRandomCall(12);
  Config config;
  llvm::Expected<NamedProgram> named =
      buildNamedAttention(makeRequest(call), config);
  ASSERT_TRUE(bool(named));
  llvm::Expected<Allocation> allocation = allocate(*named, config);
  ASSERT_TRUE(bool(allocation));
  // A machine with exactly what the plain program needs.
  uint64_t needed[numBuffers] = {};
  for (auto [buffer, where] : llvm::zip(named->buffers, *allocation)) {
    uint64_t &bytes = needed[unsigned(buffer.scratchpad)];
    bytes =
        std::max({bytes, uint64_t(64), where.base + where.size * where.slots});
  }
  uint64_t *fields[] = {
      &config.q_bytes,     &config.k_bytes,    &config.v_bytes,
      &config.theta_bytes, &config.mask_bytes, &config.score_bytes,
      &config.bias_bytes,  &config.stat_bytes, &config.sum_bytes,
      &config.acc_bytes,   &config.out_bytes};
  for (unsigned b = 0; b < 11; ++b)
    *fields[b] = std::max<uint64_t>(64, needed[b]);
  // One byte of slack would not hold a second turn of anything.
  config.score_bytes = config.acc_bytes = 0;
  for (auto [buffer, where] : llvm::zip(named->buffers, *allocation)) {
    if (buffer.scratchpad == Buffer::Score)
      config.score_bytes = where.size;
    if (buffer.scratchpad == Buffer::Acc)
      config.acc_bytes = where.size;
  }
  NamedProgram before = *named;
  llvm::Expected<Overlapped> done = doubleBuffer(*named, config);
  ASSERT_TRUE(bool(done));
  EXPECT_EQ(done->moved, 0u);
}

TEST(DoubleBuffer, anOrderThatBreaksADependenceIsRefused) {
  AttentionCall call = makeRandomCall(1);
  Config config;
  llvm::Expected<NamedProgram> named =
      buildNamedAttention(makeRequest(call), config);
  ASSERT_TRUE(bool(named));
  const std::vector<Command> &commands = named->program.commands;
  auto check = [&](const std::vector<uint32_t> &order) {
    NamedProgram after = *named;
    for (size_t i = 0; i < order.size(); ++i)
      after.program.commands[i] = commands[order[i] % commands.size()];
    return checkOrder(*named, after, order);
  };
  std::vector<uint32_t> order(commands.size());
  for (uint32_t i = 0; i < order.size(); ++i)
    order[i] = i;
  EXPECT_FALSE(bool(check(order)));
  // Each softmax reads the scores of the command before it.
  int swapped = 0;
  for (uint32_t i = 1; i < order.size(); ++i)
    if (std::holds_alternative<SoftmaxCommand>(commands[i]) &&
        std::holds_alternative<ScoreCommand>(commands[i - 1])) {
      std::swap(order[i - 1], order[i]);
      llvm::Error error = check(order);
      EXPECT_TRUE(bool(error));
      std::string message = llvm::toString(std::move(error));
      EXPECT_NE(message.find("which depends on it"), std::string::npos)
          << message;
      std::swap(order[i - 1], order[i]);
      ++swapped;
    }
  EXPECT_GT(swapped, 0);
  std::vector<uint32_t> twice = order;
  twice[0] = twice[1];
  llvm::Error error = check(twice);
  EXPECT_EQ(llvm::toString(std::move(error)),
            "the order has command 1 twice or not at all");
  // A turn that two commands share has to stay one turn.
  NamedProgram after = *named;
  for (Command &command : after.program.commands)
    if (auto *softmax = std::get_if<SoftmaxCommand>(&command)) {
      softmax->score_address += 1;
      break;
    }
  error = checkOrder(*named, after, order);
  std::string message = llvm::toString(std::move(error));
  EXPECT_NE(message.find("has another turn than its fellows"),
            std::string::npos)
      << message;
}
