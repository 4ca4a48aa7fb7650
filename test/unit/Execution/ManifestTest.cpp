//===- ManifestTest.cpp - one test per refusal, batches, conversions ------===//

#include "hdp/Execution/Manifest.h"
#include "Support/TestTensors.h"
#include <cmath>

using namespace hdp;
using namespace hdp::test;

/// A manifest that is right; tests replace parts of it.
static const char kText[] = R"({
  "function": "main",
  "inputs": [{"index": 0, "name": "x", "type": "f32", "shape": [2, 3]}],
  "weights": {"file": "w.safetensors", "arguments": [
    {"index": 1, "name": "w", "type": "f32", "shape": [3, 4]},
    {"index": 2, "name": "n", "type": "i64", "shape": [2]}]},
  "results": [{"index": 0, "name": "logits", "type": "f32", "shape": [2, 4]}],
  "dataset": {"file": "d.npz", "inputs": {"x": "samples"}, "labels": "label"}
})";

static std::string replaced(llvm::StringRef from, llvm::StringRef to) {
  std::string text = kText;
  size_t at = text.find(from.str());
  EXPECT_NE(at, std::string::npos) << from.str();
  return text.replace(at, from.size(), to.str());
}

static std::string refuse(llvm::StringRef from, llvm::StringRef to) {
  return getMessage(Manifest::parse(replaced(from, to), "m.json"));
}

static ValueType makeType(ElementType type, llvm::ArrayRef<int64_t> shape) {
  return ValueType{type, llvm::SmallVector<int64_t, 4>(shape)};
}

/// The function that the manifest is for; the batch is dynamic.
static const ValueType kArguments[] = {makeType(ElementType::F32, {-1, 3}),
                                       makeType(ElementType::F32, {3, 4}),
                                       makeType(ElementType::I64, {2})};
static const ValueType kResults[] = {makeType(ElementType::F32, {-1, 4})};

static std::string check(llvm::StringRef from, llvm::StringRef to) {
  auto manifest = Manifest::parse(replaced(from, to), "m.json");
  EXPECT_TRUE(static_cast<bool>(manifest));
  return llvm::toString(manifest->check(kArguments, kResults));
}

TEST(Manifest, RightOnePasses) {
  EXPECT_EQ(check("main", "main"), "");
  auto manifest = Manifest::parse(kText, "folder/m.json");
  ASSERT_TRUE(static_cast<bool>(manifest));
  EXPECT_EQ(manifest->getFunction(), "main");
  EXPECT_EQ(manifest->getWeights()[1].name, "n");
  EXPECT_EQ(getMessage(manifest->loadWeights()),
            "folder/m.json: weights.file: folder/w.safetensors: no such file "
            "or directory");
}

TEST(Manifest, TextIsNotWhatItShouldBe) {
  EXPECT_EQ(getMessage(Manifest::load("absent.json")),
            "absent.json: no such file or directory");
  EXPECT_EQ(getMessage(Manifest::parse("[]", "m.json")),
            "m.json: expected a json object");
  EXPECT_EQ(getMessage(Manifest::parse("{", "m.json")).find("m.json: invalid"),
            0u);
  EXPECT_EQ(refuse("\"main\"", "3"), "m.json: function: expected a string");
  EXPECT_EQ(refuse("\"inputs\": [", "\"other\": ["),
            "m.json: inputs: expected an array");
  EXPECT_EQ(refuse("\"results\": [", "\"other\": ["),
            "m.json: results: expected an array");
  EXPECT_EQ(refuse("\"name\": \"w\"", "\"name\": 3"),
            "m.json: weights.arguments[0].name: expected a string");
  EXPECT_EQ(refuse("\"index\": 1", "\"index\": -1"),
            "m.json: weights.arguments[0] 'w': index: expected an integer "
            "from 0");
  EXPECT_EQ(refuse("\"type\": \"i64\"", "\"type\": \"float\""),
            "m.json: weights.arguments[1] 'n': type: 'float', expected i1, "
            "i8, i16, i32, i64, f16, bf16, f32 or f64");
  EXPECT_EQ(refuse("\"type\": \"i64\"", "\"kind\": \"i64\""),
            "m.json: weights.arguments[1] 'n': type: expected a string");
  EXPECT_EQ(refuse("[3, 4]", "3"),
            "m.json: weights.arguments[0] 'w': shape: expected an array");
  EXPECT_EQ(refuse("[3, 4]", "[3, 0]"),
            "m.json: weights.arguments[0] 'w': shape: expected sizes of at "
            "least 1");
  EXPECT_EQ(refuse("[3, 4]", "[4294967296, 4294967296]"),
            "m.json: weights.arguments[0] 'w': shape: [4294967296, "
            "4294967296] does not fit 63 bits");
  EXPECT_EQ(refuse("[{\"index\": 0, \"name\": \"x\"", "[7, {\"x\": 0"),
            "m.json: inputs[0]: expected an object");
  EXPECT_EQ(refuse("\"w.safetensors\"", "7"),
            "m.json: weights.file: expected a string");
  EXPECT_EQ(refuse("\"d.npz\"", "7"),
            "m.json: dataset.file: expected a string");
  EXPECT_EQ(refuse("\"label\"", "7"),
            "m.json: dataset.labels: expected a string");
  EXPECT_EQ(refuse("\"samples\"", "7"),
            "m.json: dataset.inputs.x: expected a string");
  EXPECT_EQ(refuse("{\"x\": \"samples\"}", "7"),
            "m.json: dataset.inputs: expected an object");
  EXPECT_EQ(refuse("{\"x\": \"samples\"}", "{}"),
            "m.json: inputs[0] 'x': dataset.inputs has no tensor for it");
  EXPECT_EQ(refuse("{\"x\":", "{\"y\": \"z\", \"x\":"),
            "m.json: dataset.inputs: 'y' is not the name of an input");
}

