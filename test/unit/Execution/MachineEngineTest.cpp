//===- MachineEngineTest.cpp - any site on any machine, the same numbers --===//
//
// Random sites of every policy, shape, mask, layout and element type on random
// legal machines, bit for bit; batches, dense codes, costs. HDP_TEST_COUNT=N in
// the environment runs N seeds of each random test.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/MachineEngine.h"
#include "Machine/MachineCall.h"
#include "ModuleTest.h"
#include "Numerics/TensorIntegers.h"
#include "RandomSite.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/Machine/Report.h"
#include "hdp/Support/Convert.h"
#include <cstdlib>
#include <cstring>
#include <limits>

using namespace hdp;
using namespace hdp::test;

namespace {

class MachineEngineTest : public ModuleTest {
protected:
  /// Runs a site; an error text instead of tensors if there is one.
  std::vector<NamedTensor> run(const AttentionEngine &engine,
                               const AttentionSpec &spec,
                               llvm::ArrayRef<const HostTensor *> inputs,
                               std::string &problem, SiteCall *call = nullptr) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    problem.clear();
    auto function = buildSite(spec, *module);
    if (!function) {
      problem = llvm::toString(function.takeError());
      return {};
    }
    auto prepared = engine.prepare(*function);
    if (!prepared) {
      problem = llvm::toString(prepared.takeError());
      return {};
    }
    // Twice: models of a program are used again.
    if (!call)
      llvm::consumeError((*prepared)->run(inputs).takeError());
    auto results =
        call ? (*prepared)->measure(inputs, *call) : (*prepared)->run(inputs);
    if (!results) {
      problem = llvm::toString(results.takeError());
      return {};
    }
    return std::move(*results);
  }

  std::unique_ptr<AttentionEngine> makeMachine(MachineOptions options = {}) {
    return makeMachineEngine(std::move(options), makeReferenceEngine());
  }

  static uint64_t getCount(uint64_t count) {
    const char *text = std::getenv("HDP_TEST_COUNT");
    return text ? std::strtoull(text, nullptr, 10) : count;
  }

  std::unique_ptr<AttentionEngine> reference = makeReferenceEngine();
};

bool doesNotFit(const std::string &problem) {
  return llvm::StringRef(problem).starts_with("the attention does not fit");
}

/// Values that differ everywhere, in the operand's element type.
void randomise(HostTensor &tensor, std::mt19937_64 &random) {
  for (int64_t x = 0; x < tensor.getNumElements(); ++x) {
    float value = float(int64_t(random() % 2001) - 1000) / 300;
    switch (tensor.getElementType()) {
    case ElementType::F32:
      tensor.as<float>()[x] = value;
      break;
    case ElementType::F16:
      tensor.as<uint16_t>()[x] = floatToHalf(value);
      break;
    case ElementType::BF16:
      tensor.as<uint16_t>()[x] = floatToBFloat(value);
      break;
    default:
      tensor.as<uint8_t>()[x] = random() % 4 != 0;
    }
  }
}

/// Every second time: a bias that adds nothing. Says whether it is one.
bool forbidOrAllow(HostTensor &bias, std::mt19937_64 &random) {
  if (random() % 2 || bias.getElementType() != ElementType::F32)
    return false;
  for (int64_t x = 0; x < bias.getNumElements(); ++x)
    bias.as<float>()[x] = random() % 3 ? 0.0f
                          : random() % 2
                              ? std::numeric_limits<float>::lowest()
                              : -std::numeric_limits<float>::infinity();
  return true;
}

/// The first row for all rows.
void repeatRow(HostTensor &tensor) {
  size_t row =
      size_t(tensor.getShape().back()) * getByteWidth(tensor.getElementType());
  for (size_t at = row; at < tensor.getNumBytes(); at += row)
    std::memcpy(tensor.getData() + at, tensor.getData(), row);
}

} // namespace

TEST_F(MachineEngineTest, AnySiteOnAnyMachineEqualsThePlainFormulation) {
  uint64_t first = 40001, count = getCount(300);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + count - 1));
  int ran = 0, refused = 0;
  for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    // Some with more than one strip and chunk on most machines.
    auto site = makeRandomSite(seed, /*isExact=*/false,
                               seed % 6 ? CallSize::Small : CallSize::Vectors);
    if (!site)
      continue;
    std::mt19937_64 random(seed);
    MachineOptions options;
    options.config = makeRandomConfig(random);
    std::string problem;
    auto found =
        run(*makeMachine(options), site->spec, site->getInputs(), problem);
    if (doesNotFit(problem)) {
      ++refused;
      continue;
    }
    ASSERT_EQ(problem, "") << site->text;
    ++ran;
    AttentionResult values;
    for (const NamedTensor &tensor : found)
      values[tensor.name] = toIntegers(
          tensor.name == "out" ? permute(tensor.tensor, site->spec.resultPerm)
                               : tensor.tensor);
    // All but scores of the integer pass, validity, and an ungated head's sums.
    EXPECT_GE(values.size(), 26u) << site->text;
    EXPECT_EQ(firstDifference(restrictTo(site->expected, values), values),
              std::nullopt)
        << site->text;
  }
  std::printf("%d ran, %d did not fit\n", ran, refused);
  EXPECT_GT(ran, 0);
}

