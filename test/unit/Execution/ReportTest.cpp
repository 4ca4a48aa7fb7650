//===- ReportTest.cpp - printers on reports made by hand ------------------===//

#include "hdp/Execution/Report.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace hdp;

/// Two layers with a policy, one exact; two engines that differ in one.
static RunReport makeReport() {
  RunReport report;
  report.model = "m.mlir";
  report.function = "main";
  report.engines = {"reference", "cpu"};
  report.correct = 3;
  report.total = 4;
  report.seconds = 1.25;
  report.compileSeconds = 0.5;
  LayerReport first;
  first.location = "m.mlir:7:5";
  first.policy = "compensated";
  first.fullBlocks = 90;
  first.prunedBlocks = 60;
  first.heads = 3;
  first.gatedHeads = 1;
  first.saturated = 7;
  first.nan = 2;
  first.equal = true;
  first.maxError = 0.125;
  LayerReport second = first;
  second.fullBlocks = 10;
  second.prunedBlocks = 0;
  second.heads = 1;
  second.gatedHeads = 0;
  second.equal = false;
  second.difference = "S at [0]: 1 and 2";
  second.maxError = INFINITY;
  LayerReport exact;
  exact.location = "m.mlir:9:5";
  report.layers = {first, second, exact};
  return report;
}

TEST(Report, FractionsAreOverAllLayers) {
  RunReport report = makeReport();
  EXPECT_DOUBLE_EQ(*report.getPrunedFraction(), 0.6);
  EXPECT_DOUBLE_EQ(*report.getGatedFraction(), 0.25);
  EXPECT_EQ(report.getEnginesEqual(), false);
  report.layers[1].equal = true;
  EXPECT_EQ(report.getEnginesEqual(), true);
  report.engines.pop_back();
  EXPECT_EQ(report.getEnginesEqual(), std::nullopt);
  report.layers = {report.layers[2]};
  EXPECT_EQ(report.getPrunedFraction(), std::nullopt);
  EXPECT_EQ(report.getGatedFraction(), std::nullopt);
}

TEST(Report, JsonKeys) {
  llvm::json::Value value = toJson(makeReport());
  const llvm::json::Object &object = *value.getAsObject();
  EXPECT_EQ(object.getInteger("correct"), 3);
  EXPECT_EQ(object.getInteger("total"), 4);
  EXPECT_EQ(object.getNumber("pruned_fraction"), 0.6);
  EXPECT_EQ(object.getNumber("gated_fraction"), 0.25);
  EXPECT_EQ(object.getNumber("seconds"), 1.25);
  EXPECT_EQ(object.getNumber("compile_seconds"), 0.5);
  EXPECT_EQ(object.getBoolean("engines_equal"), false);
  EXPECT_TRUE(object.getNull("unraised"));
  const llvm::json::Array &layers = *object.getArray("layers");
  const llvm::json::Object &first = *layers[0].getAsObject();
  EXPECT_EQ(first.getString("location"), "m.mlir:7:5");
  EXPECT_EQ(first.getString("policy"), "compensated");
  EXPECT_NEAR(*first.getNumber("pruned_fraction"), 2.0 / 3, 1e-12);
  EXPECT_EQ(first.getInteger("saturated"), 7);
  EXPECT_EQ(first.getInteger("nan"), 2);
  EXPECT_EQ(first.getBoolean("equal"), true);
  EXPECT_EQ(first.getNumber("max_error"), 0.125);
  EXPECT_EQ(layers[1].getAsObject()->getString("max_error"), "inf");
  const llvm::json::Object &exact = *layers[2].getAsObject();
  for (const char *key : {"policy", "pruned_fraction", "gated_fraction",
                          "saturated", "nan", "equal", "max_error"})
    EXPECT_TRUE(exact.getNull(key)) << key;
  // What is printed is JSON.
  std::string text;
  llvm::raw_string_ostream(text) << value;
  EXPECT_TRUE(static_cast<bool>(llvm::json::parse(text)));
}

TEST(Report, NothingWithoutPolicyOrLabels) {
  RunReport report;
  llvm::json::Value value = toJson(report);
  for (const char *key :
       {"correct", "pruned_fraction", "gated_fraction", "engines_equal"})
    EXPECT_TRUE(value.getAsObject()->getNull(key)) << key;
}

TEST(Report, Text) {
  RunReport report = makeReport();
  report.unraised = UnraisedReport{0.5, 2, 1};
  std::string text;
  llvm::raw_string_ostream os(text);
  printReport(os, report);
  EXPECT_EQ(
      text,
      "model      m.mlir, function 'main'\n"
      "policy     not the same in all layers\n"
      "engines    reference, cpu: NOT equal\n"
      "correct    3 of 4, 75.00 %\n"
      "pruned     60.0 % of full blocks, 25.0 % of heads gated\n"
      "unraised   largest error 0.5, 1 predictions differ, 2 correct there\n"
      "seconds    1.25 in calls, 0.50 to compile, threads: 1\n"
      "  layer  pruned   gated    saturated  nan    equal  max error  "
      "location\n"
      "  0      66.7 %   33.3 %   7          2      yes    0.125      "
      "m.mlir:7:5\n"
      "  1      0.0 %    0.0 %    7          2      no     inf        "
      "m.mlir:7:5\n"
      "         differs: S at [0]: 1 and 2\n"
      "  2      -        -        -          -      -      -          "
      "m.mlir:9:5\n");
}