TEST(Manifest, EveryArgumentAndResultOnce) {
  EXPECT_EQ(check("\"index\": 2", "\"index\": 1"),
            "m.json: weights.arguments[1] 'n': index 1 is taken by "
            "weights.arguments[0] 'w'");
  EXPECT_EQ(check("\"index\": 2", "\"index\": 3"),
            "m.json: weights.arguments[1] 'n': index 3, the function has 3 "
            "arguments");
  EXPECT_EQ(check(R"(,
    {"index": 2, "name": "n", "type": "i64", "shape": [2]})",
                  ""),
            "m.json: inputs and weights.arguments: no entry for argument 2 of "
            "'main', a tensor<2xi64>");
  EXPECT_EQ(check(R"({"index": 0, "name": "logits", "type": "f32", )"
                  R"("shape": [2, 4]})",
                  ""),
            "m.json: results: no entry for result 0 of 'main', a "
            "tensor<?x4xf32>");
}

TEST(Manifest, TypeAndShapeOfTheFunction) {
  EXPECT_EQ(check("\"i64\"", "\"i32\""),
            "m.json: weights.arguments[1] 'n': expected tensor<2xi64>, found "
            "tensor<2xi32>");
  EXPECT_EQ(check("[2, 3]", "[2, 5]"),
            "m.json: inputs[0] 'x': expected tensor<?x3xf32>, found "
            "tensor<2x5xf32>");
  EXPECT_EQ(check("[2, 4]", "[4]"),
            "m.json: results[0] 'logits': expected tensor<?x4xf32>, found "
            "tensor<4xf32>");
}

namespace {
/// Weights and a data set beside the manifest.
class ManifestFiles : public testing::Test {
protected:
  void SetUp() override {
    weights = {{"w", HostTensor(ElementType::F32, {3, 4})},
               {"n", makeTensor<int32_t>(ElementType::I32, {2}, {-1, 5})}};
    data = {
        {"samples", HostTensor(ElementType::F16, {5, 3})},
        {"label", makeTensor<int32_t>(ElementType::I32, {5}, {0, 1, 2, 3, 2})}};
    for (int i = 0; i < 15; ++i) // 1.0 + i / 1024
      data[0].tensor.as<uint16_t>()[i] = 0x3c00 + i;
  }

  std::string path() const { return scratch.file("m.json"); }

  Manifest write(llvm::StringRef text = kText) {
    EXPECT_EQ(
        llvm::toString(writeTensorFile(scratch.file("w.safetensors"), weights)),
        "");
    EXPECT_EQ(llvm::toString(writeTensorFile(scratch.file("d.npz"), data)), "");
    return llvm::cantFail(Manifest::parse(text, path()));
  }

  /// The message without the manifest's path in front; the folder is `DIR`.
  std::string strip(std::string message) const {
    for (size_t at;
         (at = message.find(scratch.directory())) != std::string::npos;)
      message.replace(at, scratch.directory().size(), "DIR");
    EXPECT_EQ(message.find("DIR/m.json: "), 0u) << message;
    return llvm::StringRef(message).drop_front(12).str();
  }

  ScratchDirectory scratch;
  std::vector<NamedTensor> weights, data;
};
} // namespace

TEST_F(ManifestFiles, WeightsAreConverted) {
  llvm::Expected<std::vector<HostTensor>> loaded = write().loadWeights();
  ASSERT_TRUE(static_cast<bool>(loaded));
  EXPECT_TRUE(areEqual((*loaded)[1],
                       makeTensor<int64_t>(ElementType::I64, {2}, {-1, 5})));
}

TEST_F(ManifestFiles, WeightThatIsNaN) {
  weights[0].tensor.as<float>()[6] = NAN;
  EXPECT_EQ(strip(getMessage(write().loadWeights())),
            "weights.arguments[0] 'w': element [1, 2] is nan in "
            "DIR/w.safetensors");
}

TEST_F(ManifestFiles, WeightThatIsAbsent) {
  weights[0].name = "other";
  EXPECT_EQ(strip(getMessage(write().loadWeights())),
            "weights.arguments[0] 'w': DIR/w.safetensors: no tensor 'w'");
}

