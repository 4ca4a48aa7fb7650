//===- HDPATest.cpp - the dialect follows the command table ---------------===//
//
// Every command has an op with the same fields; programs of random attentions
// survive MLIR and its text byte for byte; hostile streams give an error or a
// module that writes back to the same bytes.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "RandomProgram.h"
#include "hdp/Machine/Access.h"
#include "hdp/Machine/ProgramBuilder.h"
#include "hdp/Target/CommandStream.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include <gtest/gtest.h>
#include <set>

using namespace hdp;
using namespace hdp::machine;

namespace {

class HDPA : public ::testing::Test {
protected:
  HDPA() {
    context.loadDialect<hdpa::HDPADialect>();
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &d) {
      errors.push_back(d.str());
      return mlir::success();
    });
  }

  mlir::OwningOpRef<mlir::ModuleOp> import(llvm::StringRef bytes) {
    return importCommandStream(bytes, "s", &context);
  }
  std::string write(mlir::Operation *op) {
    std::string bytes;
    llvm::raw_string_ostream os(bytes);
    return llvm::succeeded(exportCommandStream(op, os)) ? bytes : "failed";
  }

  mlir::MLIRContext context;
  std::vector<std::string> errors;
};

std::string toBytes(const Program &program) {
  llvm::SmallVector<char, 0> bytes = writeStream(program);
  return std::string(bytes.begin(), bytes.end());
}

/// A machine and an attention that may or may not fit it.
struct RandomCase {
  explicit RandomCase(uint64_t seed) : random(seed) {
    config.cores = 1 + pick(4);
    config.cores_per_head = 1;
    config.strip_rows = 1 + pick(4);
    config.k_bytes = 4096u << pick(5);
    Site &site = request.site;
    if (pick(2) == 0)
      site.policy = numerics::paperPolicy();
    site.policy.threshold = double(pick(256)) / 256 - 0.25;
    site.policy.blockRows = 1 + pick(2);
    site.policy.tau = pick(2) == 0 ? 0.5 : 0.0;
    site.Hkv = 1 + pick(2);
    site.Hq = site.Hkv * (1 + pick(3));
    site.Lq = 1 + pick(70);
    site.Lk = 1 + pick(70);
    site.d = 4 * (1 + pick(16));
    site.dv = 1 + pick(40);
    site.scale = 1.0 / (1 + pick(9)); // no short decimal
    site.causal = pick(2) == 0;
    site.hasMask = pick(2) == 0;
    site.dense = pick(4) == 0;
    site.hasBias = !site.dense && pick(4) == 0;
    request.maskPerRow = pick(2) == 0;
    request.fetchUponMask = pick(2) == 0;
  }
  uint32_t pick(uint32_t n) { return uint32_t(random() % n); }

  std::mt19937_64 random;
  Config config;
  AttentionRequest request;
};

} // namespace

TEST_F(HDPA, everyCommandHasAnOpWithItsFields) {
  mlir::OpBuilder builder(&context);
  std::mt19937_64 random(1);
  for (const Command &command : test::makeRandomCommands(random)) {
    std::set<std::string> expected, found;
    std::visit(
        [&](const auto &alternative) {
          visitFields(alternative,
                      [&](const char *name, auto) { expected.insert(name); });
        },
        command);
    std::string name = ("hdpa." + getInfo(command).mnemonic).str();
    auto info = mlir::RegisteredOperationName::lookup(name, &context);
    ASSERT_TRUE(info.has_value()) << "no op " << name;
    for (mlir::StringAttr attribute : info->getAttributeNames())
      found.insert(attribute.str());
    EXPECT_EQ(expected, found) << name;

    // The fields have their widths, and come back as they were.
    mlir::Operation *op =
        hdpa::createCommand(builder, builder.getUnknownLoc(), command);
    EXPECT_TRUE(llvm::succeeded(op->getName().verifyInvariants(op)) ||
                errors.back().find("parent op") != std::string::npos)
        << errors.back();
    auto toAddress = [](mlir::Attribute attribute) {
      return uint32_t(
          llvm::cast<mlir::IntegerAttr>(attribute).getValue().getZExtValue());
    };
    EXPECT_TRUE(llvm::cast<hdpa::CommandOpInterface>(op).toCommand(toAddress) ==
                command)
        << name;
    op->destroy();
  }
}

TEST_F(HDPA, noOpOfAProgramButDeclarationsIsWithoutCommand) {
  size_t count = 0;
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations())
    count += name.getDialectNamespace() == "hdpa";
  EXPECT_EQ(count, std::variant_size_v<Command> + 5)
      << "program, site, symbol, buffer and launch are no commands";
}