TEST_F(MachineEngineTest, BatchesOfDifferentValuesEqualTheReference) {
  uint64_t first = 50001, count = getCount(150);
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(first + count - 1));
  int batches = 0, masks = 0, biases = 0;
  for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    auto site = makeRandomSite(seed, /*isExact=*/false);
    if (!site)
      continue;
    std::mt19937_64 random(seed);
    for (HostTensor &input : site->inputs)
      randomise(input, random);
    if (site->spec.bias)
      biases += forbidOrAllow(site->inputs.back(), random);
    if (site->inputs.size() > 3 && random() % 2)
      repeatRow(site->inputs.back());
    // A mask of its own for every batch, where the op takes one.
    if (site->spec.mask && site->inputs[0].getRank() == 4) {
      HostTensor &mask = site->inputs[3];
      llvm::SmallVector<int64_t, 4> shape(mask.getShape());
      llvm::ArrayRef<int64_t> query = site->inputs[0].getShape();
      shape[0] = site->spec.queryPerm.empty()
                     ? query[0]
                     : query[size_t(site->spec.queryPerm[0])];
      site->spec.mask->shape.assign(shape.begin(), shape.end());
      mask = HostTensor(mask.getElementType(), shape);
      randomise(mask, random);
      masks += shape[0] > 1;
    }
    std::string problem;
    auto found = run(*makeMachine(), site->spec, site->getInputs(), problem);
    ASSERT_EQ(problem, "") << site->text;
    auto expected = run(*reference, site->spec, site->getInputs(), problem);
    ASSERT_EQ(problem, "") << site->text;
    batches += site->inputs[0].getRank() == 4;
    EXPECT_EQ(describeDifferences(expected, found), std::nullopt) << site->text;
  }
  EXPECT_GT(batches, 0);
  EXPECT_GT(masks, 0);
  EXPECT_GT(biases, 0);
}

namespace {
/// Two samples with two heads each, each head with a mask of its own.
AttentionSpec makeBatchSpec(std::vector<HostTensor> &inputs, bool isMerged) {
  AttentionSpec spec;
  std::mt19937_64 random(3);
  for (TensorSpec *operand :
       {&spec.query, &spec.key, &spec.value, &spec.result}) {
    operand->shape = {2, 2, 24, 8};
    if (isMerged)
      operand->shape = {4, 24, 8};
    if (operand == &spec.result)
      continue;
    inputs.emplace_back(ElementType::F32, operand->shape);
    randomise(inputs.back(), random);
  }
  spec.mask = spec.query;
  spec.mask->elementType = ElementType::I1;
  spec.mask->shape.back() = 24;
  inputs.emplace_back(ElementType::I1, spec.mask->shape);
  randomise(inputs.back(), random);
  spec.policy = numerics::compensatedPolicy();
  return spec;
}

std::vector<const HostTensor *>
getPointers(const std::vector<HostTensor> &inputs) {
  std::vector<const HostTensor *> pointers;
  for (const HostTensor &input : inputs)
    pointers.push_back(&input);
  return pointers;
}
} // namespace

