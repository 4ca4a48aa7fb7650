//===- ConfigTest.cpp - machines from YAML --------------------------------===//
//
// Presets load, what is printed reads back, and every kind of bad file gives
// one error with file, line and caret.
//
//===----------------------------------------------------------------------===//

#include "hdp/Machine/Config.h"
#include "hdp/Machine/Program.h"
#include <gtest/gtest.h>

using namespace hdp::machine;

namespace {

std::string errorOf(llvm::StringRef text) {
  llvm::Expected<Config> config = parseConfig(text, "m.yaml");
  return config ? "" : llvm::toString(config.takeError());
}

Config loadPreset(const char *name) {
  auto config = loadConfig(std::string(HDP_MACHINES_DIR "/") + name);
  if (!config) {
    ADD_FAILURE() << llvm::toString(config.takeError());
    return Config();
  }
  return *config;
}

} // namespace

TEST(Config, presetsAreTheEdgeAndServerMachines) {
  Config edge = loadPreset("hdp-edge.yaml"),
         server = loadPreset("hdp-server.yaml");
  EXPECT_EQ(edge.macs(), 128u);
  EXPECT_EQ(server.macs(), 1024u);
  EXPECT_EQ(edge.name, "hdp-edge");
  EXPECT_EQ(server.name, "hdp-server");
  Config initial;
  for (size_t i = 0; i < getParams().size(); ++i)
    EXPECT_EQ(edge.get(i), initial.get(i)) << getParams()[i].name.str();
}

TEST(Config, presetsHaveNames) {
  for (const char *name : {"hdp-edge", "hdp-server"}) {
    llvm::Expected<Config> named = loadConfig(name);
    ASSERT_TRUE(bool(named)) << llvm::toString(named.takeError());
    Config file = loadPreset((std::string(name) + ".yaml").c_str());
    EXPECT_EQ(named->name, name);
    EXPECT_EQ(named->energy_table, file.energy_table);
    for (size_t i = 0; i < getParams().size(); ++i)
      EXPECT_EQ(named->get(i), file.get(i)) << getParams()[i].name.str();
  }
}

TEST(Config, whatIsPrintedReadsBack) {
  Config config;
  for (size_t i = 0; i < getParams().size(); ++i)
    config.get(i) = getParams()[i].lowest;
  config.name = "smallest";
  config.dram_refresh_interval_cycles = 1;
  std::string text;
  llvm::raw_string_ostream os(text);
  printConfig(os, config);
  llvm::Expected<Config> read = parseConfig(text, "m.yaml");
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->name, "smallest");
  for (size_t i = 0; i < getParams().size(); ++i)
    EXPECT_EQ(read->get(i), config.get(i)) << getParams()[i].name.str();
}

TEST(Config, everyDefaultIsInItsRange) {
  for (const ParamInfo &param : getParams()) {
    EXPECT_GE(param.initial, param.lowest) << param.name.str();
    EXPECT_LE(param.initial, param.highest) << param.name.str();
    EXPECT_FALSE(param.sentence.empty());
  }
  EXPECT_FALSE(bool(checkConfig(Config())));
}

TEST(Config, onlyArchParametersChangeTheFingerprint) {
  Config initial;
  for (size_t i = 0; i < getParams().size(); ++i) {
    Config config;
    config.get(i) += 1;
    EXPECT_EQ(fingerprint(config) != fingerprint(initial),
              getParams()[i].kind == ParamClass::ARCH)
        << getParams()[i].name.str();
  }
}

TEST(Config, anUnknownKeyIsLocated) {
  EXPECT_EQ(errorOf("cores: 4\nkores: 2\n"),
            "m.yaml:2:1: error: unknown key 'kores'\nkores: 2\n^~~~~");
}

TEST(Config, aValueOutOfRangeIsLocated) {
  std::string error = errorOf("cores: 65\n");
  EXPECT_EQ(error.substr(0, error.find('\n')),
            "m.yaml:1:8: error: expected cores from 1 to 64, found 65");
  EXPECT_NE(error.find('^'), std::string::npos);
}

TEST(Config, aValueThatIsNoNumberIsLocated) {
  std::string error = errorOf("cores: 4\nq_bytes: lots\n");
  EXPECT_EQ(error.substr(0, error.find('\n')),
            "m.yaml:2:10: error: expected q_bytes as a whole number from 64 to "
            "16777216, found 'lots'");
}

TEST(Config, contradictionsAreLocated) {
  std::string error = errorOf("cores: 4\ncores_per_head: 3\n");
  EXPECT_EQ(error, "m.yaml:2:17: error: expected cores_per_head that divides "
                   "cores = 4, found 3\ncores_per_head: 3\n                ^");
  error = errorOf("dram_refresh_cycles: 4000");
  EXPECT_NE(error.find("m.yaml:1:22: error: expected dram_refresh_cycles below "
                       "dram_refresh_interval_cycles = 3900, found 4000"),
            std::string::npos)
      << error;
  error = errorOf("dram_piece_bytes: 2049");
  EXPECT_NE(error.find("multiple of dram_burst_bytes = 64, found 2049"),
            std::string::npos);
  error = errorOf("dram_row_bytes: 2049");
  EXPECT_NE(error.find("multiple of dram_burst_bytes = 64, found 2049"),
            std::string::npos);
}

TEST(Config, aDefaultThatContradictsIsSaid) {
  EXPECT_EQ(
      errorOf("name: a\ncores: 2\n"),
      "m.yaml:2:8: error: expected cores_per_head that divides cores = 2, "
      "found 4 (its default)\ncores: 2\n       ^");
  std::string error = errorOf("{cores: 4, cores_per_head: 3}");
  EXPECT_EQ(error.find("default"), std::string::npos) << error;
}

TEST(Config, theReadersOwnErrorsAreInOurWords) {
  EXPECT_EQ(
      errorOf("cores: [4]\n"),
      "m.yaml:1:9: error: expected a single value\ncores: [4]\n        ^");
  // LLVM starts its own with a capital and may end them with a period.
  EXPECT_EQ(errorOf("@\n"),
            "m.yaml:1:1: error: unrecognized character while tokenizing\n@\n^");
  EXPECT_EQ(errorOf("cores: 4\n---\ncores: 8\n"),
            "m.yaml: expected one document, found another");
}

TEST(Config, theSameChecksWithoutYaml) {
  Config config;
  config.cores = 65;
  EXPECT_EQ(llvm::toString(checkConfig(config)),
            "expected cores from 1 to 64, found 65");
  config.cores = 6;
  EXPECT_EQ(llvm::toString(checkConfig(config)),
            "expected cores_per_head that divides cores = 6, found 4");
}

TEST(Config, aFileWithoutADocumentIsNoMachine) {
  for (const char *text : {"", "\n\n", "# cores: 4\n", "---\n"})
    EXPECT_EQ(errorOf(text), "m.yaml: expected a machine, found nothing")
        << text;
  EXPECT_EQ(errorOf("\xff\xfe"), "m.yaml: expected a machine, found nothing");
}

TEST(Config, textThatIsNoMappingAndAFileThatIsAbsent) {
  EXPECT_NE(errorOf("- 1\n- 2\n").find("m.yaml:1:"), std::string::npos);
  EXPECT_NE(errorOf("cores: [1").find("m.yaml:"), std::string::npos);
  llvm::Expected<Config> config = loadConfig("/nowhere/m.yaml");
  ASSERT_FALSE(bool(config));
  EXPECT_EQ(llvm::toString(config.takeError()),
            "/nowhere/m.yaml: no such file or directory");
}