TEST_F(HDPA, programsSurviveMLIRAndItsText) {
  unsigned built = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    RandomCase random(seed);
    llvm::Expected<Program> program =
        buildAttention(random.request, random.config);
    if (!program) { // it does not fit
      llvm::consumeError(program.takeError());
      continue;
    }
    ++built;
    std::string bytes = toBytes(*program);
    mlir::OwningOpRef<mlir::ModuleOp> module = import(bytes);
    ASSERT_TRUE(module) << "seed " << seed << ": " << errors.back();
    EXPECT_EQ(write(*module), bytes) << "seed " << seed;
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    ASSERT_TRUE(parsed) << "seed " << seed << ": " << errors.back();
    EXPECT_EQ(write(*parsed), bytes) << "seed " << seed;
    std::string again;
    llvm::raw_string_ostream(again) << *parsed;
    EXPECT_EQ(again, text) << "seed " << seed;
  }
  EXPECT_GT(built, 60u);
}

TEST_F(HDPA, changedProgramsAreAcceptedBackOrRefusedAtTheirByte) {
  std::mt19937_64 random(2);
  RandomCase base(3);
  llvm::Expected<Program> program = buildAttention(base.request, base.config);
  ASSERT_TRUE(bool(program)) << llvm::toString(program.takeError());
  std::string good = toBytes(*program);
  unsigned refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = good;
    for (uint64_t n = 1 + random() % 3; n > 0; --n) {
      size_t at = 32 + random() % (bytes.size() - 32);
      if (random() % 8 == 0)
        bytes.erase(at, random() % 9);
      else
        bytes[at] = char(bytes[at] ^ (1 << random() % 8));
    }
    llvm::support::endian::write32le(bytes.data() + 24, uint32_t(bytes.size()));
    llvm::support::endian::write32le(
        bytes.data() + 28, llvm::crc32(llvm::arrayRefFromStringRef(
                               llvm::StringRef(bytes).drop_front(32))));
    errors.clear();
    mlir::OwningOpRef<mlir::ModuleOp> module = import(bytes);
    if (module) {
      EXPECT_TRUE(llvm::succeeded(mlir::verify(*module))) << errors.back();
      EXPECT_EQ(write(*module), bytes);
      std::string text;
      llvm::raw_string_ostream(text) << *module;
      auto parsed = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
      ASSERT_TRUE(parsed) << errors.back();
      EXPECT_EQ(write(*parsed), bytes);
    } else {
      ++refused;
      ASSERT_EQ(errors.size(), 1u);
      EXPECT_EQ(errors[0].rfind("byte ", 0), 0u) << errors[0];
    }
  }
  EXPECT_GT(refused, 500u);
  EXPECT_LT(refused, 2000u);
}

TEST_F(HDPA, errorsNameTheirByte) {
  EXPECT_FALSE(import(""));
  EXPECT_EQ(errors.back(), "byte 0: expected 4 bytes of magic, found 0");

  Program program;
  program.arch = {{"cores", 4}};
  EXPECT_FALSE(import(toBytes(program)));
  EXPECT_EQ(errors.back(), "byte 161: expected machine parameter "
                           "cores_per_head, found none");

  program.arch = getArch(Config());
  program.arch[1].name = "cores_in_a_head";
  EXPECT_FALSE(import(toBytes(program)));
  EXPECT_NE(errors.back().find("expected machine parameter cores_per_head, "
                               "found cores_in_a_head"),
            std::string::npos)
      << errors.back();

  program.arch = getArch(Config());
  program.arch[0].value = 99;
  EXPECT_FALSE(import(toBytes(program)));
  EXPECT_NE(errors.back().find("cores"), std::string::npos);

  program.arch = getArch(Config());
  StoreCommand store;
  program.symbols = {{"o", Symbol::Output, 16, 12, 64, 0}};
  store.rows = 4;
  program.commands = {store, store};
  EXPECT_TRUE(import(toBytes(program)));
  store.core = 4;
  program.commands = {StoreCommand(store), store};
  std::get<StoreCommand>(program.commands[0]).core = 0;
  std::string bytes = toBytes(program);
  EXPECT_FALSE(import(bytes));
  EXPECT_EQ(errors.back(), "byte " + std::to_string(bytes.size() - 23) +
                               ": store: expected a core up to 3, found 4");
}

TEST_F(HDPA, exportStopsAtTheFirstOpWithoutEncoding) {
  context.allowUnregisteredDialects();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      "hdpa.program @p machine = #hdpa.machine<> {\n}\n", &context);
  ASSERT_TRUE(module);
  auto program = *module->getOps<hdpa::ProgramOp>().begin();
  mlir::OpBuilder builder =
      mlir::OpBuilder::atBlockEnd(&program.getBody().front());
  mlir::OperationState state(builder.getUnknownLoc(), "other.op");
  builder.create(state);
  EXPECT_EQ(write(*module), "failed");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0],
            "expected a site, a symbol, a buffer or a command in a program, "
            "found 'other.op', which has no encoding");
}