TEST_F(ManifestFiles, WeightOfAnotherShape) {
  weights[0].tensor = HostTensor(ElementType::F32, {4, 3});
  EXPECT_EQ(strip(getMessage(write().loadWeights())),
            "weights.arguments[0] 'w': expected tensor<3x4xf32>, found "
            "tensor<4x3xf32> in DIR/w.safetensors");
}

TEST_F(ManifestFiles, WeightOfAnotherType) {
  weights[0].tensor = HostTensor(ElementType::F64, {3, 4});
  EXPECT_EQ(strip(getMessage(write().loadWeights())),
            "weights.arguments[0] 'w': DIR/w.safetensors: tensor 'w': cannot "
            "convert f64 to f32");
}

TEST_F(ManifestFiles, BatchesRepeatTheLastSample) {
  llvm::Expected<DataSet> set = write().loadDataSet();
  ASSERT_TRUE(static_cast<bool>(set));
  EXPECT_EQ(set->getNumSamples(), 5);
  EXPECT_EQ(set->getBatchSize(), 2);
  EXPECT_EQ(set->getLabels(3)[0], 3);
  auto at = [](int i) { return 1.0f + static_cast<float>(i) / 1024; };
  EXPECT_TRUE(areEqual(
      set->takeBatch(2, 5)[0],
      makeTensor<float>(ElementType::F32, {2, 3},
                        {at(6), at(7), at(8), at(9), at(10), at(11)})));
  for (auto [first, end] : {std::pair(4, 5), std::pair(2, 3)}) {
    std::vector<float> last;
    for (int i = 0; i < 6; ++i)
      last.push_back(at(3 * first + i % 3));
    EXPECT_TRUE(areEqual(set->takeBatch(first, end)[0],
                         makeTensor<float>(ElementType::F32, {2, 3}, last)));
  }
}

TEST_F(ManifestFiles, DataSetDoesNotFit) {
  std::vector<NamedTensor> good = data;
  EXPECT_EQ(
      strip(getMessage(write(replaced("\"samples\"", "\"y\"")).loadDataSet())),
      "dataset.inputs.x: DIR/d.npz: no tensor 'y'");
  EXPECT_EQ(
      strip(getMessage(write(replaced("[2, 3]", "[2, 2]")).loadDataSet())),
      "dataset.inputs.x: expected tensor<?x2xf32>, found "
      "tensor<5x3xf32> in DIR/d.npz");
  EXPECT_EQ(strip(getMessage(write(replaced("[2, 3]", "[]")).loadDataSet())),
            "dataset.inputs.x: the input is a scalar, a data set needs a "
            "dimension that counts samples");
  EXPECT_EQ(strip(getMessage(write(replaced("[2, 4]", "[4]")).loadDataSet())),
            "dataset.labels: labels need a result 0 of shape [2, .., classes]");
  data[1].tensor = HostTensor(ElementType::I32, {4});
  EXPECT_EQ(strip(getMessage(write().loadDataSet())),
            "dataset.labels: expected tensor<5xi64>, found tensor<4xi64> in "
            "DIR/d.npz");
  data[1].tensor = HostTensor(ElementType::F32, {5});
  EXPECT_EQ(strip(getMessage(write().loadDataSet())),
            "dataset.labels: DIR/d.npz: tensor 'label': cannot convert f32 "
            "to i64");
  data[0].tensor = HostTensor(ElementType::F16, {0, 3});
  EXPECT_EQ(strip(getMessage(write().loadDataSet())),
            "dataset.inputs.x: no samples in DIR/d.npz");
}

TEST_F(ManifestFiles, InputsDisagreeOnSamples) {
  std::string two = replaced(
      "[{\"index\": 0, \"name\": \"x\"",
      "[{\"index\": 9, \"name\": \"y\", \"type\": \"f32\", \"shape\": [2, 3]},"
      " {\"index\": 0, \"name\": \"x\"");
  size_t at = two.find("{\"x\":");
  two.replace(at, 1, "{\"y\": \"more\", ");
  data.push_back({"more", HostTensor(ElementType::F32, {6, 3})});
  EXPECT_EQ(strip(getMessage(write(two).loadDataSet())),
            "dataset.inputs.x: 5 samples, expected 6");
  data.back().tensor = HostTensor(ElementType::F32, {5, 3});
  two.replace(two.find("[2, 3]"), 6, "[1, 3]");
  EXPECT_EQ(strip(getMessage(write(two).loadDataSet())),
            "dataset.inputs.x: the input takes 2 samples at a time, expected "
            "1");
}

TEST_F(ManifestFiles, WithoutDataSet) {
  std::string text = kText;
  size_t at = text.find(",\n  \"dataset\"");
  Manifest manifest = write(text.substr(0, at) + "}");
  EXPECT_FALSE(manifest.hasDataSet());
  EXPECT_EQ(strip(getMessage(manifest.loadDataSet())), "no dataset");
}
