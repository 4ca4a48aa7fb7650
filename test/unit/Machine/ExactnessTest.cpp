//===- ExactnessTest.cpp - the machine's numbers are the rules' -----------===//
//
// Random attentions of any policy on random machines, bit for bit against the
// plain formulation; chunks, gates, grouped heads and dense programs.
//
//===----------------------------------------------------------------------===//

#include "MachineCall.h"
#include "Numerics/GoldenCall.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::machine;
using namespace hdp::test;
using namespace hdp::numerics;

namespace {

/// Names that the machine holds for every pruned call.
const char *const always[] = {"theta", "kind", "kept", "T",  "a",  "S",
                              "e",     "w",    "c",    "wc", "M",  "k",
                              "den",   "num",  "R",    "o",  "out"};

/// Empty when all is equal.
std::string compare(const AttentionCall &call, const AttentionRequest &request,
                    const Config &config, const AttentionResult &plain) {
  llvm::Expected<AttentionResult> found = runOnMachine(call, request, config);
  if (!found)
    return llvm::toString(found.takeError());
  for (const char *name : always)
    if (!found->count(name))
      return std::string(name) + " is not held";
  return firstDifference(restrictTo(plain, *found), *found).value_or("");
}

} // namespace

TEST(Exactness, anyPolicyOnTheDefaultMachine) {
  for (uint64_t seed = 0; seed < 600; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    EXPECT_EQ(
        compare(call, makeRequest(call), Config(), runPlainAttention(call)), "")
        << "seed " << seed << ": " << describe(call);
    if (HasFailure())
      return;
  }
}

TEST(Exactness, anyPolicyOnAnyMachineThatItFits) {
  std::mt19937_64 random(5);
  int ran = 0, refused = 0;
  for (uint64_t seed = 1000; seed < 2200; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config = makeRandomConfig(random);
    ASSERT_FALSE(bool(checkConfig(config)));
    AttentionRequest request = makeRequest(call);
    request.fetchUponMask = random() % 4 != 0;
    std::string found = compare(call, request, config, runPlainAttention(call));
    if (found.rfind("the attention does not fit", 0) == 0) {
      ++refused;
      continue;
    }
    ++ran;
    EXPECT_EQ(found, "") << "seed " << seed << ": " << describe(call);
    if (HasFailure())
      return;
  }
  std::printf("%d ran, %d did not fit\n", ran, refused);
  EXPECT_GT(ran, 600);
}

TEST(Exactness, sharedWeightsOfMaskedRowsNeedMoreThan32Bits) {
  // Flat scores and values of one sign: den is far above 2^16, and the columns
  // of a group with a masked one are weighed one by one.
  for (int64_t length : {64, 130}) {
    AttentionCall call;
    std::mt19937_64 random(static_cast<uint64_t>(length));
    std::normal_distribution<float> normal;
    call.Hq = call.Hkv = 2;
    call.Lq = call.Lk = length;
    call.d = call.dv = 16;
    call.scale = 1e-3;
    call.policy.threshold = 0.9;
    for (std::vector<float> *x : {&call.q, &call.k, &call.v}) {
      x->resize(size_t(2 * length * 16));
      for (float &value : *x)
        value = x == &call.v ? 7.5f + normal(random) / 100 : normal(random);
    }
    call.mask.assign(size_t(length), 1);
    for (int64_t j = 25; j < length; ++j)
      call.mask[size_t(j)] = 0;
    AttentionResult plain = runPlainAttention(call);
    EXPECT_GT(*std::max_element(plain["num"].begin(), plain["num"].end()),
              int64_t(1) << 31);
    EXPECT_EQ(compare(call, makeRequest(call), Config(), plain), "");
  }
}

