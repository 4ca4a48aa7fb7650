//===- HDPAPassesTest.cpp - the passes are the library --------------------===//
//
// Random attentions on random machines: named programs survive MLIR and its
// text, and the passes on ops give the program that machine::buildAttention
// gives.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDPA/Transforms/Passes.h"
#include "hdp/Machine/ProgramBuilder.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include <gtest/gtest.h>
#include <random>

using namespace hdp;
using namespace hdp::machine;

namespace {

/// Sizes, a policy, masks, and a machine that may be too small for them.
AttentionRequest makeRandomRequest(std::mt19937_64 &random) {
  AttentionRequest request;
  Site &site = request.site;
  site.policy =
      random() % 3 ? numerics::compensatedPolicy() : numerics::paperPolicy();
  site.policy.blockCols = int64_t(1) << random() % 3;
  if (random() % 3 == 0)
    site.policy.tau = 1.0;
  site.Hkv = uint32_t(1 + random() % 3);
  site.Hq = site.Hkv * uint32_t(1 + random() % 3);
  site.Lq = uint32_t(1 + random() % 40);
  site.Lk = uint32_t(1 + random() % 60);
  site.d = site.dv = 8;
  site.scale = 0.3;
  site.causal = random() % 2;
  site.hasBias = random() % 4 == 0;
  site.hasMask = site.hasBias || random() % 3 == 0;
  request.maskPerHead = site.hasMask && random() % 2;
  request.maskPerRow = site.hasMask && random() % 2;
  request.biasPerRow = site.hasBias && random() % 2;
  request.fetchUponMask = random() % 4 != 0;
  return request;
}

Config makeRandomMachine(std::mt19937_64 &random) {
  Config config;
  config.cores = 1 << random() % 4;
  config.cores_per_head = std::min<uint64_t>(config.cores, 1 << random() % 3);
  config.strip_rows = 1 + random() % 4;
  if (random() % 2)
    config.k_bytes = config.v_bytes = 64 << random() % 5;
  return config;
}

std::string toText(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text;
}

} // namespace

TEST(HDPAPasses, programsAreThoseOfTheLibrary) {
  mlir::MLIRContext context;
  context.loadDialect<hdpa::HDPADialect>();
  mlir::PassManager passes(&context);
  mlir::OpPassManager &program = passes.nest<hdpa::ProgramOp>();
  program.addPass(createHDPADoubleBuffer());
  program.addPass(createHDPAAllocateScratchpad());

  std::mt19937_64 random(11);
  int compared = 0;
  for (int trial = 0; trial < 80; ++trial) {
    AttentionRequest request = makeRandomRequest(random);
    Config config = makeRandomMachine(random);
    llvm::Expected<NamedProgram> named = buildNamedAttention(request, config);
    if (!named) { // it does not fit
      llvm::consumeError(named.takeError());
      continue;
    }
    ++compared;
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    hdpa::ProgramOp op =
        hdpa::createProgram(builder, module->getLoc(), "attention", *named,
                            hdpa::MachineAttr::get(&context, config));
    ASSERT_TRUE(llvm::succeeded(mlir::verify(*module))) << "trial " << trial;
    mlir::FailureOr<NamedProgram> back = op.toNamedProgram();
    ASSERT_TRUE(llvm::succeeded(back));
    EXPECT_TRUE(*back == *named) << "trial " << trial;
    std::string text = toText(*module);
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    ASSERT_TRUE(parsed) << "trial " << trial;
    EXPECT_EQ(toText(*parsed), text) << "trial " << trial;

    ASSERT_TRUE(llvm::succeeded(passes.run(*parsed))) << "trial " << trial;
    auto addressed = *parsed->getOps<hdpa::ProgramOp>().begin();
    mlir::FailureOr<Program> found = addressed.toProgram();
    ASSERT_TRUE(llvm::succeeded(found));
    llvm::Expected<Program> expected = buildAttention(request, config);
    ASSERT_TRUE(bool(expected)) << llvm::toString(expected.takeError());
    EXPECT_TRUE(*found == *expected) << "trial " << trial;
    if (HasFailure())
      return;
  }
  EXPECT_GT(compared, 50);
}
