//===- GoldenTest.cpp - both formulations against golden vectors ----------===//
//
// Every file of $HDP_DATA_DIR/golden: each tensor that it holds, on bits.
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "llvm/Support/Path.h"
#include <gtest/gtest.h>

using namespace hdp;
using namespace hdp::test;

TEST(Golden, everyTensorOfEveryFileInBothFormulations) {
  std::vector<std::string> files = findGoldenFiles(HDP_DEFAULT_DATA_DIR);
  if (files.empty())
    GTEST_SKIP() << "left out: no golden vectors (set HDP_DATA_DIR)";
  for (const std::string &path : files) {
    SCOPED_TRACE(path);
    llvm::Expected<TensorFile> file = TensorFile::open(path);
    if (!file) {
      ADD_FAILURE() << llvm::toString(file.takeError());
      continue;
    }
    AttentionCall call = readCall(*file);
    AttentionResult expected = readExpected(*file);
    AttentionResult plain = runPlainAttention(call);
    AttentionResult rules = runRuleAttention(call);
    EXPECT_EQ(firstDifference(expected, plain), std::nullopt);
    EXPECT_EQ(firstDifference(expected, rules), std::nullopt);
    // And nothing more than the file holds.
    EXPECT_EQ(plain.size(), expected.size());
    EXPECT_EQ(rules.size(), expected.size());
    std::printf("%s: %zu tensors\n",
                llvm::sys::path::filename(path).str().c_str(), expected.size());
  }
}
