//===- SafetensorsTest.cpp - reading, writing, one test per refusal -------===//

#include "TestTensors.h"
#include "llvm/Support/Endian.h"

using namespace hdp;
using namespace hdp::test;

/// A file of this header and data.
static std::string makeFile(llvm::StringRef header, llvm::StringRef data) {
  char length[8];
  llvm::support::endian::write64le(length, header.size());
  return (llvm::StringRef(length, 8) + header + data).str();
}

/// The refusal of such a file.
static std::string refuse(llvm::StringRef header, llvm::StringRef data) {
  return getMessage(TensorFile::readSafetensors(
      copyBuffer(makeFile(header, data), "f.safetensors")));
}

TEST(Safetensors, WrittenFileReadsBack) {
  ScratchDirectory scratch;
  std::string path = scratch.file("a.safetensors");
  NamedTensor tensors[] = {
      {"floats", makeTensor<float>(ElementType::F32, {2, 3},
                                   {1, -2, 3.5, 0, -0.0f, 1e30f})},
      {"none", HostTensor(ElementType::F16, {3, 0})},
      {"scalar", makeTensor<int64_t>(ElementType::I64, {}, {-7})},
      {"flags", makeTensor<uint8_t>(ElementType::I1, {3}, {1, 0, 1})},
      {"b", makeTensor<uint16_t>(ElementType::BF16, {1}, {0x3f80})}};
  ASSERT_EQ(llvm::toString(writeSafetensors(path, tensors, {{"k", "v"}})), "");
  llvm::Expected<TensorFile> file = TensorFile::open(path);
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(file->getEntries().size(), 5u);
  EXPECT_EQ(file->getMetadata().at("k"), "v");
  for (const NamedTensor &named : tensors) {
    llvm::Expected<HostTensor> loaded = file->load(named.name);
    ASSERT_TRUE(static_cast<bool>(loaded)) << named.name;
    EXPECT_TRUE(areEqual(*loaded, named.tensor)) << named.name;
  }
}

TEST(Safetensors, AbsentTensor) {
  auto file = TensorFile::readSafetensors(
      copyBuffer(makeFile("{}", ""), "f.safetensors"));
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(getMessage(file->load("x")), "f.safetensors: no tensor 'x'");
}

TEST(Safetensors, FileIsTooShortForItsLength) {
  EXPECT_EQ(getMessage(TensorFile::readSafetensors(
                copyBuffer("abc", "f.safetensors"))),
            "f.safetensors: not a safetensors file, it has 3 bytes");
}

TEST(Safetensors, HeaderIsLongerThanTheFile) {
  std::string bytes(8, '\xff');
  EXPECT_EQ(getMessage(TensorFile::readSafetensors(
                copyBuffer(bytes + "{}", "f.safetensors"))),
            "f.safetensors: the header takes 18446744073709551615 bytes, the "
            "file has 2 after its length");
}

TEST(Safetensors, TruncatedData) {
  EXPECT_EQ(refuse(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                   "1234"),
            "f.safetensors: tensor 'x' ends at byte 70, the file has 66");
}

TEST(Safetensors, BytesDoNotMatchTheShape) {
  EXPECT_EQ(refuse(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})",
                   "1234"),
            "f.safetensors: tensor 'x' takes 4 bytes, its dtype and shape "
            "need 8");
}

TEST(Safetensors, ShapeOverflows) {
  EXPECT_EQ(refuse(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296,0],)"
                   R"("data_offsets":[0,0]}})",
                   ""),
            "f.safetensors: tensor 'x' has a shape whose size in bytes does "
            "not fit 63 bits");
}

TEST(Safetensors, NegativeSize) {
  EXPECT_EQ(
      refuse(R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})", ""),
      "f.safetensors: tensor 'x' has a size that is not a non-negative "
      "integer");
}

TEST(Safetensors, OffsetsOutOfOrder) {
  EXPECT_EQ(
      refuse(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", "1"),
      "f.safetensors: tensor 'x' has data_offsets that are not 0 <= "
      "begin <= end");
}

TEST(Safetensors, FieldMissing) {
  EXPECT_EQ(refuse(R"({"x":{"dtype":"U8","shape":[1]}})", "1"),
            "f.safetensors: tensor 'x' must have dtype, shape and "
            "data_offsets [begin, end]");
  EXPECT_EQ(refuse(R"({"x":3})", ""),
            "f.safetensors: tensor 'x' must have dtype, shape and "
            "data_offsets [begin, end]");
}

TEST(Safetensors, OverlapAndHole) {
  EXPECT_EQ(refuse(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                   R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                   "123"),
            "f.safetensors: tensor 'b' starts at byte 114, expected 115");
  EXPECT_EQ(
      refuse(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "12"),
      "f.safetensors: tensor 'a' starts at byte 62, expected 61");
}

TEST(Safetensors, BytesLeftOver) {
  EXPECT_EQ(
      refuse(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "123"),
      "f.safetensors: the tensors end at byte 62, the file has 64");
}

TEST(Safetensors, HeaderIsNotAnObject) {
  EXPECT_EQ(refuse("[]", ""), "f.safetensors: the header is not a json object");
}

TEST(Safetensors, HeaderIsNotJson) {
  std::string message = refuse("{\"x\"", "");
  EXPECT_EQ(message.find("f.safetensors: invalid json: "), 0u) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Safetensors, DeepNestingIsRefusedBeforeParsing) {
  EXPECT_EQ(refuse(std::string(1000000, '['), ""),
            "f.safetensors: json nests deeper than 64 levels");
}

TEST(Safetensors, UnknownDtypeIsAnErrorOnlyWhenLoaded) {
  auto file = TensorFile::readSafetensors(copyBuffer(
      makeFile(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})",
               "1"),
      "f.safetensors"));
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(getMessage(file->load("a")),
            "f.safetensors: tensor 'a' has the unsupported dtype 'F8_E4M3'");
}

TEST(Safetensors, WriterRefusesTwoTensorsOfOneName) {
  ScratchDirectory scratch;
  std::string path = scratch.file("a.safetensors");
  NamedTensor tensors[] = {{"x", HostTensor(ElementType::U8, {1})},
                           {"x", HostTensor(ElementType::U8, {1})}};
  EXPECT_EQ(llvm::toString(writeSafetensors(path, tensors)),
            path + ": tensor 'x' occurs twice");
  EXPECT_FALSE(llvm::sys::fs::exists(path));
}