TEST_F(MachineEngineTest, OnlySamplesThatCountCost) {
  for (bool isMerged : {false, true}) {
    std::vector<HostTensor> inputs;
    AttentionSpec spec = makeBatchSpec(inputs, isMerged);
    MachineOptions options;
    options.hasBaseline = true;
    std::string problem;
    SiteCall both, one;
    both.numValid = both.batchSize = one.batchSize = 2;
    one.keepsLaunch = true;
    auto found =
        run(*makeMachine(options), spec, getPointers(inputs), problem, &both);
    ASSERT_EQ(problem, "");
    EXPECT_EQ(describeDifferences(
                  found, run(*reference, spec, getPointers(inputs), problem)),
              std::nullopt);
    run(*makeMachine(options), spec, getPointers(inputs), problem, &one);
    ASSERT_TRUE(both.cost && one.cost && one.launch && !both.launch);
    EXPECT_EQ(both.cost->programs, 2u);
    EXPECT_EQ(one.cost->programs, 1u);
    EXPECT_EQ(both.cost->counters.heads.size(), 2u);
    EXPECT_EQ(both.cost->denseOperations, 2 * one.cost->denseOperations);
    EXPECT_EQ(both.cost->denseOperations, 4.0 * 24 * 24 * 8 * 4);
    EXPECT_LT(one.cost->readings[0].cycles, both.cost->readings[0].cycles);
    EXPECT_EQ(one.launch->run.get(machine::MacReading::Fixed).cycles,
              one.cost->readings[0].cycles);
    // Dense: every position, whatever the values.
    ASSERT_EQ(one.cost->baselines.size(), 2u);
    ASSERT_EQ(both.cost->baselines.size(), 2u);
    for (size_t b = 0; b < 2; ++b) {
      EXPECT_EQ(one.cost->baselines[b].bits, b == 0 ? 16u : 8u);
      EXPECT_EQ(one.cost->baselines[b].counters.macs, 2u * 2 * 24 * 24 * 8);
      EXPECT_EQ(both.cost->baselines[b].cycles[0],
                2 * one.cost->baselines[b].cycles[0]);
    }
    EXPECT_EQ(both.cost->readings[1].energy.total().low,
              machine::computeEnergy(
                  both.cost->counters.total, machine::EnergyTable(),
                  machine::MacReading::Brick, machine::Config(),
                  both.cost->readings[1].cycles)
                  .total()
                  .low);
  }
}

TEST_F(MachineEngineTest, ExactAttentionIsTheOtherEnginesUnlessAskedFor) {
  std::vector<HostTensor> inputs;
  AttentionSpec spec = makeBatchSpec(inputs, /*isMerged=*/false);
  spec.policy.reset();
  std::string problem;
  auto exact = run(*reference, spec, getPointers(inputs), problem);
  auto same = run(*makeMachine(), spec, getPointers(inputs), problem);
  ASSERT_EQ(problem, "");
  EXPECT_EQ(describeDifferences(exact, same), std::nullopt);
  double errors[2];
  for (unsigned bits : {16u, 8u}) {
    MachineOptions options;
    options.denseBits = bits;
    SiteCall call;
    auto dense =
        run(*makeMachine(options), spec, getPointers(inputs), problem, &call);
    ASSERT_EQ(problem, "");
    ASSERT_EQ(dense.size(), 1u);
    errors[bits == 8] = computeMaxError(exact[0].tensor, dense[0].tensor);
    ASSERT_TRUE(call.cost);
    EXPECT_EQ(call.cost->counters.total.macs, 2u * 4 * 24 * 24 * 8);
  }
  EXPECT_GT(errors[0], 0.0);
  EXPECT_LT(errors[0], 0.02);
  EXPECT_LT(errors[0], errors[1]);
  EXPECT_LT(errors[1], 1.0);
}

TEST_F(MachineEngineTest, WhatOnlyTheCallShowsIsAnError) {
  std::vector<HostTensor> inputs;
  AttentionSpec spec = makeBatchSpec(inputs, /*isMerged=*/false);
  spec.mask.reset();
  inputs.pop_back();
  spec.bias = TensorSpec{ElementType::F32, {1, 1, 1, 24}};
  inputs.emplace_back(ElementType::F32, spec.bias->shape);
  inputs.back().as<float>()[5] = std::nanf("");
  std::string problem;
  run(*makeMachine(), spec, getPointers(inputs), problem);
  EXPECT_EQ(problem, "expected a bias without NaN, found NaN at [0, 0, 0, 5]");

  for (TensorSpec *operand : {&spec.query, &spec.key, &spec.value})
    operand->shape[2] = -1;
  inputs.back() = HostTensor(ElementType::F32, spec.bias->shape);
  inputs[2] = HostTensor(ElementType::F32, {2, 2, 23, 8});
  run(*makeMachine(), spec, getPointers(inputs), problem);
  EXPECT_EQ(problem, "expected as many rows of k as of v, found 24 and 23");

  inputs[2] = HostTensor(ElementType::F32, {2, 2, 24, 7});
  run(*makeMachine(), spec, getPointers(inputs), problem);
  EXPECT_EQ(problem, "expected input 'v' of type tensor<2x2x?x8xf32>, found "
                     "tensor<2x2x24x7xf32>");

  MachineOptions small;
  small.config.out_bytes = 64;
  small.config.acc_bytes = 64;
  inputs[2] = HostTensor(ElementType::F32, {2, 2, 24, 8});
  run(*makeMachine(small), spec, getPointers(inputs), problem);
  EXPECT_TRUE(doesNotFit(problem)) << problem;
}