TEST(Exactness, keysInChunks) {
  // Buffers so small that keys and values have to be cut.
  std::mt19937_64 random(9);
  int chunked = 0, gated = 0;
  for (uint64_t seed = 5000; seed < 7000 && chunked < 150; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    Config config = makeRandomConfig(random);
    config.k_bytes = 64 + 16 * (random() % 4);
    config.v_bytes = 64 + 16 * (random() % 4);
    llvm::Expected<Program> program = buildAttention(makeRequest(call), config);
    if (!program) {
      llvm::consumeError(program.takeError());
      continue;
    }
    bool isChunked = false;
    for (const Command &command : program->commands) {
      if (auto *score = std::get_if<ScoreCommand>(&command))
        isChunked |= score->column > 0;
      if (auto *weigh = std::get_if<WeighCommand>(&command))
        isChunked |= weigh->column > 0;
    }
    if (!isChunked)
      continue;
    ++chunked;
    gated += call.policy.tau8() > 0;
    EXPECT_EQ(compare(call, makeRequest(call), config, runPlainAttention(call)),
              "")
        << "seed " << seed << ": " << describe(call);
    if (HasFailure())
      return;
  }
  EXPECT_EQ(chunked, 150);
  EXPECT_GT(gated, 20);
}

TEST(Exactness, goldenVectorsOnBothMachines) {
  std::vector<std::string> files = findGoldenFiles(HDP_DEFAULT_DATA_DIR);
  if (files.empty())
    GTEST_SKIP() << "left out: no golden vectors (set HDP_DATA_DIR)";
  for (const char *name : {"hdp-edge.yaml", "hdp-server.yaml"}) {
    auto config = loadConfig(std::string(HDP_MACHINES_DIR "/") + name);
    ASSERT_TRUE(bool(config)) << llvm::toString(config.takeError());
    for (const std::string &path : files) {
      SCOPED_TRACE(path + " on " + name);
      llvm::Expected<TensorFile> file = TensorFile::open(path);
      ASSERT_TRUE(bool(file)) << llvm::toString(file.takeError());
      AttentionCall call = readCall(*file);
      EXPECT_EQ(compare(call, makeRequest(call), *config, readExpected(*file)),
                "");
    }
  }
}

TEST(Exactness, denseCodesEqualAPolicyThatKeepsEverything) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    AttentionCall call = makeRandomCall(seed);
    call.bias.clear();
    call.policy.format = {4, 4};
    call.policy.products = Products::Full;
    call.policy.pruned = Pruned::Dropped;
    call.policy.selection = Selection::TopK;
    call.policy.threshold = 1.0;
    call.policy.tau = 0.0;
    AttentionRequest request = makeRequest(call);
    request.site.dense = true;
    llvm::Expected<AttentionResult> found =
        runOnMachine(call, request, Config());
    ASSERT_TRUE(bool(found)) << llvm::toString(found.takeError());
    EXPECT_TRUE(found->count("S") && !found->count("theta"));
    EXPECT_EQ(
        firstDifference(restrictTo(runPlainAttention(call), *found), *found),
        std::nullopt)
        << "seed " << seed << ": " << describe(call);
    if (HasFailure())
      return;
  }
}

TEST(Exactness, denseWideCodesKeepTheWholeProduct) {
  AttentionCall call = makeRandomCall(3);
  call.bias.clear();
  call.mask.clear();
  call.causal = false;
  call.policy = paperPolicy();
  call.policy.format = {4, 12};
  AttentionRequest request = makeRequest(call);
  request.site.dense = true;
  llvm::Expected<AttentionResult> found = runOnMachine(call, request, Config());
  ASSERT_TRUE(bool(found)) << llvm::toString(found.takeError());
  AttentionResult plain = runPlainAttention(call);
  for (int64_t h = 0; h < call.Hq; ++h)
    for (int64_t i = 0; i < call.Lq; ++i)
      for (int64_t j = 0; j < call.Lk; ++j) {
        int64_t kv = h / (call.Hq / call.Hkv), sum = 0;
        for (int64_t t = 0; t < call.d; ++t) {
          size_t q = size_t((h * call.Lq + i) * call.d + t),
                 k = size_t((kv * call.Lk + j) * call.d + t);
          sum += (plain["qI"][q] * 4096 + plain["qF"][q]) *
                 (plain["kI"][k] * 4096 + plain["kF"][k]);
        }
        int64_t quotient = sum >= 0 ? sum / 4096 : -((-sum + 4095) / 4096);
        EXPECT_EQ((*found)["S"][size_t((h * call.Lq + i) * call.Lk + j)],
                  quotient);
      }
}
